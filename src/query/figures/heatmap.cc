#include "query/figures/heatmap.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/status.h"
#include "base/text.h"
#include "query/figures/answer.h"
#include "query/figures/call_kind.h"

namespace pitot {
namespace {

constexpr int kEdgesADecade = 8;
constexpr int kDecades = 11;
constexpr double kFirstEdgeNs = 1000;

struct Measure {
  std::string_view name;
  std::string_view value;  // SQL over facts AS f.
  std::string_view known;
};
constexpr Measure kMeasures[] = {
    {"duration", "f.duration_ns", "1"},
    {"ttft", "assumeNotNull(f.ttft_ns)", "f.ttft_ns IS NOT NULL"},
};

absl::StatusOr<Measure> ParseMeasure(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Measure& measure : kMeasures) {
    if (measure.name == name) return measure;
    names.push_back(measure.name);
  }
  return InvalidArgument("measure \"{}\" is none{}; measures are {}", name, DidYouMean(name, names),
                         fmt::join(names, ", "));
}

// [column][row]; rows are intervals of HeatmapEdges().
using Counts = std::vector<std::vector<int64_t>>;

// One statement: the engine counts by cell.
absl::StatusOr<Counts> ReadCounts(const QueryContext& context, const Scope& scope,
                                  const CallKind& calls, const Measure& measure, int64_t step_ns,
                                  size_t columns) {
  // Lower edges: roundDown gives the first for what is smaller. The last edge is no lower one.
  const std::vector<int64_t>& edges = HeatmapEdges();
  const size_t rows = edges.size() - 1;
  SqlPiece where = FactsWhere(scope, calls.calls_only);
  const std::string sql = fmt::format(
      "SELECT intDiv(f.end_ns - {{since_ns:Int64}}, {{step_ns:Int64}}) AS c, "
      "roundDown({}, {{edges:Array(Int64)}}) AS edge, count() FROM facts AS f FINAL "
      "WHERE {} AND {} AND {} GROUP BY c, edge",
      measure.value, where.sql, calls.sql, measure.known);
  where.params.push_back({"step_ns", fmt::to_string(step_ns)});
  where.params.push_back(
      {"edges", fmt::format("[{}]", fmt::join(edges.begin(), edges.end() - 1, ","))});
  ASSIGN_OR_RETURN(const Table table, ReadTable(context, sql, std::move(where.params), 3));

  Counts counts(columns, std::vector<int64_t>(rows));
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& cell = value.get_array();
    const auto column = static_cast<size_t>(IntAt(cell, 0));
    const auto row =
        static_cast<size_t>(std::ranges::lower_bound(edges, IntAt(cell, 1)) - edges.begin());
    if (column >= columns || row >= rows) return Internal("the engine counted outside of the map");
    counts[column][row] += IntAt(cell, 2);
  }
  return counts;
}

// [first, last) of the rows in use; 0, 0 when none is.
std::pair<size_t, size_t> RowsInUse(const Counts& counts) {
  size_t first = HeatmapEdges().size();
  size_t last = 0;
  for (const std::vector<int64_t>& column : counts) {
    for (size_t row = 0; row < column.size(); ++row) {
      if (column[row] == 0) continue;
      first = std::min(first, row);
      last = std::max(last, row + 1);
    }
  }
  return {std::min(first, last), last};
}

}  // namespace

const std::vector<int64_t>& HeatmapEdges() {
  static const std::vector<int64_t> kEdges = [] {
    std::vector<int64_t> edges;
    for (int k = 0; k <= kDecades * kEdgesADecade; ++k) {
      edges.push_back(std::llround(kFirstEdgeNs * std::pow(10.0, double(k) / kEdgesADecade)));
    }
    return edges;
  }();
  return kEdges;
}

absl::StatusOr<std::string> ReadHeatmap(const QueryContext& context,
                                        const HeatmapRequest& request) {
  ASSIGN_OR_RETURN(const CallKind calls, ParseCallKind(request.kind));
  ASSIGN_OR_RETURN(const Measure measure, ParseMeasure(request.measure));
  if (request.columns < 1 || request.columns > kHeatmapColumnsMax) {
    return InvalidArgument("columns {} is not between 1 and {}", request.columns,
                           kHeatmapColumnsMax);
  }
  const auto [since, until] = request.scope.window;
  const int64_t width = until - since;
  const int64_t step_ns = (width + request.columns - 1) / request.columns;
  const auto columns = static_cast<size_t>((width + step_ns - 1) / step_ns);
  ASSIGN_OR_RETURN(const Counts counts,
                   ReadCounts(context, request.scope, calls, measure, step_ns, columns));
  const auto [first, last] = RowsInUse(counts);

  std::vector<std::string> times;
  std::vector<std::string> rows;
  for (size_t i = 0; i < columns; ++i) {
    times.push_back(fmt::format("\"{}\"", IsoTime(since + static_cast<int64_t>(i) * step_ns)));
    rows.push_back(
        fmt::format("[{}]", fmt::join(counts[i].begin() + static_cast<ptrdiff_t>(first),
                                      counts[i].begin() + static_cast<ptrdiff_t>(last), ",")));
  }
  std::vector<std::string> edges;
  for (size_t i = first; i < last + (last > first ? 1 : 0); ++i) {
    edges.push_back(MillisJson(static_cast<double>(HeatmapEdges()[i])));
  }
  return fmt::format(
      "{{\"window\":{},\"step_ms\":{},\"of\":{},\"measure\":\"{}\",\n\"times\":[{}],\n"
      "\"edges_ms\":[{}],\n\"counts\":[\n{}]}}",
      WindowJson(request.scope.window), MillisJson(static_cast<double>(step_ns)),
      JsonText(calls.of), measure.name, fmt::join(times, ","), fmt::join(edges, ","),
      fmt::join(rows, ",\n"));
}

}  // namespace pitot
