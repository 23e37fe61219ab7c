// OpenAI Responses requests. Sources: the types of the openai SDK.
#include <algorithm>

#include "wire/blocks.h"
#include "wire/request_parts.h"

namespace pitot {
namespace {

// Tools that the client runs. All others OpenAI does: what they find is input that the body does not
// show.
constexpr std::string_view kClientTools[] = {
    "function",
    "custom",
    "namespace",
    "local_shell",
    "apply_patch",
    "computer",
    "computer_use_preview",
};
// OpenAI's own schemas of tools that the client runs.
constexpr int64_t kSchemaTokens = 5'000;

class ResponsesRequest final : public RequestReader {
 public:
  using RequestReader::RequestReader;

  bool TakeMember(std::string_view key, JsonCursor& cursor) override;
  void Finish() override {
    if (out_.user.empty()) out_.user = safety_identifier_;
  }

 private:
  bool ReadTools(JsonCursor& cursor);
  bool ReadTool(JsonCursor& cursor);
  bool ReadInput(JsonCursor& cursor);
  bool ReadItem(JsonCursor& cursor);
  // Content of a message, or the output of a tool: parts or text.
  bool ReadContent(JsonCursor& cursor, MessageDraft* draft);
  bool ReadPart(JsonCursor& cursor, MessageDraft* draft);
  void GiveItem(std::string_view raw, MessageDraft& draft);

