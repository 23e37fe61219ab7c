#include "store/read_traces.h"

#include <fmt/format.h>

#include "base/hex.h"
#include "base/status.h"
#include "store/day.h"
#include "store/tables/row_binary.h"
#include "store/tables/spans_table.h"

namespace pitot {
namespace {

constexpr std::string_view kUsageList =
    "input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, "
    "input_audio_tokens, input_image_tokens, output_tokens, reasoning_tokens, "
    "output_audio_tokens, output_image_tokens, web_searches, file_searches";

// The ids come as hex: parameters are text. A subquery, because the engine turns IN over an array
// into has(), which does not use the key.
constexpr std::string_view kOfTraces =
    "project = {project:String} AND trace_id IN "
    "(SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))";

// In the order in which ReadSpan reads.
constexpr std::string_view kSpanList =
    "keep_days, version, trace_id, span_id, parent_span_id, name, kind, op, start_ns, duration_ns, "
    "status, status_message, service, environment, release, feature, feature_explicit, workflow, "
    "user_id, session_id, agent, prompt_name, prompt_version, provider, model_requested, model, "
    "response_id, finish_reason, ttft_ns, streaming, has_usage, usage_rollup, usage_convention, "
    "usage_flags, {}, cost, cost_reported, price_source, price_confidence, estimated, tool_name, "
    "tool_status, retry_count, error_category, scope, scope_version, emitter, source";

// In the order in which ReadFact reads.
constexpr std::string_view kFactList =
    "keep_days, is_call, end_ns, trace_id, span_id, rev, is_deleted, duration_ns, kind, is_root, "
    "is_orphan, status, name, service, environment, release, feature, workflow, user_id, "
    "session_id, agent, "
    "prompt_name, prompt_version, provider, model, finish_reason, ttft_ns, streaming, role, "
    "counted, counted_reason, counted_by, {}, cost, unpriced, estimated, price_confidence, "
    "tool_name, "
    "tool_status, retry_count, error_category";

// In the order in which ReadTrace reads.
constexpr std::string_view kTraceList =
    "keep_days, trace_id, rev, is_deleted, start_ns, duration_ns, root_name, status, "
    "status_message, spans, errors, orphans, llm_calls, tool_calls, input_tokens, output_tokens, "
    "cost, unpriced_calls, "
    "service, environment, feature, workflow, user_id, session_id, agent, models";

// Copies text into the arena; a text equal to the last one of the same column is not copied again.
class TextKeeper {
 public:
  explicit TextKeeper(Arena& arena) : arena_(arena) {}

  void StartRow() { column_ = 0; }
  std::string_view Keep(std::string_view text) {
    if (column_ == last_.size()) last_.emplace_back();
    std::string_view& last = last_[column_++];
    if (text != last) last = arena_.Copy(text);
    return last;
  }

