#include "query/span_refs.h"

#include "base/status.h"
#include "store/day.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace {

// Of the day from `from_ns` on, cut to the window.
absl::StatusOr<std::vector<ScopedSpan>> ReadDay(const QueryContext& context, const Scope& scope,
                                                UnixNanos from_ns) {
  // The filter keeps the whole window: what it looks up elsewhere is bounded by that.
  SqlPiece where = FactsWhere(scope, /*calls_only=*/true);
  where.params.push_back({"page_day", fmt::to_string(DayOf(from_ns))});
  ASSIGN_OR_RETURN(
      const QueryResult result,
      context.engine.Query(
          fmt::format("SELECT f.trace_id, f.span_id, f.counted FROM facts AS f FINAL WHERE {} AND "
                      "toUInt16(f.day) = {{page_day:UInt16}} ORDER BY f.trace_id, f.span_id",
                      where.sql),
          context.Options(std::move(where.params), "RowBinary")));
  RowBinaryReader in(result.body);
  std::vector<ScopedSpan> spans;
  while (!in.AtEnd()) {
    ScopedSpan& span = spans.emplace_back();
    span.ref.trace_id = TraceId::FromBytes(in.Bytes(16));
    span.ref.span_id = SpanId::FromBytes(in.Bytes(8));
    span.counted = in.Bool();
  }
  if (!in.ok()) {
    return Internal("{} answered with broken RowBinary", context.engine.Describe());
  }
  return spans;
}

}  // namespace

absl::StatusOr<uint64_t> CountScopedSpans(const QueryContext& context, const Scope& scope) {
  SqlPiece where = FactsWhere(scope, /*calls_only=*/true);
  ASSIGN_OR_RETURN(
      const QueryResult result,
      context.engine.Query(fmt::format("SELECT count() FROM facts AS f FINAL WHERE {}", where.sql),
                           context.Options(std::move(where.params), "RowBinary")));
  RowBinaryReader in(result.body);
  const auto count = in.Number<uint64_t>();
  if (!in.ok() || !in.AtEnd()) {
    return Internal("{} answered with broken RowBinary", context.engine.Describe());
  }
  return count;
}

absl::Status VisitScopedSpans(
    const QueryContext& context, const Scope& scope,
    const std::function<absl::Status(const std::vector<ScopedSpan>&)>& visit) {
  const auto [since, until] = scope.window;
  SqlPiece where = FactsWhere(scope, /*calls_only=*/true);
  // Days that have something: the window may be decades.
  ASSIGN_OR_RETURN(
      const QueryResult result,
      context.engine.Query(fmt::format("SELECT DISTINCT toUInt16(f.day) AS d FROM facts AS f FINAL "
                                       "WHERE {} ORDER BY d",
                                       where.sql),
                           context.Options(std::move(where.params), "RowBinary")));
  RowBinaryReader days(result.body);
  while (!days.AtEnd()) {
    const int64_t day = days.Number<uint16_t>();
    ASSIGN_OR_RETURN(const std::vector<ScopedSpan> spans,
                     ReadDay(context, scope, std::max(since, day * kNanosPerDay)));
    RETURN_IF_ERROR(visit(spans));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadUnpricedModels(const QueryContext& context, const Scope& scope,
                                               uint32_t limit) {
  SqlPiece where = FactsWhere(scope, /*calls_only=*/true);
  where.params.push_back({"limit", fmt::to_string(limit)});
  ASSIGN_OR_RETURN(
      const QueryResult result,
      context.engine.Query(
          fmt::format("SELECT f.provider AS provider, f.model AS model, count() AS calls, "
                      "sum(f.input_tokens + f.cache_read_tokens + f.cache_write_5m_tokens + "
                      "f.cache_write_1h_tokens + f.input_audio_tokens + f.input_image_tokens + "
                      "f.output_tokens + f.reasoning_tokens + f.output_audio_tokens + "
                      "f.output_image_tokens) AS tokens, "
                      "fromUnixTimestamp64Nano(min(f.end_ns), 'UTC') AS first_at, "
                      "fromUnixTimestamp64Nano(max(f.end_ns), 'UTC') AS last_at "
                      "FROM facts AS f FINAL WHERE {} AND f.unpriced GROUP BY provider, model "
                      "ORDER BY tokens DESC, provider, model LIMIT {{limit:UInt32}}",
                      where.sql),
          context.Options(std::move(where.params))));
  std::string json = "[";
  std::string_view lines = result.body;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    if (!line.empty()) json += fmt::format("{}{}", json.size() == 1 ? "\n" : ",\n", line);
  }
  return json + "]";
}

}  // namespace pitot
