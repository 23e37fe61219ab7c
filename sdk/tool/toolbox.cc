#include "pitot/toolbox.h"

#include <algorithm>
#include <stdexcept>

#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

void AppendMember(std::string_view key, std::string_view text, std::string& out) {
  if (out.back() != '{') out += ',';
  AppendQuoted(key, out);
  out += ':';
  AppendQuoted(text, out);
}

template <typename Items, typename Json>
std::string JoinJson(const Items& items, Json json) {
  std::string out;
  for (const auto& item : items) {
    if (!out.empty()) out += ',';
    out += json(item);
  }
  return out;
}

}  // namespace

std::string ToolDefinition::anthropic_json() const {
  std::string out = "{";
  AppendMember("name", name, out);
  if (!description.empty()) AppendMember("description", description, out);
  return out.append(",\"input_schema\":").append(schema).append("}");
}

std::string ToolDefinition::openai_json() const {
  std::string out = "{";
  AppendMember("name", name, out);
  if (!description.empty()) AppendMember("description", description, out);
  out.append(",\"parameters\":").append(schema).append("}}");
  return out.insert(0, "{\"type\":\"function\",\"function\":");
}

std::string ToolOutcome::anthropic_json() const {
  std::string out = "{\"type\":\"tool_result\"";
  AppendMember("tool_use_id", call_id, out);
  AppendMember("content", text, out);
  if (!ok()) out += ",\"is_error\":true";
  return out += "}";
}

std::string ToolOutcome::openai_json() const {
  std::string out = "{\"role\":\"tool\"";
  AppendMember("tool_call_id", call_id, out);
  AppendMember("content", text, out);
  return out += "}";
}

Toolbox& Toolbox::add(ToolDefinition definition, Work work, ToolOptions options) {
  if (definition.name.empty()) throw std::invalid_argument("Toolbox: a tool without a name");
  if (!work) throw std::invalid_argument("Toolbox: tool " + definition.name + " does nothing");
  if (std::ranges::any_of(
          entries_, [&](const Entry& entry) { return entry.definition.name == definition.name; })) {
    throw std::invalid_argument("Toolbox: tool " + definition.name + " is there already");
  }
  try {
    options.schema = JsonSchema(definition.schema);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument("Toolbox: tool " + definition.name + ": " + error.what());
  }
  options.stats = stats_.get();
  entries_.push_back({std::move(definition), std::move(work), std::move(options)});
  return *this;
}

std::string Toolbox::anthropic_json() const {
  std::string out = "[";
  out += JoinJson(entries_, [](const Entry& e) { return e.definition.anthropic_json(); });
  return out += "]";
}

std::string Toolbox::openai_json() const {
  std::string out = "[";
  out += JoinJson(entries_, [](const Entry& e) { return e.definition.openai_json(); });
  return out += "]";
}

ToolOutcome Toolbox::run(const LlmToolCall& call) const {
  ToolOutcome outcome{call.id, call.name, ToolStatus::kSuccess, {}};
  const auto entry = std::ranges::find_if(
      entries_, [&](const Entry& e) { return e.definition.name == call.name; });
  ToolOptions options = entry == entries_.end() ? ToolOptions() : entry->options;
  options.call_id = call.id;
  options.stats = stats_.get();
  try {
    outcome.text = tool(call.name, call.arguments, options, [&](const ToolArguments& arguments) {
      if (entry == entries_.end()) throw InvalidArguments("", "there is no tool of this name");
      return entry->work(arguments);
    });
  } catch (...) {
    const ToolFailure failure = classify_tool_error(std::current_exception());
    outcome.status = failure.status;
    outcome.text = failure.message.empty() ? failure.type : failure.message;
  }
  return outcome;
}

std::string Toolbox::answer_anthropic(std::span<const LlmToolCall> calls) const {
  std::string out = "{\"role\":\"user\",\"content\":[";
  out += JoinJson(calls, [this](const LlmToolCall& call) { return run(call).anthropic_json(); });
  return out += "]}";
}

std::string Toolbox::answer_openai(std::span<const LlmToolCall> calls) const {
  std::string out = "[";
  out += JoinJson(calls, [this](const LlmToolCall& call) { return run(call).openai_json(); });
  return out += "]";
}

}  // namespace sdk
}  // namespace pitot
