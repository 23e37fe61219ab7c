#include "store/repriced_spans.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/hex.h"
#include "base/status.h"
#include "store/engine/statement.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace {

// As ReadRow reads.
constexpr std::string_view kRead = R"sql(
SELECT version, trace_id, span_id, end_ns, provider, model, service_tier, has_usage,
       input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
       input_audio_tokens, input_image_tokens, output_tokens, reasoning_tokens,
       output_audio_tokens, output_image_tokens, web_searches, file_searches,
       cost, cost_by_bucket, cost_reported, price_source, price_confidence, price_version,
       price_rule, estimated
FROM spans
WHERE project = {project:String}
  AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))
  AND (trace_id, span_id) IN
      (SELECT toFixedString(unhex(substring(arrayJoin({spans:Array(String)}) AS key, 1, 32)), 16),
              toFixedString(unhex(substring(key, 33)), 8))
ORDER BY version DESC
LIMIT 1 BY trace_id, span_id
)sql";

// n: which of the new prices is the row's; 0: none.
constexpr std::string_view kRewrite = R"sql(
SELECT * EXCEPT (n) REPLACE (
    version + 1 AS version,
    if(isDistinctFrom(cost, {costs:Array(Nullable(Int64))}[n]), cost, cost_previous)
        AS cost_previous,
    if(isDistinctFrom(cost, {costs:Array(Nullable(Int64))}[n]), price_version,
       price_version_previous) AS price_version_previous,
    if(isDistinctFrom(cost, {costs:Array(Nullable(Int64))}[n]), {at:Int64}, repriced_ns)
        AS repriced_ns,
    {costs:Array(Nullable(Int64))}[n] AS cost,
    {buckets:Array(Array(Int64))}[n] AS cost_by_bucket,
    CAST({sources:Array(Int8)}[n], toTypeName(price_source)) AS price_source,
    CAST({confidences:Array(Int8)}[n], toTypeName(price_confidence)) AS price_confidence,
    toLowCardinality({texts:Array(String)}[{versions:Array(UInt32)}[n]]) AS price_version,
    toLowCardinality({texts:Array(String)}[{rules:Array(UInt32)}[n]]) AS price_rule,
    CAST({estimates:Array(UInt8)}[n], 'Bool') AS estimated)
FROM
(
    SELECT *, indexOf({keys:Array(String)},
                      concat(hex(trace_id), hex(span_id), toString(version))) AS n
    FROM spans
    WHERE project = {project:String}
      AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))
      AND has({keys:Array(String)}, concat(hex(trace_id), hex(span_id), toString(version)))
    LIMIT 1 BY trace_id, span_id
)
)sql";

std::string UpperHex(std::string_view raw) {
  std::string hex = ToHex(raw);
  for (char& c : hex) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  return hex;
}

std::optional<NanoUsd> Money(RowBinaryReader& in) {
  const auto value = in.NullableNumber<int64_t>();
  return value ? std::optional<NanoUsd>(NanoUsd{*value}) : std::nullopt;
}

PricedSpan ReadRow(RowBinaryReader& in, Arena& arena) {
  PricedSpan row;
  Span& span = row.span;
  row.version = in.Number<uint64_t>();
  span.trace_id = TraceId::FromBytes(in.Bytes(16));
  span.span_id = SpanId::FromBytes(in.Bytes(8));
  span.end_ns = in.Number<int64_t>();
  span.provider = arena.Copy(in.String());
  span.model = arena.Copy(in.String());
  span.service_tier = arena.Copy(in.String());
  span.has_usage = in.Bool();
  for (int64_t& bucket : span.usage.tokens) bucket = in.Number<uint32_t>();
  span.usage.web_searches = in.Number<uint32_t>();
  span.usage.file_searches = in.Number<uint32_t>();
  span.cost = Money(in);
  const size_t buckets = in.Count(8);
  for (size_t i = 0; i < buckets; ++i) {
    const auto bucket = in.Number<int64_t>();
    if (i < span.cost_by_bucket.size()) span.cost_by_bucket[i] = bucket;
  }
  span.cost_reported = Money(in);
  span.price_source = in.Enum(PriceSource::kEnd);
  span.price_confidence = in.Enum(PriceConfidence::kEnd);
  span.price_version = arena.Copy(in.String());
  span.price_rule = arena.Copy(in.String());
  span.estimated = in.Bool();
  return row;
}