 private:
  Arena& arena_;
  std::vector<std::string_view> last_;
  size_t column_ = 0;
};

// A sum that stays at the ends of int64_t: what is read may be anything.
int64_t Sum(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}

int64_t StartOf(int64_t end_ns, int64_t duration_ns) {
  int64_t start = 0;
  if (!__builtin_sub_overflow(end_ns, duration_ns, &start)) return start;
  return end_ns < 0 ? INT64_MIN : INT64_MAX;
}

Usage ReadUsage(RowBinaryReader& in) {
  Usage usage;
  for (int64_t& bucket : usage.tokens) bucket = in.Number<uint32_t>();
  usage.web_searches = in.Number<uint32_t>();
  usage.file_searches = in.Number<uint32_t>();
  return usage;
}

std::optional<NanoUsd> ReadMoney(RowBinaryReader& in) {
  const std::optional<int64_t> value = in.NullableNumber<int64_t>();
  return value ? std::optional<NanoUsd>(NanoUsd{*value}) : std::nullopt;
}

std::optional<bool> ReadNullableBool(RowBinaryReader& in) {
  const std::optional<uint8_t> value = in.NullableNumber<uint8_t>();
  return value ? std::optional<bool>(*value != 0) : std::nullopt;
}

void ReadModelCall(RowBinaryReader& in, TextKeeper& text, Span& span) {
  span.provider = text.Keep(in.String());
  span.model_requested = text.Keep(in.String());
  span.model = text.Keep(in.String());
  span.response_id = text.Keep(in.String());
  span.finish_reason = in.Enum(FinishReason::kEnd);
  span.ttft_ns = in.NullableNumber<int64_t>();
  span.streaming = ReadNullableBool(in);
  span.has_usage = in.Bool();
  span.usage_rollup = in.Bool();
  span.usage_convention =
      in.Enum(static_cast<UsageConvention>(static_cast<int>(UsageConvention::kUnknown) + 1));
  span.usage_flags = in.Number<uint8_t>();
  span.usage = ReadUsage(in);
  span.cost = ReadMoney(in);
  span.cost_reported = ReadMoney(in);
  span.price_source = in.Enum(PriceSource::kEnd);
  span.price_confidence = in.Enum(PriceConfidence::kEnd);
  span.estimated = in.Bool();
}

StoredSpan ReadSpan(RowBinaryReader& in, TextKeeper& text) {
  StoredSpan stored;
  Span& span = stored.span;
  stored.keep_days = in.Number<uint16_t>();
  stored.recv_ns = RecvOfVersion(in.Number<uint64_t>());
  span.trace_id = TraceId::FromBytes(in.Bytes(16));
  span.span_id = SpanId::FromBytes(in.Bytes(8));
  span.parent_span_id = SpanId::FromBytes(in.Bytes(8));
  span.name = text.Keep(in.String());
  span.kind = in.Enum(Kind::kEnd);
  span.op = text.Keep(in.String());
  span.start_ns = in.Number<int64_t>();
  span.end_ns = Sum(span.start_ns, in.Number<int64_t>());
  span.status = in.Enum(SpanStatus::kEnd);
  span.status_message = text.Keep(in.String());
  span.service = text.Keep(in.String());
  span.environment = text.Keep(in.String());
  span.release = text.Keep(in.String());
  span.feature.name = text.Keep(in.String());
  span.feature.explicit_ = in.Bool();
  span.workflow = text.Keep(in.String());
  span.user_id = text.Keep(in.String());
  span.session_id = text.Keep(in.String());
  span.agent = text.Keep(in.String());
  span.prompt_name = text.Keep(in.String());
  span.prompt_version = text.Keep(in.String());
  ReadModelCall(in, text, span);
  span.tool_name = text.Keep(in.String());
  span.tool_status = in.Enum(ToolStatus::kEnd);
  span.retry_count = in.Number<uint32_t>();
  span.error_category = in.Enum(ErrorCategory::kEnd);
  span.scope = text.Keep(in.String());
  span.scope_version = text.Keep(in.String());
  span.emitter = text.Keep(in.String());
  span.source = in.Enum(Source::kEnd);
  return stored;
}

void ReadFactFigures(RowBinaryReader& in, TextKeeper& text, FactRow& row) {
  row.provider = text.Keep(in.String());
  row.model = text.Keep(in.String());
  row.finish_reason = in.Enum(FinishReason::kEnd);
  row.ttft_ns = in.NullableNumber<int64_t>();
  row.streaming = in.Bool();
  row.role = in.Enum(UsageRole::kEnd);
  row.counted = in.Bool();
  row.counted_reason = text.Keep(in.String());
  row.counted_by = SpanId::FromBytes(in.Bytes(8));
  row.usage = ReadUsage(in);
  row.cost = ReadMoney(in);
  row.unpriced = in.Bool();
  row.estimated = in.Bool();
  row.price_confidence = in.Enum(PriceConfidence::kEnd);
  row.tool_name = text.Keep(in.String());
  row.tool_status = in.Enum(ToolStatus::kEnd);
  row.retry_count = in.Number<uint32_t>();
  row.error_category = in.Enum(ErrorCategory::kEnd);
}

StoredFact ReadFact(RowBinaryReader& in, TextKeeper& text) {
  StoredFact stored;
  FactRow& row = stored.row;
  stored.keep_days = in.Number<uint16_t>();
  row.is_call = in.Bool();
  row.end_ns = in.Number<int64_t>();
  row.trace_id = TraceId::FromBytes(in.Bytes(16));
  row.span_id = SpanId::FromBytes(in.Bytes(8));
  row.rev = in.Number<uint64_t>();
  row.is_deleted = in.Number<uint8_t>() != 0;
  row.start_ns = StartOf(row.end_ns, in.Number<int64_t>());
  row.kind = in.Enum(Kind::kEnd);
  row.is_root = in.Bool();
  row.is_orphan = in.Bool();
  row.status = in.Enum(SpanStatus::kEnd);
  row.name = text.Keep(in.String());
  row.service = text.Keep(in.String());
  row.environment = text.Keep(in.String());
  row.release = text.Keep(in.String());
  row.feature = text.Keep(in.String());
  row.workflow = text.Keep(in.String());
  row.user_id = text.Keep(in.String());
  row.session_id = text.Keep(in.String());
  row.agent = text.Keep(in.String());
  row.prompt_name = text.Keep(in.String());
  row.prompt_version = text.Keep(in.String());
  ReadFactFigures(in, text, row);
  return stored;
}

StoredTrace ReadTrace(RowBinaryReader& in, TextKeeper& text) {
  StoredTrace stored;
  TraceRow& row = stored.row;
  stored.keep_days = in.Number<uint16_t>();
  row.trace_id = TraceId::FromBytes(in.Bytes(16));
  row.rev = in.Number<uint64_t>();
  row.is_deleted = in.Number<uint8_t>() != 0;
  row.start_ns = in.Number<int64_t>();
  row.end_ns = Sum(row.start_ns, in.Number<int64_t>());
  row.root_name = text.Keep(in.String());
  row.status = in.Enum(SpanStatus::kEnd);
  row.status_message = text.Keep(in.String());
  row.spans = in.Number<uint32_t>();
  row.errors = in.Number<uint32_t>();
  row.orphans = in.Number<uint32_t>();
  row.llm_calls = in.Number<uint32_t>();
  row.tool_calls = in.Number<uint32_t>();
  row.input_tokens = in.Number<int64_t>();
  row.output_tokens = in.Number<int64_t>();
  row.cost.value = in.Number<int64_t>();
  row.unpriced_calls = in.Number<uint32_t>();
  row.service = text.Keep(in.String());
  row.environment = text.Keep(in.String());
  row.feature = text.Keep(in.String());
  row.workflow = text.Keep(in.String());
  row.user_id = text.Keep(in.String());
  row.session_id = text.Keep(in.String());
  row.agent = text.Keep(in.String());
  row.models.resize(in.Count());
  for (std::string_view& model : row.models) model = text.Keep(in.String());
  return stored;
}

// Runs `sql` and reads its rows with `read_row`.
template <typename Row>
absl::StatusOr<std::vector<Row>> ReadRows(Engine& engine, std::string_view sql,
                                          QueryOptions options, Arena& arena,
                                          Row (*read_row)(RowBinaryReader&, TextKeeper&)) {
  options.format = "RowBinary";
  ASSIGN_OR_RETURN(const QueryResult result, engine.Query(sql, options));
  RowBinaryReader in(result.body);
  TextKeeper text(arena);
  std::vector<Row> rows;
  while (!in.AtEnd()) {
    text.StartRow();
    rows.push_back(read_row(in, text));
  }
  if (!in.ok()) {
    return Internal("{} answered a query with {} bytes of RowBinary that break off in row {}: {}",
                    engine.Describe(), result.body.size(), rows.size(), sql);
  }
  return rows;
}

QueryOptions OptionsFor(std::string_view project, std::span<const TraceId> trace_ids,
                        std::chrono::milliseconds deadline) {
  std::vector<std::string> hex;
  hex.reserve(trace_ids.size());
  for (const TraceId& id : trace_ids) hex.push_back(ToHex(id.view()));
  QueryOptions options;
  options.deadline = deadline;
  options.params = {{"project", std::string(project)}, {"trace_ids", QuoteArray(hex)}};
  return options;
}

// Adds the range [min, max] of a time column, in its days and in `unit_ns`, rounded down as intDiv
// in the table's key rounds: towards zero.
void AddRange(UnixNanos min_ns, UnixNanos max_ns, int64_t unit_ns, QueryOptions& options) {
  const auto add = [&](std::string name, int64_t value) {
    options.params.push_back({std::move(name), fmt::to_string(value)});
  };
  add("min_day", DayOf(min_ns));
  add("max_day", DayOf(max_ns));
  add("min_unit", min_ns / unit_ns);
  add("max_unit", max_ns / unit_ns);
}

}  // namespace

absl::StatusOr<std::vector<StoredSpan>> ReadTraceSpans(Engine& engine, std::string_view project,
                                                       std::span<const TraceId> trace_ids,
                                                       Arena& arena,
                                                       std::chrono::milliseconds deadline) {
  if (trace_ids.empty()) return std::vector<StoredSpan>{};
  const std::string sql = fmt::format(
      "SELECT {} FROM spans WHERE {} ORDER BY version DESC LIMIT 1 BY trace_id, span_id",
      fmt::format(fmt::runtime(kSpanList), kUsageList), kOfTraces);
  return ReadRows(engine, sql, OptionsFor(project, trace_ids, deadline), arena, ReadSpan);
}

absl::StatusOr<std::vector<StoredFact>> ReadTraceFacts(Engine& engine, std::string_view project,
                                                       std::span<const TraceId> trace_ids,
                                                       UnixNanos end_min_ns, UnixNanos end_max_ns,
                                                       Arena& arena,
                                                       std::chrono::milliseconds deadline) {
  if (trace_ids.empty()) return std::vector<StoredFact>{};
  QueryOptions options = OptionsFor(project, trace_ids, deadline);
  AddRange(end_min_ns, end_max_ns, kNanosPerMinute, options);
  const std::string sql = fmt::format(
      "SELECT {} FROM facts WHERE {} "
      "AND toUInt16(day) BETWEEN {{min_day:UInt16}} AND {{max_day:UInt16}} "
      "AND intDiv(end_ns, 60000000000) BETWEEN {{min_unit:Int64}} AND {{max_unit:Int64}} "
      "ORDER BY rev DESC LIMIT 1 BY keep_days, is_call, intDiv(end_ns, 60000000000), trace_id, "
      "span_id",
      fmt::format(fmt::runtime(kFactList), kUsageList), kOfTraces);
  return ReadRows(engine, sql, std::move(options), arena, ReadFact);
}

absl::StatusOr<std::vector<StoredTrace>> ReadTraceRows(Engine& engine, std::string_view project,
                                                       std::span<const TraceId> trace_ids,
                                                       UnixNanos start_min_ns,
                                                       UnixNanos start_max_ns, Arena& arena,
                                                       std::chrono::milliseconds deadline) {
  if (trace_ids.empty()) return std::vector<StoredTrace>{};
  QueryOptions options = OptionsFor(project, trace_ids, deadline);
  AddRange(start_min_ns, start_max_ns, 60 * kNanosPerMinute, options);
  const std::string sql = fmt::format(
      "SELECT {} FROM traces WHERE {} "
      "AND toUInt16(day) BETWEEN {{min_day:UInt16}} AND {{max_day:UInt16}} "
      "AND intDiv(start_ns, 3600000000000) BETWEEN {{min_unit:Int64}} AND {{max_unit:Int64}} "
      "ORDER BY rev DESC LIMIT 1 BY keep_days, intDiv(start_ns, 3600000000000), trace_id",
      kTraceList, kOfTraces);
  return ReadRows(engine, sql, std::move(options), arena, ReadTrace);
}

}  // namespace pitot
