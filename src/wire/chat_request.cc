// OpenAI chat requests. Sources: the types of the openai SDK; deviations of others are named where
// they are read.
#include <algorithm>

#include "wire/blocks.h"
#include "wire/request_parts.h"

namespace pitot {
namespace {

class ChatRequest final : public RequestReader {
 public:
  using RequestReader::RequestReader;

  bool TakeMember(std::string_view key, JsonCursor& cursor) override;
  void Finish() override {
    if (max_completion_tokens_) out_.max_tokens = max_completion_tokens_;
    if (out_.user.empty()) out_.user = safety_identifier_;
  }

 private:
  bool ReadMessage(JsonCursor& cursor);
  bool ReadContent(JsonCursor& cursor, MessageDraft* draft, std::string_view* raw);
  bool ReadPart(JsonCursor& cursor, MessageDraft* draft);
  bool ReadImage(JsonCursor& cursor);
  bool ReadMedia(JsonCursor& cursor);
  void ReadCalls(std::string_view calls, MessageDraft& draft);

  std::optional<int64_t> max_completion_tokens_;
  std::string safety_identifier_;
};

bool ChatRequest::TakeMember(std::string_view key, JsonCursor& cursor) {
  std::optional<int64_t> count;
  if (key == "model") return ReadText(cursor, &out_.model);
  if (key == "messages") {
    out_.messages.clear();
    return VisitElements(cursor, [&] { return ReadMessage(cursor); });
  }
  if (key == "tools" || key == "functions") return ReadRaw(cursor, &out_.tools);
  if (key == "stream") return ReadBool(cursor, &out_.streamed);
  if (key == "stream_options") {
    return VisitMembers(cursor, [&](std::string_view option) {
      return option == "include_usage" ? ReadBool(cursor, &out_.include_usage) : cursor.Skip();
    });
  }
  if (key == "max_tokens") return ReadWhole(cursor, &out_.max_tokens);
  if (key == "max_completion_tokens") return ReadWhole(cursor, &max_completion_tokens_);
  if (key == "temperature") return ReadNumber(cursor, &out_.temperature);
  if (key == "service_tier") return ReadText(cursor, &out_.service_tier);
  if (key == "user") return ReadText(cursor, &out_.user);
  if (key == "safety_identifier") return ReadText(cursor, &safety_identifier_);
  if (key == "n") {
    if (!ReadWhole(cursor, &count)) return false;
    if (count && *count > 0) out_.choices = *count;
    return true;
  }
  std::string_view raw;
  if (!ReadRaw(cursor, &raw)) return false;
  if (raw.empty()) return true;
  if (key == "prediction") out_.prediction_bytes = static_cast<int64_t>(raw.size());
  if (key == "web_search_options") ServerTool("web_search");
  if (key == "plugins" && raw != "[]") ServerTool("plugins");  // OpenRouter.
  return true;
}

bool ChatRequest::ReadMessage(JsonCursor& cursor) {
  MessageDraft draft;
  std::string_view content;
  std::string_view calls;
  std::string_view function_call;
  std::string call_id;
  std::string name;
  cursor.Peek();
  const char* const from = cursor.position();
  const bool read = VisitMembers(cursor, [&](std::string_view key) {
    if (key == "content") return ReadContent(cursor, want_messages_ ? &draft : nullptr, &content);
    if (key == "audio") {  // Of an answer before, by its id.
      std::string_view audio;
      if (!ReadRaw(cursor, &audio)) return false;
      if (IsObject(audio)) Unbounded("audio input");
      return true;
    }
    if (!want_messages_) return cursor.Skip();
    if (key == "role") return ReadText(cursor, &draft.message.role);
    if (key == "tool_calls") return ReadRaw(cursor, &calls);
    if (key == "function_call") return ReadRaw(cursor, &function_call);
    if (key == "tool_call_id") return ReadText(cursor, &call_id);
    if (key == "name") return ReadText(cursor, &name);
    return cursor.Skip();
  });
  if (!read) return false;
  if (!want_messages_) return true;
  WireMessage& message = draft.message;
  ReadCalls(calls, draft);
  if (IsObject(function_call)) {
    message.calls.push_back(
        {"", Text(Member(function_call, "name")), Text(Member(function_call, "arguments"))});
  }
  if (message.role == "tool" || message.role == "function") {
    message.results.push_back({std::move(call_id), std::move(name), ResultText(content), false});
  }
  draft.Give({from, static_cast<size_t>(cursor.position() - from)}, out_.messages);
  return true;
}

void ChatRequest::ReadCalls(std::string_view calls, MessageDraft& draft) {
  VisitArray(calls, [&](std::string_view raw) {
    ChatToolCall call;
    call.Read(raw);
    draft.message.calls.push_back({Text(call.id), Text(call.name), Text(call.arguments)});
  });
}

bool ChatRequest::ReadContent(JsonCursor& cursor, MessageDraft* draft, std::string_view* raw) {
  const char first = cursor.Peek();
  const char* const from = cursor.position();
  if (first == '"') {
    std::string_view text;
    if (!cursor.String(&text)) return false;
    if (draft != nullptr) draft->AddText(text);
  } else if (!VisitElements(cursor, [&] { return ReadPart(cursor, draft); })) {
    return false;
  }
  *raw = {from, static_cast<size_t>(cursor.position() - from)};
  return true;
}

bool ChatRequest::ReadPart(JsonCursor& cursor, MessageDraft* draft) {
  return VisitMembers(cursor, [&](std::string_view key) {
    if (key == "image_url") {
      if (draft != nullptr) draft->has_text = true;
      return ReadImage(cursor);
    }
    if (key == "input_audio" || key == "file" || key == "video_url") {
      Unbounded(key == "file"          ? "file input"
                : key == "input_audio" ? "audio input"
                                       : "video input");
      if (draft != nullptr) draft->has_text = true;
      return ReadMedia(cursor);
    }
    std::string_view raw;
    if (!cursor.Value(&raw)) return false;
    if (draft != nullptr && (key == "text" || key == "refusal")) draft->AddText(Inside(raw));
    return true;
  });
}

// {"url":"..."}; some take the URL itself.
bool ChatRequest::ReadImage(JsonCursor& cursor) {
  std::string_view url;
  if (cursor.Peek() == '"') {
    if (!cursor.String(&url)) return false;
  } else {
    const bool read = VisitMembers(cursor, [&](std::string_view key) {
      std::string_view raw;
      if (!cursor.Value(&raw)) return false;
      if (key == "url") url = Inside(raw);
      return true;
    });
    if (!read) return false;
  }
  Image();
  if (IsDataUrl(url)) {
    Media(url);
  } else {
    Unbounded("image url");
  }
  return true;
}

bool ChatRequest::ReadMedia(JsonCursor& cursor) {
  return VisitMembers(cursor, [&](std::string_view key) {
    std::string_view raw;
    if (!cursor.Value(&raw)) return false;
    if (key == "data" || key == "file_data" || (key == "url" && IsDataUrl(Inside(raw)))) {
      Media(Inside(raw));
    }
    return true;
  });
}

// Completions and embeddings: a prompt, or several, as text or as tokens.
class PromptRequest final : public RequestReader {
 public:
  PromptRequest(WireApi api, WireRequest& out, bool want_messages)
      : RequestReader(out, want_messages), api_(api) {
    if (api_ == WireApi::kOpenAiEmbeddings) out_.max_tokens = 0;
  }

