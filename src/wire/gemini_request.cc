// Gemini generateContent and embeddings requests. Names are lowerCamelCase, and lower_case is taken
// too, as the servers do. Sources: the types of @google/genai.
#include <algorithm>

#include "wire/blocks.h"
#include "wire/request_parts.h"

namespace pitot {
namespace {

// Tools that the client runs; all others Google does.
constexpr std::string_view kClientTools[] = {"functionDeclarations", "function_declarations",
                                             "computerUse", "computer_use"};
constexpr int64_t kComputerUseTokens = 10'000;

bool Is(std::string_view key, std::string_view camel, std::string_view snake) {
  return key == camel || key == snake;
}

class GeminiRequest final : public RequestReader {
 public:
  GeminiRequest(WireApi api, WireRequest& out, bool want_messages)
      : RequestReader(out, want_messages) {
    if (api == WireApi::kGeminiEmbed) out_.max_tokens = 0;
  }

  bool TakeMember(std::string_view key, JsonCursor& cursor) override;

 private:
  bool ReadConfig(JsonCursor& cursor);
  bool ReadTools(JsonCursor& cursor);
  bool ReadSystem(JsonCursor& cursor);
  bool ReadContents(JsonCursor& cursor);
  bool ReadContent(JsonCursor& cursor, bool wanted);
  bool ReadPart(JsonCursor& cursor, MessageDraft* draft);
  bool ReadBlob(JsonCursor& cursor);
  void ReadCall(std::string_view raw, MessageDraft& draft);
  void ReadResult(std::string_view raw, MessageDraft& draft);
};

bool GeminiRequest::TakeMember(std::string_view key, JsonCursor& cursor) {
  if (key == "model") {
    if (!ReadText(cursor, &out_.model)) return false;
    constexpr std::string_view kPrefix = "models/";
    if (out_.model.starts_with(kPrefix)) out_.model.erase(0, kPrefix.size());
    return true;
  }
  if (key == "contents") {
    out_.messages.clear();
    return ReadContents(cursor);
  }
  if (key == "content") return ReadContent(cursor, want_messages_);  // embedContent.
  if (key == "requests") {                                           // batchEmbedContents.
    return VisitElements(cursor, [&] {
      return VisitMembers(cursor, [&](std::string_view member) {
        return member == "model" || member == "content" ? TakeMember(member, cursor)
                                                        : cursor.Skip();
      });
    });
  }
  if (Is(key, "systemInstruction", "system_instruction")) return ReadSystem(cursor);
  if (Is(key, "generationConfig", "generation_config")) return ReadConfig(cursor);
  if (key == "tools") return ReadTools(cursor);
  if (Is(key, "serviceTier", "service_tier")) return ReadText(cursor, &out_.service_tier);
  std::string_view raw;
  if (!ReadRaw(cursor, &raw)) return false;
  if (Is(key, "cachedContent", "cached_content") && !raw.empty()) Unbounded("cachedContent");
  return true;
}

bool GeminiRequest::ReadConfig(JsonCursor& cursor) {
  return VisitMembers(cursor, [&](std::string_view key) {
    if (Is(key, "maxOutputTokens", "max_output_tokens")) return ReadWhole(cursor, &out_.max_tokens);
    if (key == "temperature") return ReadNumber(cursor, &out_.temperature);
    if (!Is(key, "candidateCount", "candidate_count")) return cursor.Skip();
    std::optional<int64_t> count;
    if (!ReadWhole(cursor, &count)) return false;
    if (count && *count > 0) out_.choices = *count;
    return true;
  });
}

bool GeminiRequest::ReadTools(JsonCursor& cursor) {
  cursor.Peek();
  const char* const from = cursor.position();
  const bool read = VisitElements(cursor, [&] {
    return VisitMembers(cursor, [&](std::string_view key) {
      if (std::ranges::find(kClientTools, key) == std::end(kClientTools)) ServerTool(key);
      if (Is(key, "computerUse", "computer_use")) out_.hidden_tokens_max += kComputerUseTokens;
      return cursor.Skip();
    });
  });
  if (!read) return false;
  out_.tools = {from, static_cast<size_t>(cursor.position() - from)};
  if (IsNull(out_.tools)) out_.tools = {};
  return true;
}

// A content; its parts are the prompt.
bool GeminiRequest::ReadSystem(JsonCursor& cursor) {
  std::string_view raw;
  if (!ReadRaw(cursor, &raw)) return false;
  const std::string_view parts = Member(raw, "parts");
  out_.system = parts.empty() ? raw : parts;
  JsonCursor content(raw, kWireDepthMax);
  return raw.empty() || ReadContent(content, false);
}

// An array of contents; one content, or a text, is taken too.
bool GeminiRequest::ReadContents(JsonCursor& cursor) {
  if (cursor.Peek() != '[') return ReadContent(cursor, want_messages_);
  return VisitElements(cursor, [&] { return ReadContent(cursor, want_messages_); });
}

bool GeminiRequest::ReadContent(JsonCursor& cursor, bool wanted) {
  MessageDraft draft;
  draft.message.role = "user";
  MessageDraft* const target = wanted ? &draft : nullptr;
  const char first = cursor.Peek();
  const char* const from = cursor.position();
  if (first == '"') {
    std::string_view text;
    if (!cursor.String(&text)) return false;
    draft.AddText(text);
  } else {
    const bool read = VisitMembers(cursor, [&](std::string_view key) {
      if (key == "role") return ReadText(cursor, &draft.message.role);
      if (key != "parts") return cursor.Skip();
      if (cursor.Peek() == '{') return ReadPart(cursor, target);
      return VisitElements(cursor, [&] { return ReadPart(cursor, target); });
    });
    if (!read) return false;
  }
  if (wanted) draft.Give({from, static_cast<size_t>(cursor.position() - from)}, out_.messages);
  return true;
}

bool GeminiRequest::ReadPart(JsonCursor& cursor, MessageDraft* draft) {
  std::string_view text;
  bool thought = false;
  const bool read = VisitMembers(cursor, [&](std::string_view key) {
    if (Is(key, "inlineData", "inline_data")) {
      if (draft != nullptr) draft->has_text = true;
      return ReadBlob(cursor);
    }
    std::string_view raw;
    if (!cursor.Value(&raw)) return false;
    if (Is(key, "fileData", "file_data")) {
      Unbounded("file input");
      if (draft != nullptr) draft->has_text = true;
    }
    if (key == "text") text = Inside(raw);
    if (key == "thought") thought = raw == "true";
    if (Is(key, "functionResponse", "function_response") &&
        raw.find("\"parts\"") != std::string_view::npos) {
      Unbounded("function response media");
    }
    if (draft == nullptr) return true;
    if (Is(key, "functionCall", "function_call")) ReadCall(raw, *draft);
    if (Is(key, "functionResponse", "function_response")) ReadResult(raw, *draft);
    return true;
  });
  if (read && draft != nullptr && !thought) draft->AddText(text);
  return read;
}

bool GeminiRequest::ReadBlob(JsonCursor& cursor) {
  std::string mime;
  std::string_view data;
  const bool read = VisitMembers(cursor, [&](std::string_view key) {
    if (Is(key, "mimeType", "mime_type")) return ReadText(cursor, &mime);
    std::string_view raw;
    if (!cursor.Value(&raw)) return false;
    if (key == "data") data = Inside(raw);
    return true;
  });
  if (!read) return false;
  if (mime.starts_with("text/") || mime == "application/json") return true;
  Media(data);
  if (mime.starts_with("image/")) {
    Image();
  } else {
    // Seconds and pages, which the size does not tell.
    Unbounded(mime.starts_with("audio/")   ? "audio input"
              : mime.starts_with("video/") ? "video input"
                                           : "document");
  }
  return true;
}

void GeminiRequest::ReadCall(std::string_view raw, MessageDraft& draft) {
  draft.message.calls.push_back(
      {Text(Member(raw, "id")), Text(Member(raw, "name")), std::string(Member(raw, "args"))});
}

void GeminiRequest::ReadResult(std::string_view raw, MessageDraft& draft) {
  const std::string_view response = Member(raw, "response");
  WireToolResult result = {Text(Member(raw, "id")), Text(Member(raw, "name")),
                           std::string(response), false};
  // By convention {"output":...} or {"error":...}.
  const std::string_view error = Member(response, "error");
  const std::string_view output = Member(response, "output");
  result.is_error = !error.empty();
  if (!error.empty() || !output.empty()) result.result = ResultText(error.empty() ? output : error);
  draft.message.results.push_back(std::move(result));
}

}  // namespace

std::unique_ptr<RequestReader> NewGeminiRequest(WireApi api, WireRequest& out, bool want_messages) {
  return std::make_unique<GeminiRequest>(api, out, want_messages);
}

}  // namespace pitot
