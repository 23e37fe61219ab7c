// model/kinds.h
//
// The words that describe a span: its kind, how it ended, how a tool call or a model call came out,
// where it came from. The same in the server, the SDK, filters and the store.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pitot {

enum class Kind : uint8_t {
  kSpan,
  kAgent,
  kLlm,
  kTool,
  kRetriever,
  kEmbedding,
  kReranker,
  kGuardrail,
  kEvaluator,
  kChain,
  kEnd,
};
enum class SpanStatus : uint8_t { kUnset, kOk, kError, kRunning, kUnfinished, kEnd };
enum class FinishReason : uint8_t {
  kNone,
  kStop,
  kLength,
  kToolUse,
  kContentFilter,
  kRefusal,
  kError,
  kCancelled,
  kOther,
  kEnd,
};
enum class ToolStatus : uint8_t {
  kNone,
  kSuccess,
  kError,
  kTimeout,
  kRateLimited,
  kInvalidArgs,
  kBlocked,
  kEnd,
};
enum class ErrorCategory : uint8_t {
  kNone,
  kContextLength,
  kRateLimit,
  kOverloaded,
  kContentFilter,
  kInvalidArgs,
  kAuth,
  kQuota,
  kTimeout,
  kCancelled,
  kTool,
  kParse,
  kNetwork,
  kInternal,
  kUnknown,
  kEnd,
};
enum class Source : uint8_t { kOtlp, kGateway, kSdk, kLangfuse, kZipkin, kJsonl, kEnd };
enum class PriceSource : uint8_t { kNone, kProvider, kOverride, kCatalogue, kEnd };
enum class PriceConfidence : uint8_t { kNone, kExact, kPrefix, kEnd };

// Names as stored, shown and accepted in filters, in enum order. kNone is the empty string.
inline constexpr std::array<std::string_view, 10> kKindNames = {
    "span",      "agent",    "llm",       "tool",      "retriever",
    "embedding", "reranker", "guardrail", "evaluator", "chain"};
inline constexpr std::array<std::string_view, 5> kSpanStatusNames = {"unset", "ok", "error",
                                                                     "running", "unfinished"};
inline constexpr std::array<std::string_view, 9> kFinishReasonNames = {
    "", "stop", "length", "tool_use", "content_filter", "refusal", "error", "cancelled", "other"};
inline constexpr std::array<std::string_view, 7> kToolStatusNames = {
    "", "success", "error", "timeout", "rate_limited", "invalid_args", "blocked"};
inline constexpr std::array<std::string_view, 15> kErrorCategoryNames = {
    "",        "context_length", "rate_limit", "overloaded", "content_filter", "invalid_args",
    "auth",    "quota",          "timeout",    "cancelled",  "tool",           "parse",
    "network", "internal",       "unknown"};
inline constexpr std::array<std::string_view, 6> kSourceNames = {"otlp",     "gateway", "sdk",
                                                                 "langfuse", "zipkin",  "jsonl"};
inline constexpr std::array<std::string_view, 4> kPriceSourceNames = {"", "provider", "override",
                                                                      "catalogue"};
inline constexpr std::array<std::string_view, 3> kPriceConfidenceNames = {"", "exact", "prefix"};

static_assert(kKindNames.size() == static_cast<size_t>(Kind::kEnd));
static_assert(kSpanStatusNames.size() == static_cast<size_t>(SpanStatus::kEnd));
static_assert(kFinishReasonNames.size() == static_cast<size_t>(FinishReason::kEnd));
static_assert(kToolStatusNames.size() == static_cast<size_t>(ToolStatus::kEnd));
static_assert(kErrorCategoryNames.size() == static_cast<size_t>(ErrorCategory::kEnd));
static_assert(kSourceNames.size() == static_cast<size_t>(Source::kEnd));

inline std::string_view Name(Kind v) { return kKindNames[static_cast<size_t>(v)]; }
inline std::string_view Name(SpanStatus v) { return kSpanStatusNames[static_cast<size_t>(v)]; }
inline std::string_view Name(FinishReason v) { return kFinishReasonNames[static_cast<size_t>(v)]; }
inline std::string_view Name(ToolStatus v) { return kToolStatusNames[static_cast<size_t>(v)]; }
inline std::string_view Name(ErrorCategory v) {
  return kErrorCategoryNames[static_cast<size_t>(v)];
}
inline std::string_view Name(Source v) { return kSourceNames[static_cast<size_t>(v)]; }
inline std::string_view Name(PriceSource v) { return kPriceSourceNames[static_cast<size_t>(v)]; }
inline std::string_view Name(PriceConfidence v) {
  return kPriceConfidenceNames[static_cast<size_t>(v)];
}

}  // namespace pitot
