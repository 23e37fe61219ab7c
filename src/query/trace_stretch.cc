#include "query/trace_stretch.h"

#include "base/status.h"
#include "query/sql_files.h"
#include "store/day.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace {

constexpr int64_t kNanosPerHour = 60 * kNanosPerMinute;

}  // namespace

std::vector<SqlParam> StretchParams(const std::string& project, UnixNanos from, UnixNanos to) {
  return {
      {"project", project},
      {"from_day", fmt::to_string(DayOf(from))},
      {"to_day", fmt::to_string(DayOf(to))},
      {"min_hour", fmt::to_string(from / kNanosPerHour)},
      {"max_hour", fmt::to_string(to / kNanosPerHour)},
      {"from_ns", fmt::to_string(from)},
      {"to_ns", fmt::to_string(to)},
  };
}

absl::StatusOr<TraceStretch> MeasureStretch(const QueryContext& context, const std::string& project,
                                            UnixNanos from, UnixNanos to) {
  ASSIGN_OR_RETURN(
      const QueryResult result,
      context.engine.Query(SqlFile("trace_list_bounds.sql"),
                           context.Options(StretchParams(project, from, to), "RowBinary")));
  RowBinaryReader in(result.body);
  TraceStretch stretch;
  stretch.traces = in.Number<uint64_t>();
  stretch.last_end_ns = in.Number<int64_t>();
  if (!in.ok()) return Internal("the engine's answer to trace_list_bounds.sql cannot be read");
  return stretch;
}

// PREWHERE, which the engine does not choose by itself under FINAL: the other columns of traces that
// do not match are then not read. Right because trace_id is part of the key: all versions of a row
// have it.
SqlPiece OfMatchingTraces(std::string_view sql, const std::string& project, const Filter& filter,
                          UnixNanos since_ns, UnixNanos last_end_ns) {
  SqlPiece spans = FactsWhere({.project = project,
                               .window = {.since_ns = since_ns, .until_ns = last_end_ns + 1},
                               .filter = filter});
  const size_t where = sql.find("WHERE");
  spans.sql =
      fmt::format("{}PREWHERE t.trace_id IN (SELECT f.trace_id FROM facts AS f FINAL WHERE {})\n{}",
                  sql.substr(0, where), spans.sql, sql.substr(where));
  std::erase_if(spans.params, [](const SqlParam& param) { return param.name == "project"; });
  return spans;
}

}  // namespace pitot
