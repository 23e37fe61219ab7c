#include "gateway/outage/refusal.h"

#include <fmt/format.h>

#include <iterator>

namespace pitot {
namespace {

constexpr RefusalRow kRows[] = {
    {RefusalReason::kBadRequest, "bad_request", 400, true, "invalid_request_error",
     "invalid_request_error", "INVALID_ARGUMENT"},
    {RefusalReason::kMissingAttribution, "missing_attribution", 400, true, "invalid_request_error",
     "invalid_request_error", "INVALID_ARGUMENT"},
    {RefusalReason::kInputUnbounded, "input_unbounded", 402, true, "billing_error",
     "insufficient_quota", "FAILED_PRECONDITION"},
    {RefusalReason::kUnknownPrice, "unknown_price", 402, true, "billing_error",
     "insufficient_quota", "FAILED_PRECONDITION"},
    {RefusalReason::kBudgetExceeded, "budget_exceeded", 402, true, "billing_error",
     "insufficient_quota", "RESOURCE_EXHAUSTED"},
    {RefusalReason::kBudgetTooSmall, "budget_too_small", 402, true, "billing_error",
     "insufficient_quota", "RESOURCE_EXHAUSTED"},
    {RefusalReason::kBudgetUnavailable, "budget_unavailable", 503, false, "api_error",
     "server_error", "UNAVAILABLE"},
    {RefusalReason::kKeyMissing, "missing_api_key", 401, true, "authentication_error",
     "invalid_request_error", "UNAUTHENTICATED"},
    {RefusalReason::kKeyInvalid, "invalid_api_key", 401, true, "authentication_error",
     "invalid_request_error", "UNAUTHENTICATED"},
    {RefusalReason::kScopeDenied, "scope_denied", 403, true, "permission_error", "permission_error",
     "PERMISSION_DENIED"},
    {RefusalReason::kModelNotAllowed, "model_not_allowed", 403, true, "permission_error",
     "permission_error", "PERMISSION_DENIED"},
    {RefusalReason::kCrossSite, "cross_site", 403, true, "permission_error", "permission_error",
     "PERMISSION_DENIED"},
    {RefusalReason::kLoopDetected, "loop_detected", 403, true, "permission_error",
     "permission_error", "FAILED_PRECONDITION"},
    {RefusalReason::kRunLimit, "run_limit", 403, true, "permission_error", "permission_error",
     "FAILED_PRECONDITION"},
    {RefusalReason::kUpstreamUnknown, "upstream_unknown", 404, true, "not_found_error",
     "invalid_request_error", "NOT_FOUND"},
    {RefusalReason::kTooLarge, "request_too_large", 413, true, "request_too_large",
     "invalid_request_error", "INVALID_ARGUMENT"},
    {RefusalReason::kTooManyCalls, "too_many_calls", 503, false, "overloaded_error", "server_error",
     "UNAVAILABLE"},
    {RefusalReason::kShuttingDown, "shutting_down", 503, false, "overloaded_error", "server_error",
     "UNAVAILABLE"},
    {RefusalReason::kUpstreamKeyMissing, "upstream_key_missing", 500, true, "api_error",
     "server_error", "INTERNAL"},
    {RefusalReason::kUpstreamConnect, "upstream_connect", 502, false, "api_error", "server_error",
     "UNAVAILABLE"},
    {RefusalReason::kUpstreamReset, "upstream_reset", 502, false, "api_error", "server_error",
     "UNAVAILABLE"},
    {RefusalReason::kUpstreamInvalid, "upstream_invalid", 502, false, "api_error", "server_error",
     "INTERNAL"},
    {RefusalReason::kUpstreamTimeout, "upstream_timeout", 504, false, "timeout_error",
     "server_error", "DEADLINE_EXCEEDED"},
    {RefusalReason::kDeadline, "deadline", 504, false, "timeout_error", "server_error",
     "DEADLINE_EXCEEDED"},
    {RefusalReason::kBreakerOpen, "breaker_open", 503, false, "overloaded_error", "server_error",
     "UNAVAILABLE"},
    {RefusalReason::kStopped, "stopped", 403, true, "permission_error", "permission_error",
     "FAILED_PRECONDITION"},
    {RefusalReason::kCallCap, "call_cap", 402, true, "billing_error", "insufficient_quota",
     "FAILED_PRECONDITION"},
    {RefusalReason::kThrottled, "throttled", 429, false, "rate_limit_error", "rate_limit_error",
     "RESOURCE_EXHAUSTED"},
};

constexpr bool InEnumOrder() {
  for (size_t i = 0; i < std::size(kRows); ++i) {
    if (kRows[i].reason != static_cast<RefusalReason>(i)) return false;
  }
  return std::size(kRows) == static_cast<size_t>(RefusalReason::kEnd);
}
static_assert(InEnumOrder());

std::string_view TypeOf(const RefusalRow& row, Dialect dialect) {
  switch (dialect) {
    case Dialect::kAnthropic:
      return row.anthropic_type;
    case Dialect::kGemini:
      return row.gemini_status;
    default:
      return row.openai_type;
  }
}

std::string Members(const Refusal& refusal) {
  std::string out;
  for (const auto& [name, json] : refusal.details) {
    if (!out.empty()) out += ',';
    out.append(QuoteJson(name)).append(":").append(json);
  }
  return out;
}

std::string Envelope(Dialect dialect, const Refusal& refusal) {
  const RefusalRow& row = RowOf(refusal.reason);
  return ErrorEnvelope(dialect, row.status, TypeOf(row, dialect), row.code, refusal.message,
                       Members(refusal), refusal.request_id);
}

}  // namespace

const RefusalRow& RowOf(RefusalReason reason) { return kRows[static_cast<size_t>(reason)]; }

std::string ErrorEnvelope(Dialect dialect, int status, std::string_view type, std::string_view code,
                          std::string_view message, std::string_view members,
                          std::string_view request_id) {
  const std::string pitot = fmt::format(R"("pitot":{{"code":{}{}{}}})", QuoteJson(code),
                                        members.empty() ? "" : ",", members);
  switch (dialect) {
    case Dialect::kAnthropic:
      return fmt::format(
          R"({{"type":"error","error":{{"type":{},"message":{},"details":{{"error_code":{}}},{}}}{}}})",
          QuoteJson(type), QuoteJson(message), QuoteJson(code), pitot,
          request_id.empty() ? "" : fmt::format(R"(,"request_id":{})", QuoteJson(request_id)));
    case Dialect::kGemini:
      // ErrorInfo is how Google's APIs say a reason to programs (google.rpc.ErrorInfo).
      return fmt::format(
          R"({{"error":{{"code":{},"message":{},"status":{},"details":[{{)"
          R"("@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":{},"domain":"pitot"}}],{}}}}})",
          status, QuoteJson(message), QuoteJson(type), QuoteJson(code), pitot);
    default:
      return fmt::format(R"({{"error":{{"message":{},"type":{},"param":null,"code":{},{}}}}})",
                         QuoteJson(message), QuoteJson(type), QuoteJson(code), pitot);
  }
}

HttpResponse Refuse(Dialect dialect, const Refusal& refusal) {
  const RefusalRow& row = RowOf(refusal.reason);
  HttpResponse response = JsonResponse(row.status, Envelope(dialect, refusal));
  HttpHeaders& headers = response.headers;
  if (refusal.should_retry.has_value() || row.final) {
    headers.Add("x-should-retry", refusal.should_retry.value_or(false) ? "true" : "false");
  }
  if (refusal.retry_after.has_value()) {
    const int64_t ms = std::max<int64_t>(refusal.retry_after->count(), 0);
    headers.Add("retry-after", std::to_string((ms + 999) / 1000));
    headers.Add("retry-after-ms", std::to_string(ms));
  }
  if (!refusal.request_id.empty()) {
    if (dialect == Dialect::kAnthropic) headers.Add("request-id", refusal.request_id);
    if (dialect == Dialect::kOpenAi) headers.Add("x-request-id", refusal.request_id);
  }
  for (size_t i = 0; i < refusal.headers.size(); ++i) {
    headers.Set(refusal.headers[i].name, refusal.headers[i].value);
  }
  return response;
}

std::string RefuseInStream(WireApi api, bool sse, const Refusal& refusal) {
  if (!sse) return "";
  const Dialect dialect = DialectOf(api, Dialect::kOpenAi);
  if (api == WireApi::kOpenAiResponses) {
    // The documented event has code and message at the top; the SDK raises for an `error` member.
    const RefusalRow& row = RowOf(refusal.reason);
    const std::string body = Envelope(dialect, refusal);
    return fmt::format(
        "event: error\ndata: {{\"type\":\"error\",\"code\":{},\"message\":{},\"param\":null,{}\n\n",
        QuoteJson(row.code), QuoteJson(refusal.message), std::string_view(body).substr(1));
  }
  const std::string body = Envelope(dialect, refusal);
  switch (dialect) {
    case Dialect::kAnthropic:
      return fmt::format("event: error\ndata: {}\n\n", body);
    case Dialect::kGemini:
      return fmt::format("data: {}\r\n\r\n", body);
    default:
      return fmt::format("data: {}\n\n", body);
  }
}

Dialect DialectOf(WireApi api, Dialect otherwise) {
  switch (api) {
    case WireApi::kAnthropicMessages:
      return Dialect::kAnthropic;
    case WireApi::kOpenAiChat:
    case WireApi::kOpenAiResponses:
    case WireApi::kOpenAiCompletions:
    case WireApi::kOpenAiEmbeddings:
      return Dialect::kOpenAi;
    case WireApi::kGeminiGenerate:
    case WireApi::kGeminiEmbed:
      return Dialect::kGemini;
    default:
      return otherwise;
  }
}

}  // namespace pitot
