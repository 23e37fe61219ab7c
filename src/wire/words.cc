// The words of providers: why an answer ended, and what went wrong.
#include <algorithm>
#include <iterator>
#include <string>

#include "wire/response.h"

namespace pitot {
namespace {

struct FinishRow {
  std::string_view word;
  FinishReason reason;
};

constexpr FinishRow kAnthropicFinish[] = {
    {"end_turn", FinishReason::kStop},     {"stop_sequence", FinishReason::kStop},
    {"max_tokens", FinishReason::kLength}, {"model_context_window_exceeded", FinishReason::kLength},
    {"tool_use", FinishReason::kToolUse},  {"refusal", FinishReason::kRefusal},
    {"pause_turn", FinishReason::kOther},  {"compaction", FinishReason::kOther},
};

// `error` is OpenRouter's, the last two are vLLM's.
constexpr FinishRow kChatFinish[] = {
    {"stop", FinishReason::kStop},
    {"length", FinishReason::kLength},
    {"tool_calls", FinishReason::kToolUse},
    {"function_call", FinishReason::kToolUse},
    {"content_filter", FinishReason::kContentFilter},
    {"error", FinishReason::kError},
    {"eos", FinishReason::kStop},
    {"abort", FinishReason::kCancelled},
};

// `status`, or why it is incomplete.
constexpr FinishRow kResponsesFinish[] = {
    {"completed", FinishReason::kStop},           {"tool_calls", FinishReason::kToolUse},
    {"max_output_tokens", FinishReason::kLength}, {"content_filter", FinishReason::kContentFilter},
    {"refusal", FinishReason::kRefusal},          {"failed", FinishReason::kError},
    {"cancelled", FinishReason::kCancelled},
};

constexpr FinishRow kGeminiFinish[] = {
    {"STOP", FinishReason::kStop},
    {"MAX_TOKENS", FinishReason::kLength},
    {"SAFETY", FinishReason::kContentFilter},
    {"RECITATION", FinishReason::kContentFilter},
    {"BLOCKLIST", FinishReason::kContentFilter},
    {"PROHIBITED_CONTENT", FinishReason::kContentFilter},
    {"SPII", FinishReason::kContentFilter},
    {"IMAGE_SAFETY", FinishReason::kContentFilter},
    {"IMAGE_PROHIBITED_CONTENT", FinishReason::kContentFilter},
    {"IMAGE_RECITATION", FinishReason::kContentFilter},
    {"MODEL_ARMOR", FinishReason::kContentFilter},  // These two block prompts.
    {"JAILBREAK", FinishReason::kContentFilter},
    {"MALFORMED_FUNCTION_CALL", FinishReason::kError},
    {"UNEXPECTED_TOOL_CALL", FinishReason::kError},
    {"TOO_MANY_TOOL_CALLS", FinishReason::kError},
};

template <size_t N>
FinishReason Find(const FinishRow (&rows)[N], std::string_view word) {
  const auto* const row = std::ranges::find(rows, word, &FinishRow::word);
  return row == std::end(rows) ? FinishReason::kOther : row->reason;
}

struct ErrorRow {
  std::string_view word;  // A type or code as providers send it, lower case.
  ErrorCategory category;
};
constexpr ErrorRow kErrorWords[] = {
    // Anthropic, by type.
    {"authentication_error", ErrorCategory::kAuth},
    {"permission_error", ErrorCategory::kAuth},
    {"billing_error", ErrorCategory::kQuota},
    {"request_too_large", ErrorCategory::kContextLength},
    {"rate_limit_error", ErrorCategory::kRateLimit},
    {"timeout_error", ErrorCategory::kTimeout},
    {"overloaded_error", ErrorCategory::kOverloaded},
    {"api_error", ErrorCategory::kInternal},
    {"not_found_error", ErrorCategory::kInvalidArgs},
    {"conflict_error", ErrorCategory::kInvalidArgs},
    {"enforced_spend_limit_reached", ErrorCategory::kQuota},
    // OpenAI, by code and type.
    {"insufficient_quota", ErrorCategory::kQuota},
    {"credit_balance_exhausted", ErrorCategory::kQuota},
    {"billing_hard_limit_reached", ErrorCategory::kQuota},
    {"billing_not_active", ErrorCategory::kQuota},
    {"rate_limit_exceeded", ErrorCategory::kRateLimit},
    {"tokens", ErrorCategory::kRateLimit},
    {"requests", ErrorCategory::kRateLimit},
    {"context_length_exceeded", ErrorCategory::kContextLength},
    {"string_above_max_length", ErrorCategory::kContextLength},
    {"content_filter", ErrorCategory::kContentFilter},
    {"content_policy_violation", ErrorCategory::kContentFilter},
    {"image_content_policy_violation", ErrorCategory::kContentFilter},
    {"moderation_blocked", ErrorCategory::kContentFilter},
    {"bio_policy", ErrorCategory::kContentFilter},
    {"invalid_api_key", ErrorCategory::kAuth},
    {"invalid_organization", ErrorCategory::kAuth},
    {"mismatched_organization", ErrorCategory::kAuth},
    {"server_error", ErrorCategory::kInternal},
    {"internal_server_error", ErrorCategory::kInternal},
    {"service_unavailable_error", ErrorCategory::kOverloaded},
    {"engine_overloaded", ErrorCategory::kOverloaded},
    {"model_not_found", ErrorCategory::kInvalidArgs},
    // Gemini, by status and reason.
    {"resource_exhausted", ErrorCategory::kRateLimit},
    {"unavailable", ErrorCategory::kOverloaded},
    {"deadline_exceeded", ErrorCategory::kTimeout},
    {"unauthenticated", ErrorCategory::kAuth},
    {"permission_denied", ErrorCategory::kAuth},
    {"api_key_invalid", ErrorCategory::kAuth},
    {"internal", ErrorCategory::kInternal},
    {"cancelled", ErrorCategory::kCancelled},
    {"not_found", ErrorCategory::kInvalidArgs},
};

// What a message says, where type and code say only that the request was wrong. Lower case.
constexpr ErrorRow kErrorPhrases[] = {
    {"prompt is too long", ErrorCategory::kContextLength},
    {"context length", ErrorCategory::kContextLength},
    {"context window", ErrorCategory::kContextLength},
    {"context limit", ErrorCategory::kContextLength},
    {"maximum number of tokens", ErrorCategory::kContextLength},
    {"input token count", ErrorCategory::kContextLength},
    {"credit balance", ErrorCategory::kQuota},
    {"prepayment credits", ErrorCategory::kQuota},
    {"spend limit", ErrorCategory::kQuota},
    {"usage limits", ErrorCategory::kQuota},
    {"billing", ErrorCategory::kQuota},
    {"insufficient credits", ErrorCategory::kQuota},
    {"content filter", ErrorCategory::kContentFilter},
    {"content management policy", ErrorCategory::kContentFilter},
    {"usage policy", ErrorCategory::kContentFilter},
    {"api key not valid", ErrorCategory::kAuth},
    {"api key expired", ErrorCategory::kAuth},
    {"rate limit", ErrorCategory::kRateLimit},
    {"too many requests", ErrorCategory::kRateLimit},
    {"overloaded", ErrorCategory::kOverloaded},
    {"timed out", ErrorCategory::kTimeout},
};

ErrorCategory OfStatus(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCategory::kAuth;
    case 402:
      return ErrorCategory::kQuota;
    case 408:
    case 504:
      return ErrorCategory::kTimeout;
    case 413:
      return ErrorCategory::kContextLength;
    case 429:
      return ErrorCategory::kRateLimit;
    case 499:
      return ErrorCategory::kCancelled;
    case 503:
    case 529:
      return ErrorCategory::kOverloaded;
    default:
      break;
  }
  if (status >= 500) return ErrorCategory::kInternal;
  return status >= 400 ? ErrorCategory::kInvalidArgs : ErrorCategory::kNone;
}

std::string Lower(std::string_view text) {
  constexpr size_t kBytesMax = 500;  // Enough of a message to tell what it is about.
  std::string out(text.substr(0, kBytesMax));
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return out;
}

ErrorCategory OfWord(std::string_view word) {
  if (word.empty()) return ErrorCategory::kNone;
  const std::string lower = Lower(word);
  const auto* const row = std::ranges::find(kErrorWords, std::string_view(lower), &ErrorRow::word);
  return row == std::end(kErrorWords) ? ErrorCategory::kNone : row->category;
}

ErrorCategory OfMessage(std::string_view message) {
  const std::string lower = Lower(message);
  for (const ErrorRow& row : kErrorPhrases) {
    if (lower.find(row.word) != std::string::npos) return row.category;
  }
  return ErrorCategory::kNone;
}

// True for categories that a more telling clue may replace.
bool IsVague(ErrorCategory category) {
  return category == ErrorCategory::kNone || category == ErrorCategory::kInvalidArgs ||
         category == ErrorCategory::kInternal;
}

}  // namespace

