// wire/api.h
//
// The providers' APIs whose calls are understood: requests, answers, usage. Others pass unread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pitot {

enum class WireApi : uint8_t {
  kOther,              // Forwarded, not understood.
  kAnthropicMessages,  // POST /v1/messages
  kOpenAiChat,         // POST /v1/chat/completions
  kOpenAiResponses,    // POST /v1/responses, GET /v1/responses/ID
  kOpenAiCompletions,  // POST /v1/completions
  kOpenAiEmbeddings,   // POST /v1/embeddings
  kGeminiGenerate,     // POST /v1beta/models/MODEL:generateContent, :streamGenerateContent
  kGeminiEmbed,        // POST /v1beta/models/MODEL:embedContent, :batchEmbedContents
  kEnd,
};

// Whose error envelope, headers and stream conventions hold.
enum class Dialect : uint8_t { kAnthropic, kOpenAi, kGemini, kEnd };

inline constexpr std::array<std::string_view, static_cast<size_t>(WireApi::kEnd)> kWireApiNames = {
    "other",      "messages",         "chat",         "responses", "completions",
    "embeddings", "generate_content", "embed_content"};
inline constexpr std::array<std::string_view, static_cast<size_t>(Dialect::kEnd)> kDialectNames = {
    "anthropic", "openai", "gemini"};

inline std::string_view Name(WireApi v) { return kWireApiNames[static_cast<size_t>(v)]; }
inline std::string_view Name(Dialect v) { return kDialectNames[static_cast<size_t>(v)]; }

}  // namespace pitot