  std::string safety_identifier_;
};

bool ResponsesRequest::TakeMember(std::string_view key, JsonCursor& cursor) {
  if (key == "model") return ReadText(cursor, &out_.model);
  if (key == "input") return ReadInput(cursor);
  if (key == "tools") return ReadTools(cursor);
  if (key == "instructions") return ReadRaw(cursor, &out_.system);
  if (key == "stream") return ReadBool(cursor, &out_.streamed);
  if (key == "background") return ReadBool(cursor, &out_.background);
  if (key == "max_output_tokens") return ReadWhole(cursor, &out_.max_tokens);
  if (key == "temperature") return ReadNumber(cursor, &out_.temperature);
  if (key == "service_tier") return ReadText(cursor, &out_.service_tier);
  if (key == "user") return ReadText(cursor, &out_.user);
  if (key == "safety_identifier") return ReadText(cursor, &safety_identifier_);
  std::string_view raw;
  if (!ReadRaw(cursor, &raw)) return false;
  if (raw.empty()) return true;
  if (key == "previous_response_id") {
    out_.previous_response_id = Text(raw);
    Unbounded("previous_response_id");
  }
  if (key == "conversation") Unbounded("conversation");
  if (key == "prompt") Unbounded("prompt template");
  if (key == "context_management" && raw != "[]") Unbounded("compaction");
  return true;
}

bool ResponsesRequest::ReadTools(JsonCursor& cursor) {
  cursor.Peek();
  const char* const from = cursor.position();
  if (!VisitElements(cursor, [&] { return ReadTool(cursor); })) return false;
  out_.tools = {from, static_cast<size_t>(cursor.position() - from)};
  if (IsNull(out_.tools)) out_.tools = {};
  return true;
}

bool ResponsesRequest::ReadTool(JsonCursor& cursor) {
  std::string type;
  std::string_view environment;
  const bool read = VisitMembers(cursor, [&](std::string_view key) {
    if (key == "type") return ReadText(cursor, &type);
    if (key == "environment") return ReadRaw(cursor, &environment);
    return cursor.Skip();
  });
  if (!read) return false;
  const bool local_shell = type == "shell" && Inside(Member(environment, "type")) == "local";
  if (!local_shell && std::ranges::find(kClientTools, type) == std::end(kClientTools)) {
    ServerTool(type);
  } else if (type != "function" && type != "custom" && type != "namespace") {
    out_.hidden_tokens_max += kSchemaTokens;
  }
  return true;
}

bool ResponsesRequest::ReadInput(JsonCursor& cursor) {
  out_.messages.clear();
  if (cursor.Peek() != '"') {
    return VisitElements(cursor, [&] { return ReadItem(cursor); });
  }
  std::string_view raw;
  if (!cursor.Value(&raw)) return false;
  if (!want_messages_) return true;
  MessageDraft draft;
  draft.message.role = "user";
  draft.AddText(Inside(raw));
  draft.Give(raw, out_.messages);
  return true;
}

bool ResponsesRequest::ReadItem(JsonCursor& cursor) {
  MessageDraft draft;
  MessageDraft* const wanted = want_messages_ ? &draft : nullptr;
  std::string_view type;
  cursor.Peek();
  const char* const from = cursor.position();
  const bool read = VisitMembers(cursor, [&](std::string_view key) {
    if (key == "content" || key == "output") return ReadContent(cursor, wanted);
    std::string_view raw;
    if (!cursor.Value(&raw)) return false;
    if (key == "type") type = Inside(raw);
    if (key == "tools" && IsArray(raw)) {  // additional_tools, tool_search_output.
      JsonCursor tools(raw, kWireDepthMax);
      return VisitElements(tools, [&] { return ReadTool(tools); });
    }
    return true;
  });
  if (!read) return false;
  if (type == "item_reference") Unbounded("item_reference");
  if (type == "compaction_trigger") Unbounded("compaction");
  if (want_messages_) GiveItem({from, static_cast<size_t>(cursor.position() - from)}, draft);
  return true;
}

void ResponsesRequest::GiveItem(std::string_view raw, MessageDraft& draft) {
  ResponsesItem item;
  item.Read(raw);
  WireMessage& message = draft.message;
  const bool is_call = item.is_call();
  const bool is_result = item.is_result();
  if (is_call) message.calls.push_back(item.Call());
  if (is_result) message.results.push_back(item.Result());
  if (IsString(item.role)) {
    message.role = Text(item.role);
  } else if (is_call || item.type == "reasoning" || item.type == "compaction" ||
             item.type == "program") {
    message.role = "assistant";
  } else {
    message.role = is_result ? "tool" : "user";
  }
  if (item.type != "message") draft.texts.clear();
  draft.Give(raw, out_.messages);
  // Items of other kinds are nobody's words.
  if (item.type != "message") out_.messages.back().is_user_text = false;
}

bool ResponsesRequest::ReadContent(JsonCursor& cursor, MessageDraft* draft) {
  const char first = cursor.Peek();
  if (first == '{') return ReadPart(cursor, draft);  // A computer's screenshot.
  if (first != '"') return VisitElements(cursor, [&] { return ReadPart(cursor, draft); });
  std::string_view text;
  if (!cursor.String(&text)) return false;
  if (draft != nullptr) draft->AddText(text);
  return true;
}

bool ResponsesRequest::ReadPart(JsonCursor& cursor, MessageDraft* draft) {
  std::string_view type;
  std::string_view url;
  std::string_view file_id;
  std::string_view data;
  const bool read = VisitMembers(cursor, [&](std::string_view key) {
    std::string_view raw;
    if (!cursor.Value(&raw)) return false;
    if (key == "type") type = Inside(raw);
    if (key == "image_url") url = Inside(raw);
    if (key == "file_id") file_id = Inside(raw);
    if (key == "file_data") data = Inside(raw);
    if (key == "input_audio") data = Inside(Member(raw, "data"));
    if (draft != nullptr && (key == "text" || key == "refusal")) draft->AddText(Inside(raw));
    return true;
  });
  if (!read) return false;
  const bool is_image = type == "input_image" || type == "computer_screenshot";
  if (is_image) Image();
  if (IsDataUrl(url)) {
    Media(url);
  } else if (!url.empty()) {
    Unbounded("image url");
  }
  if (!data.empty()) Media(data);
  if (!file_id.empty() || type == "input_file") Unbounded("file input");
  if (type == "input_audio") Unbounded("audio input");
  if (draft != nullptr && (is_image || type == "input_file" || type == "input_audio")) {
    draft->has_text = true;
  }
  return true;
}

}  // namespace

std::unique_ptr<RequestReader> NewResponsesRequest(WireRequest& out, bool want_messages) {
  return std::make_unique<ResponsesRequest>(out, want_messages);
}

}  // namespace pitot