// Distinct texts, and for each where it stands, from 1.
class TextList {
 public:
  size_t Add(std::string_view text) {
    const auto [at, added] = index_.try_emplace(std::string(text), texts_.size() + 1);
    if (added) texts_.emplace_back(text);
    return at->second;
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::map<std::string, size_t> index_;
  std::vector<std::string> texts_;
};

void AppendItem(std::string& array, std::string_view item) {
  array += fmt::format("{}{}", array.empty() ? "[" : ",", item);
}

std::string BucketsText(const std::array<int64_t, kUsageBuckets>& buckets) {
  // None, as an ingested span without a price has none.
  if (buckets == std::array<int64_t, kUsageBuckets>{}) return "[]";
  std::string text;
  for (const int64_t bucket : buckets) AppendItem(text, fmt::to_string(bucket));
  return text + "]";
}

std::string TracesParam(std::vector<std::string> traces) {
  std::sort(traces.begin(), traces.end());
  traces.erase(std::unique(traces.begin(), traces.end()), traces.end());
  return QuoteArray(traces);
}

}  // namespace

absl::StatusOr<std::vector<PricedSpan>> ReadPricedSpans(Engine& engine, std::string_view project,
                                                        std::span<const SpanRef> refs, Arena& arena,
                                                        std::chrono::milliseconds deadline) {
  std::vector<PricedSpan> rows;
  if (refs.empty()) return rows;
  std::vector<std::string> traces;
  std::vector<std::string> keys;
  for (const SpanRef& ref : refs) {
    traces.push_back(ToHex(ref.trace_id.view()));
    keys.push_back(traces.back() + ToHex(ref.span_id.view()));
  }
  QueryOptions options;
  options.deadline = deadline;
  options.format = "RowBinary";
  options.params = {{"project", std::string(project)},
                    {"traces", TracesParam(std::move(traces))},
                    {"spans", QuoteArray(keys)}};
  ASSIGN_OR_RETURN(const QueryResult result, engine.Query(kRead, options));
  RowBinaryReader in(result.body);
  while (!in.AtEnd()) {
    PricedSpan row = ReadRow(in, arena);
    if (in.ok() && (row.span.has_usage || row.span.cost_reported)) rows.push_back(std::move(row));
  }
  if (!in.ok()) return Internal("{} answered with broken RowBinary", engine.Describe());
  return rows;
}

absl::Status WriteRepricedSpans(Engine& engine, std::string_view project,
                                std::span<const PricedSpan> spans, UnixNanos at_ns,
                                std::chrono::milliseconds deadline) {
  if (spans.empty()) return absl::OkStatus();
  std::vector<std::string> traces;
  std::vector<std::string> keys;
  TextList texts;
  std::string costs, buckets, sources, confidences, versions, rules, estimates;
  for (const PricedSpan& row : spans) {
    const Span& span = row.span;
    if (row.version % kRecvStepNanos == kRecvStepNanos - 1) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "span {} of trace {} was repriced {} times, it cannot be once more",
                   ToHex(span.span_id.view()), ToHex(span.trace_id.view()), kRecvStepNanos - 1);
    }
    traces.push_back(ToHex(span.trace_id.view()));
    keys.push_back(fmt::format("{}{}{}", UpperHex(span.trace_id.view()),
                               UpperHex(span.span_id.view()), row.version));
    AppendItem(costs, span.cost ? fmt::to_string(span.cost->value) : "NULL");
    AppendItem(buckets, BucketsText(span.cost_by_bucket));
    AppendItem(sources, fmt::to_string(static_cast<int>(span.price_source)));
    AppendItem(confidences, fmt::to_string(static_cast<int>(span.price_confidence)));
    AppendItem(versions, fmt::to_string(texts.Add(span.price_version)));
    AppendItem(rules, fmt::to_string(texts.Add(span.price_rule)));
    AppendItem(estimates, span.estimated ? "1" : "0");
  }
  QueryOptions options;
  options.deadline = deadline;
  options.format = "Native";
  options.params = {{"project", std::string(project)},
                    {"traces", TracesParam(std::move(traces))},
                    {"keys", QuoteArray(keys)},
                    {"texts", QuoteArray(texts.texts())},
                    {"costs", costs + "]"},
                    {"buckets", buckets + "]"},
                    {"sources", sources + "]"},
                    {"confidences", confidences + "]"},
                    {"versions", versions + "]"},
                    {"rules", rules + "]"},
                    {"estimates", estimates + "]"},
                    {"at", fmt::to_string(at_ns)}};
  ASSIGN_OR_RETURN(const QueryResult rows, engine.Query(kRewrite, options));
  if (rows.body.empty()) return absl::OkStatus();
  return engine.Insert("spans", rows.body, deadline);
}

}  // namespace pitot