  bool TakeMember(std::string_view key, JsonCursor& cursor) override {
    const bool completions = api_ == WireApi::kOpenAiCompletions;
    if (key == "model") return ReadText(cursor, &out_.model);
    if (key == (completions ? "prompt" : "input")) return ReadPrompts(cursor);
    if (key == "user") return ReadText(cursor, &out_.user);
    if (key == "service_tier") return ReadText(cursor, &out_.service_tier);
    if (!completions) return cursor.Skip();
    if (key == "stream") return ReadBool(cursor, &out_.streamed);
    if (key == "stream_options") {
      return VisitMembers(cursor, [&](std::string_view option) {
        return option == "include_usage" ? ReadBool(cursor, &out_.include_usage) : cursor.Skip();
      });
    }
    if (key == "max_tokens") return ReadWhole(cursor, &out_.max_tokens);
    if (key == "temperature") return ReadNumber(cursor, &out_.temperature);
    if (key == "n") return ReadWhole(cursor, &n_);
    if (key == "best_of") return ReadWhole(cursor, &best_of_);
    return cursor.Skip();
  }

  void Finish() override {
    if (api_ == WireApi::kOpenAiEmbeddings) return;
    // This API's own default.
    constexpr int64_t kMaxTokensDefault = 16;
    if (!out_.max_tokens) out_.max_tokens = kMaxTokensDefault;
    // best_of are written and billed, n of them returned.
    const int64_t each = std::max(std::max<int64_t>(n_.value_or(1), 1), best_of_.value_or(1));
    out_.choices = each * std::max<int64_t>(prompts_, 1);
  }

 private:
  bool ReadPrompts(JsonCursor& cursor) {
    if (cursor.Peek() != '[') return ReadPrompt(cursor);
    return VisitElements(cursor, [&] {
      const char first = cursor.Peek();
      if (first == '"' || first == '[') return ReadPrompt(cursor);
      prompts_ = 1;  // An array of numbers is one prompt.
      return cursor.Skip();
    });
  }
  bool ReadPrompt(JsonCursor& cursor) {
    std::string_view raw;
    if (!ReadRaw(cursor, &raw)) return false;
    ++prompts_;
    if (!want_messages_ || !IsString(raw)) return true;
    MessageDraft draft;
    draft.message.role = "user";
    draft.AddText(Inside(raw));
    draft.Give(raw, out_.messages);
    return true;
  }

  const WireApi api_;
  int64_t prompts_ = 0;
  std::optional<int64_t> n_;
  std::optional<int64_t> best_of_;
};

}  // namespace

std::unique_ptr<RequestReader> NewChatRequest(WireRequest& out, bool want_messages) {
  return std::make_unique<ChatRequest>(out, want_messages);
}

std::unique_ptr<RequestReader> NewPromptRequest(WireApi api, WireRequest& out, bool want_messages) {
  return std::make_unique<PromptRequest>(api, out, want_messages);
}

}  // namespace pitot
