#include "query/figures/latency.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/status.h"
#include "query/figures/answer.h"
#include "query/figures/call_kind.h"
#include "query/figures/quantiles.h"
#include "query/figures/timezone.h"

namespace pitot {
namespace {

constexpr int64_t kNanosPerHour = 60 * kNanosPerMinute;
constexpr int kBaselineDays = 7;
constexpr std::array kDurationLevels = {500, 900, 950, 990};
constexpr std::array kTtftLevels = {500, 990};
constexpr std::array kSpeedLevels = {500};
constexpr std::array kP99 = {990};

// Columns behind the keys.
enum Column {
  kGroup,
  kCount,
  kErrors,
  kMax,
  kDurations,
  kTtfts = kDurations + 2,
  kSpeeds = kTtfts + 2,
  kColumns = kSpeeds + 2
};

struct Baseline {
  double p99_ns = 0;
  int64_t intervals = 0;  // That it is the median of. 0: still learning.
};

struct Baselines {
  Baseline total;
  absl::flat_hash_map<std::string, Baseline> groups;
};

// A group without its time buckets, as one text: "" when nothing else is in it.
std::string GroupSql(const Grouping& grouping) {
  std::vector<std::string> keys;
  const std::vector<std::string_view> buckets = TimeBuckets();
  for (size_t i = 0; i < grouping.size(); ++i) {
    if (std::ranges::find(buckets, grouping.name(i)) != buckets.end()) continue;
    keys.push_back(fmt::format("toString(k{})", i));
  }
  return keys.empty() ? "''" : fmt::format("concat({}, '')", fmt::join(keys, ", char(31), "));
}

// The rows of the groups for which `more` holds, and the totals of these.
absl::StatusOr<Table> ReadFigures(const QueryContext& context, const LatencyRequest& request,
                                  const CallKind& calls, const Grouping& grouping,
                                  const SqlPiece& more) {
  SqlPiece where = FactsWhere(request.scope, calls.calls_only);
  const std::string sql = fmt::format(
      "{}SELECT {}{} AS same_group, count() AS n, countIf(f.status = 'error'), "
      "max(f.duration_ns), {}, {}, {} FROM facts AS f FINAL WHERE {} AND {} AND {}{}{}{}",
      grouping.With(), grouping.Shown(), GroupSql(grouping),
      QuantileColumns("duration", "f.duration_ns", "1", kDurationLevels),
      QuantileColumns("ttft", "f.ttft_ns", "f.ttft_ns IS NOT NULL", kTtftLevels),
      QuantileColumns("speed", kTokensPerSecondSql, kHasTokensPerSecondSql, kSpeedLevels),
      where.sql, calls.sql, more.sql, grouping.GroupBy(), grouping.OrderBy("n DESC"),
      grouping.empty() ? "" : " LIMIT {limit:UInt32}");
  std::ranges::copy(more.params, std::back_inserter(where.params));
  std::ranges::move(grouping.params(), std::back_inserter(where.params));
  if (!grouping.empty()) where.params.push_back({"limit", fmt::to_string(request.limit)});
  return ReadTable(context, sql, std::move(where.params), grouping.size() + kColumns);
}

// Whether there may be thousands of groups: for each of them percentiles cost far more than a count.
bool MayBeMany(const Grouping& grouping) {
  for (size_t i = 0; i < grouping.size(); ++i) {
    if (grouping.name(i) == "user_id" || grouping.name(i) == "session_id") return true;
  }
  return grouping.size() > 1;
}

// A group with its time buckets, as one text.
std::string WholeGroupSql(const Grouping& grouping) {
  std::string sql = "concat(''";
  for (size_t i = 0; i < grouping.size(); ++i) sql += fmt::format(", toString(k{}), char(31)", i);
  return sql + ")";
}

// Which groups are shown, WholeGroupSql of each, and how many there are.
absl::StatusOr<Table> CountGroups(const QueryContext& context, const LatencyRequest& request,
                                  const CallKind& calls, const Grouping& grouping) {
  SqlPiece where = FactsWhere(request.scope, calls.calls_only);
  const std::string sql = fmt::format(
      "{}SELECT {} AS whole_group, count() AS n FROM facts AS f FINAL WHERE {} AND {}{}{} "
      "LIMIT {{limit:UInt32}}",
      grouping.With(), WholeGroupSql(grouping), where.sql, calls.sql, grouping.GroupBy(),
      grouping.OrderBy("n DESC"));
  std::ranges::move(grouping.params(), std::back_inserter(where.params));
  where.params.push_back({"limit", fmt::to_string(request.limit)});
  return ReadTable(context, sql, std::move(where.params), 2);
}

absl::StatusOr<Table> ReadGroups(const QueryContext& context, const LatencyRequest& request,
                                 const CallKind& calls, const Grouping& grouping) {
  if (!MayBeMany(grouping)) return ReadFigures(context, request, calls, grouping, {"1", {}});
  ASSIGN_OR_RETURN(const Table counted, CountGroups(context, request, calls, grouping));
  if (counted.rows_before_limit <= request.limit) {
    return ReadFigures(context, request, calls, grouping, {"1", {}});
  }
  std::vector<std::string> shown;
  for (const boost::json::value& row : counted.rows) {
    shown.emplace_back(TextAt(row.get_array(), 0));
  }
  const SqlPiece within = {
      fmt::format("{} IN (SELECT arrayJoin({{shown:Array(String)}}))", WholeGroupSql(grouping)),
      {{"shown", QuoteArray(shown)}}};
  ASSIGN_OR_RETURN(Table table, ReadFigures(context, request, calls, grouping, within));
  ASSIGN_OR_RETURN(const Table total, ReadFigures(context, request, calls, Grouping(), {"1", {}}));
  if (total.rows.size() != 1) return Internal("the engine gave {} totals", total.rows.size());
  table.rows_before_limit = counted.rows_before_limit;
  table.totals = boost::json::array(grouping.size());
  const boost::json::array& figures = total.rows[0].get_array();
  table.totals.insert(table.totals.end(), figures.begin(), figures.end());
  return table;
}

// The condition that an end lies in one of the hours, each given by its first minute; for each hour
// one range of the key.
SqlPiece WithinHours(const std::vector<int64_t>& minutes) {
  SqlPiece piece;
  std::vector<std::string> ranges;
  for (size_t i = 0; i < minutes.size(); ++i) {
    ranges.push_back(fmt::format(
        "intDiv(f.end_ns, 60000000000) BETWEEN {{hour{0}:Int64}} AND {{hour{0}:Int64}} + 59", i));
    piece.params.push_back({fmt::format("hour{}", i), fmt::to_string(minutes[i])});
  }
  piece.sql = fmt::format("({})", fmt::join(ranges, " OR "));
  return piece;
}

// The medians of 5-minute p99s of all calls and of `groups`.
absl::Status AddBaselines(const QueryContext& context, const Scope& scope, const SqlPiece& more,
                          const CallKind& calls, const Grouping& grouping,
                          const std::vector<std::string>& groups, Baselines& out) {
  SqlPiece where = FactsWhere(scope, calls.calls_only);
  const std::string sql = fmt::format(
      "SELECT is_total, same_group, count() AS n, "
      "arraySort(groupArray(duration_q[1]))[intDiv(n + 1, 2)] FROM ({}SELECT "
      "if({} IN (SELECT arrayJoin({{groups:Array(String)}})), {}, char(30)) AS same_group, "
      "grouping(same_group) AS is_total, {} FROM facts AS f FINAL WHERE {} AND {} AND {} "
      "GROUP BY GROUPING SETS ((same_group, intDiv(f.end_ns, 300000000000)), "
      "(intDiv(f.end_ns, 300000000000)))) GROUP BY is_total, same_group",
      grouping.With(), GroupSql(grouping), GroupSql(grouping),
      QuantileColumns("duration", "f.duration_ns", "1", kP99), where.sql, calls.sql, more.sql);
  std::ranges::copy(more.params, std::back_inserter(where.params));
  std::ranges::move(grouping.params(), std::back_inserter(where.params));
  where.params.push_back({"groups", QuoteArray(groups)});
  ASSIGN_OR_RETURN(const Table table, ReadTable(context, sql, std::move(where.params), 4));
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    const Baseline baseline{.p99_ns = DoubleAt(row, 3), .intervals = IntAt(row, 2)};
    if (IntAt(row, 0) == 0) {
      out.groups.try_emplace(std::string(TextAt(row, 1)), baseline);
    } else if (out.total.intervals == 0) {
      out.total = baseline;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Baselines> ReadBaselines(const QueryContext& context, const LatencyRequest& request,
                                        const CallKind& calls, const Grouping& grouping,
                                        std::vector<std::string> groups) {
  const UnixNanos since = request.scope.window.since_ns;
  const UnixNanos hour = since - since % kNanosPerHour;
  Scope scope = request.scope;
  Baselines baselines;
  std::vector<int64_t> minutes;
  for (int day = 1; day <= kBaselineDays && hour >= day * kNanosPerDay; ++day) {
    minutes.push_back((hour - day * kNanosPerDay) / kNanosPerMinute);
  }
  if (!minutes.empty()) {
    scope.window = {minutes.back() * kNanosPerMinute, hour - kNanosPerDay + kNanosPerHour};
    RETURN_IF_ERROR(
        AddBaselines(context, scope, WithinHours(minutes), calls, grouping, groups, baselines));
  }
  std::erase_if(groups, [&](const std::string& group) { return baselines.groups.contains(group); });
  if ((groups.empty() && baselines.total.intervals > 0) || since == 0) return baselines;
  scope.window = {std::max<UnixNanos>(0, since - kNanosPerDay), since};
  RETURN_IF_ERROR(AddBaselines(context, scope, {"1", {}}, calls, grouping, groups, baselines));
  return baselines;
}

// "count":12,"errors":0,... without braces.
std::string FiguresJson(const boost::json::array& row, size_t at, const Baseline& baseline) {
  const Quantiles durations = ReadQuantiles(row, at + kDurations);
  const Quantiles ttfts = ReadQuantiles(row, at + kTtfts);
  const Quantiles speeds = ReadQuantiles(row, at + kSpeeds);
  const auto level = [](const Quantiles& of, size_t i) {
    return of.values.empty() ? std::nullopt : std::optional(of.values[i]);
  };
  std::optional<double> max;
  if (durations.count > 0) max = DoubleAt(row, at + kMax);
  // A sketch may say 1 % more than any call took.
  const auto duration = [&](size_t i) -> std::optional<double> {
    const auto value = level(durations, i);
    return value ? std::optional(std::min(*value, *max)) : std::nullopt;
  };
  const std::optional<double> p99 = duration(3);
  const bool known = baseline.intervals > 0;
  std::optional<double> ratio;
  if (known && baseline.p99_ns > 0 && p99) ratio = *p99 / baseline.p99_ns;
  return fmt::format(
      R"("count":{},"errors":{},"p50_ms":{},"p90_ms":{},"p95_ms":{},"p99_ms":{},"max_ms":{},)"
      R"("ttft_count":{},"ttft_p50_ms":{},"ttft_p99_ms":{},"tokens_per_second":{},)"
      R"("quantiles":"{}","low_n":{},"baseline_p99_ms":{},"ratio":{},"baseline":"{}",)"
      R"("baseline_intervals":{})",
      IntAt(row, at + kCount), IntAt(row, at + kErrors), MillisJson(duration(0)),
      MillisJson(duration(1)), MillisJson(duration(2)), MillisJson(p99), MillisJson(max),
      ttfts.count, MillisJson(level(ttfts, 0)), MillisJson(level(ttfts, 1)),
      NumberJson(level(speeds, 0)), QuantilesName(durations), durations.low_n(),
      MillisJson(known ? std::optional(baseline.p99_ns) : std::nullopt), NumberJson(ratio),
      known ? "ok" : "learning", baseline.intervals);
}

}  // namespace

absl::StatusOr<std::string> ReadLatency(const QueryContext& context,
                                        const LatencyRequest& request) {
  ASSIGN_OR_RETURN(const CallKind calls, ParseCallKind(request.kind));
  ASSIGN_OR_RETURN(const Grouping grouping, Grouping::Parse(request.by, request.timezone));
  RETURN_IF_ERROR(CheckTimezone(context, request.timezone));
  ASSIGN_OR_RETURN(const Table table, ReadGroups(context, request, calls, grouping));
  const size_t at = grouping.size();

  std::vector<std::string> groups;
  if (!grouping.empty()) {
    for (const boost::json::value& row : table.rows) {
      groups.emplace_back(TextAt(row.get_array(), at + kGroup));
    }
    std::ranges::sort(groups);
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  }
  ASSIGN_OR_RETURN(const Baselines baselines,
                   ReadBaselines(context, request, calls, grouping, std::move(groups)));

  std::string json =
      fmt::format("{{\"window\":{},\"by\":{},\"of\":{},\n\"groups\":[",
                  WindowJson(request.scope.window), grouping.ByJson(), JsonText(calls.of));
  if (grouping.empty()) {
    // One row, which is the total.
    if (table.rows.size() != 1) return Internal("the engine gave {} totals", table.rows.size());
    json += fmt::format("],\"groups_total\":0,\n\"total\":{{{}}}}}",
                        FiguresJson(table.rows[0].get_array(), 0, baselines.total));
    return json;
  }
  if (table.totals.empty()) return Internal("the engine gave no totals");
  std::string_view separator = "\n";
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    const auto baseline = baselines.groups.find(std::string(TextAt(row, at + kGroup)));
    json += fmt::format(
        "{}{{\"key\":{},{}}}", separator, grouping.KeyJson(row),
        FiguresJson(row, at, baseline == baselines.groups.end() ? Baseline{} : baseline->second));
    separator = ",\n";
  }
  json += fmt::format("],\"groups_total\":{},\n\"total\":{{{}}}}}", table.rows_before_limit,
                      FiguresJson(table.totals, at, baselines.total));
  return json;
}

}  // namespace pitot
