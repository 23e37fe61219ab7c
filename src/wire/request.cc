#include "wire/request.h"

#include <memory>

#include "wire/request_parts.h"

namespace pitot {
namespace {

// The most tokens an image is billed as, by the providers' rules: Anthropic scales to at most 2576
// pixels a side (4,784 tokens); OpenAI counts up to 10,000 patches, but 4o-mini 2,833 and 5,667 a tile
// of at most eight; Gemini 258 a tile of at most sixteen, or 2,240; open models up to 16,384.
constexpr int64_t kAnthropicImageTokens = 5'000;
constexpr int64_t kGeminiImageTokens = 5'000;
constexpr int64_t kOpenAiImageTokens = 16'384;
constexpr int64_t k4oMiniImageTokens = 48'200;
// What providers put around a request: role marks, instructions on tools, dates.
constexpr int64_t kFramingTokens = 2'000;

int64_t ImageTokens(WireApi api, std::string_view model) {
  switch (api) {
    case WireApi::kAnthropicMessages:
      return kAnthropicImageTokens;
    case WireApi::kGeminiGenerate:
    case WireApi::kGeminiEmbed:
      return kGeminiImageTokens;
    default:
      return model.find("4o-mini") != std::string_view::npos ? k4oMiniImageTokens
                                                             : kOpenAiImageTokens;
  }
}

}  // namespace

std::unique_ptr<RequestReader> NewRequestReader(WireApi api, WireRequest& out, bool want_messages) {
  switch (api) {
    case WireApi::kAnthropicMessages:
      return NewAnthropicRequest(out, want_messages);
    case WireApi::kOpenAiChat:
      return NewChatRequest(out, want_messages);
    case WireApi::kOpenAiResponses:
      return NewResponsesRequest(out, want_messages);
    case WireApi::kOpenAiCompletions:
    case WireApi::kOpenAiEmbeddings:
      return NewPromptRequest(api, out, want_messages);
    case WireApi::kGeminiGenerate:
    case WireApi::kGeminiEmbed:
      return NewGeminiRequest(api, out, want_messages);
    default:
      return nullptr;
  }
}

void RequestReader::ServerTool(std::string_view name) {
  out_.server_tools = true;
  // Its results, and each turn of the model around them, are input that the body does not show.
  if (out_.input_unbounded.empty()) {
    out_.input_unbounded = "server tool ";
    out_.input_unbounded += name;
  }
}

void RequestReader::CacheTtl(std::string_view cache_control) {
  if (!IsObject(cache_control)) return;
  const std::string_view ttl = Inside(Member(cache_control, "ttl"));
  if (out_.cache_ttl == "1h") return;
  out_.cache_ttl = ttl.empty() ? "5m" : ttl;
}

// What coding agents put beside tool results by themselves is nobody's word.
void MessageDraft::AddText(std::string_view inside) {
  constexpr std::string_view kReminder = "<system-reminder>";
  if (inside.empty()) return;
  has_text |= !inside.starts_with(kReminder);
  texts.push_back(inside);
}

void MessageDraft::Give(std::string_view raw, std::vector<WireMessage>& out) {
  message.raw = raw;
  message.is_user_text = message.role == "user" && has_text;
  if (message.role == "assistant" || message.role == "model") {
    for (const std::string_view text : texts) message.text += Unescape(text);
  }
  out.push_back(std::move(message));
}

bool IsDataUrl(std::string_view inside) { return inside.starts_with("data:"); }

WireRequest ReadRequest(WireApi api, std::string_view body, bool want_messages) {
  WireRequest out;
  const std::unique_ptr<RequestReader> reader = NewRequestReader(api, out, want_messages);
  if (reader == nullptr) return out;
  JsonCursor cursor(body, kWireDepthMax);
  out.valid =
      cursor.Peek() == '{' &&
      VisitMembers(cursor, [&](std::string_view key) { return reader->TakeMember(key, cursor); }) &&
      cursor.AtEnd();
  reader->Finish();
  out.hidden_tokens_max += kFramingTokens + reader->images() * ImageTokens(api, out.model);
  return out;
}

}  // namespace pitot
