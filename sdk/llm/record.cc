// record_llm_call: the figures of a call onto its span, and to the recorders.
#include <array>
#include <string>

#include "pitot/cost_ledger.h"
#include "pitot/latency_tracker.h"
#include "pitot/llm_metrics.h"
#include "pitot/slo_monitor.h"
#include "pitot/span.h"
#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

using Seconds = std::chrono::duration<double>;

void SetText(Span& span, std::string_view key, const std::string& value) {
  if (!value.empty()) span.set(key, value);
}

const std::array<std::string, kUsageBuckets>& BucketKeys() {
  static const std::array<std::string, kUsageBuckets>& keys = *[] {
    auto* made = new std::array<std::string, kUsageBuckets>;
    for (size_t i = 0; i < kUsageBuckets; ++i) {
      (*made)[i] = "pitot.usage." + std::string(kUsageBucketNames[i]);
    }
    return made;
  }();
  return keys;
}

void SetUsage(const LlmCallMetrics& call, Span& span) {
  const Usage& usage = call.usage;
  span.set("pitot.usage.exact", true);
  span.set("gen_ai.usage.input_tokens", usage.input_total());
  span.set("gen_ai.usage.output_tokens", usage.output_total());
  const auto set = [&](std::string_view key, int64_t value) {
    if (value != 0) span.set(key, value);
  };
  set("gen_ai.usage.cache_read.input_tokens", usage[UsageBucket::kCacheRead]);
  set("gen_ai.usage.cache_creation.input_tokens",
      usage[UsageBucket::kCacheWrite5m] + usage[UsageBucket::kCacheWrite1h]);
  set("gen_ai.usage.reasoning.output_tokens", usage[UsageBucket::kReasoning]);
  for (size_t i = 0; i < kUsageBuckets; ++i) set(BucketKeys()[i], usage.tokens[i]);
  set("pitot.usage.web_searches", usage.web_searches);
  set("pitot.usage.file_searches", usage.file_searches);
}

void SetMoney(const LlmCallMetrics& call, Span& span) {
  if (call.cost) span.set("pitot.cost_nano_usd", call.cost->value);
  SetText(span, "pitot.price_rule", call.price_rule);
  if (call.cost_reported) {
    span.set("gen_ai.usage.cost", static_cast<double>(call.cost_reported->value) / 1e9);
  }
}

void SetAnswer(const LlmCallMetrics& call, Span& span) {
  SetText(span, "gen_ai.response.model", call.model);
  SetText(span, "gen_ai.response.id", call.response_id);
  SetText(span, "gen_ai.response.service_tier", call.service_tier);
  if (!call.finish_raw.empty()) {
    std::string reasons = "[";
    AppendQuoted(call.finish_raw, reasons);
    span.set("gen_ai.response.finish_reasons", AttributeValue::json(reasons + "]"));
  }
  if (call.finish != FinishReason::kNone) span.set("pitot.finish_reason", Name(call.finish));
  if (call.ttft) span.set("gen_ai.response.time_to_first_chunk", Seconds(*call.ttft).count());
  if (call.tokens_per_second) span.set("pitot.tokens_per_second", *call.tokens_per_second);
}

void FillSpan(const LlmCallMetrics& call, Span& span) {
  SetText(span, "gen_ai.provider.name", call.provider);
  SetText(span, "gen_ai.request.model", call.model_requested);
  span.set("gen_ai.request.stream", call.streaming);
  SetAnswer(call, span);
  if (call.retries != 0) span.set("pitot.retry_count", call.retries);
  if (call.http_status != 0) span.set("http.response.status_code", call.http_status);
  if (call.has_usage) SetUsage(call, span);
  if (call.estimated) span.set("pitot.estimated", true);
  SetMoney(call, span);
  if (call.ok()) return;
  span.fail(call.error_type.empty() ? Name(call.error) : std::string_view(call.error_type),
            call.error_message, call.error);
}

// What a service's operator is not to be woken for.
bool IsCallersOwn(ErrorCategory error) {
  return error == ErrorCategory::kInvalidArgs || error == ErrorCategory::kContextLength ||
         error == ErrorCategory::kAuth || error == ErrorCategory::kCancelled;
}

}  // namespace

void record_llm_call(const LlmCallMetrics& call, const Recorders& recorders, Span* span) {
  if (span != nullptr) FillSpan(call, *span);
  // A call that was refused used nothing: it would only count as one without a price.
  const bool used = call.ok() || call.has_usage || call.cost;
  if (recorders.ledger != nullptr && used) recorders.ledger->record(call);
  if (IsCallersOwn(call.error)) return;
  if (recorders.latency != nullptr) recorders.latency->record(call.duration);
  if (recorders.slo != nullptr) recorders.slo->record(call.ok());
}

}  // namespace sdk
}  // namespace pitot