FinishReason FinishOf(WireApi api, std::string_view word) {
  if (word.empty()) return FinishReason::kNone;
  switch (api) {
    case WireApi::kAnthropicMessages:
      return Find(kAnthropicFinish, word);
    case WireApi::kOpenAiResponses:
      return Find(kResponsesFinish, word);
    case WireApi::kGeminiGenerate:
      return Find(kGeminiFinish, word);
    default:
      return Find(kChatFinish, word);
  }
}

ErrorCategory CategoryOf(Dialect dialect, int status, std::string_view type, std::string_view code,
                         std::string_view message) {
  ErrorCategory best = OfWord(code);  // A code says more than a type.
  if (IsVague(best)) {
    const ErrorCategory found = OfWord(type);
    if (best == ErrorCategory::kNone || !IsVague(found)) best = found;
  }
  // Every 429 of Gemini speaks of quota and billing; other limits have words of their own.
  const bool trust_message = dialect != Dialect::kGemini || best != ErrorCategory::kRateLimit;
  if (IsVague(best) || (best == ErrorCategory::kRateLimit && trust_message)) {
    const ErrorCategory found = OfMessage(message);
    if (IsVague(best) ? found != ErrorCategory::kNone : found == ErrorCategory::kQuota) {
      best = found;
    }
  }
  if (IsVague(best)) {
    const ErrorCategory found = OfStatus(status);
    if (best == ErrorCategory::kNone || !IsVague(found)) best = found;
  }
  if (best != ErrorCategory::kNone) return best;
  const bool said = !type.empty() || !code.empty() || !message.empty();
  return said ? ErrorCategory::kUnknown : ErrorCategory::kNone;
}

}  // namespace pitot
