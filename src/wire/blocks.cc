#include "wire/blocks.h"

#include <algorithm>

#include "wire/json_read.h"

namespace pitot {
namespace {

// Items whose tool OpenAI runs, with the member that holds what came of it.
struct HostedRow {
  std::string_view type;
  std::string_view name;
  std::string_view arguments;
  std::string_view result;
};
constexpr HostedRow kHosted[] = {
    {"web_search_call", "web_search", "action", "status"},
    {"file_search_call", "file_search", "queries", "results"},
    {"code_interpreter_call", "code_interpreter", "code", "outputs"},
    {"image_generation_call", "image_generation", "", "status"},
    {"mcp_call", "", "arguments", "output"},
    {"mcp_list_tools", "mcp_list_tools", "server_label", "tools"},
};

// Items whose tool the client runs.
struct CallRow {
  std::string_view type;
  std::string_view name;  // Empty: the item names it.
  std::string_view arguments;
};
constexpr CallRow kCalls[] = {
    {"function_call", "", "arguments"},
    {"custom_tool_call", "", "input"},
    {"local_shell_call", "local_shell", "action"},
    {"shell_call", "shell", "action"},
    {"apply_patch_call", "apply_patch", "operation"},
    {"computer_call", "computer", "action"},
    {"tool_search_call", "tool_search", "arguments"},
};

template <typename Row, size_t N>
const Row* Find(const Row (&rows)[N], std::string_view type) {
  const auto* const row = std::ranges::find(rows, type, &Row::type);
  return row == std::end(rows) ? nullptr : row;
}

// Arguments as JSON text: what a string means, other values as they are.
std::string Arguments(std::string_view raw) { return IsString(raw) ? Text(raw) : std::string(raw); }

}  // namespace

std::string ResultText(std::string_view raw) {
  if (IsString(raw)) return Text(raw);
  if (!IsArray(raw)) return IsNull(raw) ? "" : std::string(raw);
  std::string joined;
  bool only_text = true;
  VisitArray(raw, [&](std::string_view element) {
    const std::string_view type = Inside(Member(element, "type"));
    const std::string_view text = Member(element, "text");
    if (!type.ends_with("text") || !IsString(text)) {
      only_text = false;
      return;
    }
    if (!joined.empty()) joined += '\n';
    joined += Text(text);
  });
  return only_text ? joined : std::string(raw);
}

void AnthropicBlock::Read(std::string_view raw) {
  VisitObject(raw, [this](std::string_view key, std::string_view value) {
    if (key == "type") type = Inside(value);
    if (key == "id") id = value;
    if (key == "name") name = value;
    if (key == "input") input = value;
    if (key == "text" || key == "thinking") text = value;
    if (key == "tool_use_id") tool_use_id = value;
    if (key == "content") content = value;
    if (key == "is_error") is_error = value == "true";
  });
  if (type == "compaction") text = content;
  // The provider's own tools report a failure as their content.
  if (is_result() && IsObject(content) && Inside(Member(content, "type")).ends_with("_error")) {
    is_error = true;
  }
}

WireToolCall AnthropicBlock::Call() const { return {Text(id), Text(name), Arguments(input)}; }

WireToolResult AnthropicBlock::Result() const {
  return {Text(tool_use_id), "", ResultText(content), is_error};
}

void ChatToolCall::Read(std::string_view raw) {
  VisitObject(raw, [this](std::string_view key, std::string_view value) {
    if (key == "index") index = value;
    if (key == "id") id = value;
    if (key == "type") type = Inside(value);
    if (key != "function" && key != "custom") return;
    VisitObject(value, [this](std::string_view member, std::string_view text) {
      if (member == "name") name = text;
      if (member == "arguments" || member == "input") arguments = text;
    });
  });
}

void ResponsesItem::Read(std::string_view text) {
  raw = text;
  VisitObject(text, [this](std::string_view key, std::string_view value) {
    if (key == "type") type = Inside(value);
    if (key == "role") role = value;
    if (key == "content") content = value;
    if (key == "id") id = value;
    if (key == "call_id") call_id = value;
    if (key == "name") name = value;
    if (key == "status") status = value;
  });
  if (type.empty() && !role.empty()) type = "message";
}

bool ResponsesItem::is_hosted_call() const { return Find(kHosted, type) != nullptr; }
bool ResponsesItem::is_call() const { return is_hosted_call() || Find(kCalls, type) != nullptr; }
bool ResponsesItem::is_result() const { return type.ends_with("_output") || is_hosted_call(); }

WireToolCall ResponsesItem::Call() const {
  WireToolCall call = {Text(IsString(call_id) ? call_id : id), Text(name), ""};
  if (const HostedRow* const row = Find(kHosted, type)) {
    if (!row->name.empty()) call.name = row->name;
    if (!row->arguments.empty()) call.arguments = Arguments(Member(raw, row->arguments));
  } else if (const CallRow* const client = Find(kCalls, type)) {
    if (!client->name.empty()) call.name = client->name;
    call.arguments = Arguments(Member(raw, client->arguments));
  }
  return call;
}

WireToolResult ResponsesItem::Result() const {
  WireToolResult result = {Text(IsString(call_id) ? call_id : id), "", "", false};
  const std::string_view outcome = Inside(status);
  result.is_error = outcome == "failed" || outcome == "incomplete";
  if (const HostedRow* const row = Find(kHosted, type)) {
    result.name = row->name.empty() ? Text(name) : std::string(row->name);
    result.result = ResultText(Member(raw, row->result));
    if (const std::string_view error = Member(raw, "error"); IsString(error)) {
      result.is_error = true;
      result.result = Text(error);
    }
  } else {
    result.result = ResultText(Member(raw, "output"));
  }
  return result;
}

}  // namespace pitot
