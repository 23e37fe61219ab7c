#include "query/series/trace_histogram.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <iterator>
#include <vector>

#include "base/status.h"
#include "query/figures/answer.h"
#include "query/series/steps.h"
#include "query/sql_files.h"
#include "query/trace_stretch.h"

namespace pitot {
namespace {

constexpr std::array kCounts = {"traces", "errors", "running"};
using Counts = std::array<std::vector<int64_t>, kCounts.size()>;

absl::StatusOr<Counts> ReadCounts(const QueryContext& context, const Scope& scope,
                                  const Steps& steps) {
  const auto [since, until] = scope.window;
  Counts counts;
  for (std::vector<int64_t>& one : counts) one.resize(steps.count);
  SqlPiece sql{.sql = std::string(SqlFile("trace_histogram.sql"))};
  if (!scope.filter.empty()) {
    ASSIGN_OR_RETURN(const TraceStretch stretch,
                     MeasureStretch(context, scope.project, since, until));
    if (stretch.traces == 0) return counts;
    sql = OfMatchingTraces(sql.sql, scope.project, scope.filter, since, stretch.last_end_ns);
  }
  std::ranges::move(StretchParams(scope.project, since, until), std::back_inserter(sql.params));
  sql.params.push_back({"step_ns", fmt::to_string(steps.step_ns)});
  sql.params.push_back({"first", fmt::to_string(steps.first)});
  ASSIGN_OR_RETURN(const Table table,
                   ReadTable(context, sql.sql, std::move(sql.params), 1 + kCounts.size()));
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    const auto step = static_cast<size_t>(IntAt(row, 0));
    if (step >= steps.count) return Internal("the engine counted outside of the steps");
    for (size_t i = 0; i < counts.size(); ++i) counts[i][step] = IntAt(row, 1 + i);
  }
  return counts;
}

}  // namespace

absl::StatusOr<std::string> ReadTraceHistogram(const QueryContext& context,
                                               const TraceHistogramRequest& request) {
  if (request.points < kPointsMin || request.points > kPointsMax) {
    return InvalidArgument("points {} is not between {} and {}", request.points, kPointsMin,
                           kPointsMax);
  }
  const Steps steps = StepsOf(request.scope.window, request.points);
  ASSIGN_OR_RETURN(const Counts counts, ReadCounts(context, request.scope, steps));
  std::string json = fmt::format("{{\"window\":{},\"step_s\":{},\n\"starts\":{},\n",
                                 WindowJson(request.scope.window), steps.step_ns / kNanosPerSecond,
                                 steps.StartsJson());
  for (size_t i = 0; i < counts.size(); ++i) {
    json += fmt::format("\"{}\":[{}],\n", kCounts[i], fmt::join(counts[i], ","));
  }
  int64_t total = 0;
  for (const int64_t traces : counts[0]) total += traces;
  return json + fmt::format("\"total\":{}}}", total);
}

}  // namespace pitot
