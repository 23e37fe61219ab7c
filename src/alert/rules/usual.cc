#include "alert/rules/usual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/status.h"
#include "query/figures/answer.h"
#include "query/figures/quantiles.h"

namespace pitot {
namespace {

constexpr int64_t kHourNs = 60 * kNanosPerMinute;
constexpr int64_t kMinutesPerHour = 60;
constexpr int kLatencyDays = 7;
// The newest minutes may be those of what is just going wrong.
constexpr int64_t kNewestNs = 10 * kNanosPerMinute;
// What one statement reads at most, about: a second or two of one core, once an hour.
constexpr int64_t kRowsMax = 20'000'000;
// A baseline of less is none.
constexpr int64_t kCallsMin = 100;
constexpr int64_t kIntervalsMin = 6;
// An alert that stands for longer has become what is usual.
constexpr int64_t kNewNormalNs = kNanosPerDay;
// Of the hours around the same hour last week.
constexpr int64_t kPresenceRecentNs = 6 * kHourNs;

// Minutes of each of `pieces` pieces of an hour that may be read, a multiple of `step`.
int64_t MinutesOfHour(const TrafficTable& now, int64_t pieces, int64_t step) {
  const int64_t per_minute = std::max<int64_t>(1, now.spans / 5);
  const int64_t minutes = kRowsMax / (per_minute * pieces);
  return std::clamp(minutes / step * step, step, kMinutesPerHour);
}

// A time of an alert: what ended in it is not usual. Of calls (provider, model), of tools (name,
// environment); an empty second name is any.
struct Exclusion {
  std::string first;
  std::string second;
  ActiveInterval time;
};

void AddExclusions(const EvalContext& context, std::string_view rule, const Labels& labels,
                   const Exclusion& like, int64_t back_ns, std::vector<Exclusion>& out) {
  const UnixNanos since = std::max<UnixNanos>(0, context.query.now - back_ns);
  for (ActiveInterval time : context.history.Active(rule, labels, since)) {
    // It began before it was noticed.
    time.from -= kTrafficWindowNs;
    const UnixNanos to = time.to == 0 ? context.query.now : time.to;
    time.to = std::min(to, time.from + kNewNormalNs);
    out.push_back({like.first, like.second, time});
  }
}

// " AND NOT ..." over two columns; empty without exclusions.
SqlPiece NotWithin(const std::vector<Exclusion>& exclusions, std::string_view first,
                   std::string_view second, std::string_view prefix) {
  SqlPiece piece;
  if (exclusions.empty()) return piece;
  std::vector<std::string> names, seconds;
  std::vector<UnixNanos> from, to;
  for (const Exclusion& each : exclusions) {
    names.push_back(each.first);
    seconds.push_back(each.second);
    from.push_back(each.time.from);
    to.push_back(each.time.to);
  }
  piece.sql = fmt::format(
      " AND NOT arrayExists((x, y, a, b) -> x = {0} AND (y = '' OR y = {1}) AND f.end_ns >= a AND "
      "f.end_ns < b, {{{2}_x:Array(String)}}, {{{2}_y:Array(String)}}, {{{2}_a:Array(Int64)}}, "
      "{{{2}_b:Array(Int64)}})",
      first, second, prefix);
  piece.params = {{fmt::format("{}_x", prefix), QuoteArray(names)},
                  {fmt::format("{}_y", prefix), QuoteArray(seconds)},
                  {fmt::format("{}_a", prefix), fmt::format("[{}]", fmt::join(from, ","))},
                  {fmt::format("{}_b", prefix), fmt::format("[{}]", fmt::join(to, ","))}};
  return piece;
}

void Append(SqlPiece& to, SqlPiece more) {
  to.sql += more.sql;
  std::ranges::move(more.params, std::back_inserter(to.params));
}

// Spans of the project that ended in these minutes.
SqlPiece Where(const EvalContext& context, const std::vector<MinuteRange>& ranges,
               bool calls_only = false) {
  Scope scope{.project = context.project, .window = {}, .filter = {}};
  if (!ranges.empty()) {
    scope.window = {ranges.front().first * kNanosPerMinute,
                    (ranges.back().last + 1) * kNanosPerMinute};
  }
  SqlPiece where = FactsWhere(scope, calls_only);
  if (ranges.size() > 1) {
    where.sql += " AND ";
    Append(where, WithinMinutes(ranges));
  }
  return where;
}

std::vector<Exclusion> LatencyExclusions(const EvalContext& context, const TrafficTable& now) {
  std::set<std::string> providers;
  for (const TrafficRow& row : now.rows) {
    if (row.of == TrafficClass::kCall) providers.insert(row.provider);
  }
  std::vector<Exclusion> out;
  for (const std::string& provider : providers) {
    AddExclusions(context, "latency_p99", {{"provider", provider}}, {provider, "", {}},
                  (kLatencyDays + 1) * kNanosPerDay, out);
  }
  return out;
}

// Medians of 5-minute p99s, and all durations, by key; adds those that `out` does not know.
absl::Status AddLatency(const EvalContext& context, const std::vector<MinuteRange>& ranges,
                        const std::vector<Exclusion>& exclusions,
                        std::map<LatencyKey, UsualTraffic::Latency>& out) {
  if (ranges.empty()) return absl::OkStatus();
  SqlPiece where = Where(context, ranges, /*calls_only=*/true);
  where.sql += fmt::format(" AND {} AND {}", kIsCallSql, kTimedSql);
  Append(where, NotWithin(exclusions, "f.provider", "f.model", "slow"));
  constexpr std::array kP99 = {990};
  const std::string keys =
      "f.provider AS k_provider, f.model AS k_model, toString(f.kind) AS k_kind, "
      "f.streaming AS k_streaming";
  ASSIGN_OR_RETURN(
      const Table medians,
      ReadTable(context.query,
                fmt::format("SELECT k_provider, k_model, k_kind, k_streaming, count() AS n, "
                            "arraySort(groupArray(p_q[1]))[intDiv(n + 1, 2)] FROM (SELECT {}, {} "
                            "FROM facts AS f FINAL WHERE {} GROUP BY k_provider, k_model, k_kind, "
                            "k_streaming, intDiv(f.end_ns, 300000000000)) "
                            "GROUP BY k_provider, k_model, k_kind, k_streaming",
                            keys, QuantileColumns("p", "f.duration_ns", "1", kP99), where.sql),
                where.params, 6));
  ASSIGN_OR_RETURN(
      const Table all,
      ReadTable(context.query,
                fmt::format("SELECT {}, f.feature AS k_feature, "
                            "(sumMap([{}], [toUInt64(1)]) AS buckets).1, buckets.2 FROM facts AS f "
                            "FINAL WHERE {} GROUP BY k_provider, k_model, k_kind, k_streaming, "
                            "k_feature",
                            keys, kDurationBucketSql, where.sql),
                where.params, 7));
  const auto key_of = [](const boost::json::array& row) {
    return LatencyKey{std::string(TextAt(row, 0)), std::string(TextAt(row, 1)),
                      std::string(TextAt(row, 2)), BoolAt(row, 3)};
  };
  std::map<LatencyKey, UsualTraffic::Latency> found;
  for (const boost::json::value& value : medians.rows) {
    const boost::json::array& row = value.get_array();
    UsualTraffic::Latency& latency = found[key_of(row)];
    latency.intervals = IntAt(row, 4);
    latency.p99_ns = DoubleAt(row, 5);
  }
  for (const boost::json::value& value : all.rows) {
    const boost::json::array& row = value.get_array();
    UsualTraffic::Latency& latency = found[key_of(row)];
    const LogHistogram durations = HistogramAt(row, 5);
    latency.all.Add(durations);
    latency.by_feature[std::string(TextAt(row, 4))].Add(durations);
  }
  for (auto& [key, latency] : found) {
    if (latency.intervals < kIntervalsMin || latency.all.count() < kCallsMin) continue;
    out.try_emplace(key, std::move(latency));
  }
  return absl::OkStatus();
}

absl::Status ReadLatency(const EvalContext& context, const TrafficTable& now, UsualTraffic& out) {
  const UnixNanos hour = now.now - now.now % kHourNs;
  const std::vector<Exclusion> exclusions = LatencyExclusions(context, now);
  std::vector<MinuteRange> ranges;
  const int64_t length = MinutesOfHour(now, kLatencyDays, 5);
  for (int day = kLatencyDays; day >= 1; --day) {
    if (hour < day * kNanosPerDay) continue;
    const int64_t first = (hour - day * kNanosPerDay) / kNanosPerMinute;
    ranges.push_back({first, first + length - 1});
  }
  RETURN_IF_ERROR(AddLatency(context, ranges, exclusions, out.latency));
  const bool complete = std::ranges::all_of(now.rows, [&](const TrafficRow& row) {
    return row.of != TrafficClass::kCall || out.latency.contains(LatencyKeyOf(row));
  });
  if (complete) return absl::OkStatus();
  return AddLatency(context,
                    MinuteRanges(now.now - kNanosPerDay, now.now - kNewestNs, kMinutesPerHour,
                                 MinutesOfHour(now, 24, 5)),
                    exclusions, out.latency);
}

std::vector<Exclusion> ShareExclusions(const EvalContext& context, const TrafficTable& now) {
  std::set<std::pair<std::string, std::string>> tools, models;
  for (const TrafficRow& row : now.rows) {
    if (row.of == TrafficClass::kTool) tools.emplace(row.tool, row.environment);
    if (row.of == TrafficClass::kCall) models.emplace(row.provider, row.model);
  }
  std::vector<Exclusion> out;
  for (const auto& [tool, environment] : tools) {
    Labels labels = {{"tool", tool}};
    if (!environment.empty()) labels["environment"] = environment;
    AddExclusions(context, "tool_args", labels, {tool, environment, {}}, 2 * kNanosPerDay, out);
  }
  for (const auto& [provider, model] : models) {
    Labels labels = {{"provider", provider}, {"model", model}};
    std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
    AddExclusions(context, "answers_cut", labels, {provider, model, {}}, 2 * kNanosPerDay, out);
  }
  return out;
}

absl::Status ReadShares(const EvalContext& context, const TrafficTable& now, UsualTraffic& out) {
  const std::vector<MinuteRange> ranges = MinuteRanges(now.now - kNanosPerDay, now.now - kNewestNs,
                                                       kMinutesPerHour, MinutesOfHour(now, 24, 1));
  SqlPiece where = Where(context, ranges);
  Append(where, NotWithin(ShareExclusions(context, now), "if(class = 1, f.provider, f.tool_name)",
                          "if(class = 1, f.model, f.environment)", "bad"));
  const std::string sql = fmt::format(
      "WITH {} AS class, {} AS root SELECT class, root, f.environment AS k_environment, "
      "f.feature AS k_feature, if(class = 1, f.provider, '') AS k_provider, "
      "if(class = 1, f.model, '') AS k_model, if(class = 2, f.tool_name, '') AS k_tool, count(), "
      "{}, "
      "countIf(class = 1 AND f.finish_reason != ''), "
      "countIf(class = 1 AND f.finish_reason = 'length'), "
      "countIf(class = 2 AND f.tool_status != ''), "
      "countIf(class = 2 AND f.tool_status = 'invalid_args') FROM facts AS f FINAL WHERE {} "
      "AND (class != 0 OR root) AND f.status != 'running' GROUP BY class, root, "
      "k_environment, "
      "k_feature, k_provider, k_model, k_tool",
      kTrafficClassSql, kIsRunSql, kErrorsSql, where.sql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context.query, sql, std::move(where.params), 13));
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    const auto of = static_cast<TrafficClass>(IntAt(row, 0));
    const std::string environment(TextAt(row, 2)), feature(TextAt(row, 3)),
        provider(TextAt(row, 4)), model(TextAt(row, 5)), tool(TextAt(row, 6));
    if (BoolAt(row, 1)) out.run_errors[{feature, environment}].Add(IntAt(row, 8), IntAt(row, 7));
    if (of == TrafficClass::kCall) {
      out.call_errors[{provider, model}].Add(IntAt(row, 8), IntAt(row, 7));
      out.cut[{provider, model, feature}].Add(IntAt(row, 10), IntAt(row, 9));
    } else if (of == TrafficClass::kTool) {
      out.invalid_args[{tool, environment}].Add(IntAt(row, 12), IntAt(row, 11));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadPresence(const EvalContext& context, const TrafficTable& now, UsualTraffic& out) {
  const UnixNanos hour = now.now - now.now % kHourNs;
  const UnixNanos week = hour - 7 * kNanosPerDay;
  const UnixNanos day = hour - kNanosPerDay;
  if (week < kHourNs) return absl::OkStatus();
  // One minute of five stands for all where there is much.
  const bool all = MinutesOfHour(now, 8, 1) == kMinutesPerHour;
  const int64_t length = all ? 5 : 1;
  std::vector<MinuteRange> ranges = MinuteRanges(week - kHourNs, week + 2 * kHourNs, 5, length);
  for (const auto& [from, to, every] :
       {std::tuple(day, day + kHourNs, 5), std::tuple(now.now - kPresenceRecentNs, now.now, 30)}) {
    const auto more = MinuteRanges(from, to, every, all ? every : 1);
    ranges.insert(ranges.end(), more.begin(), more.end());
  }
  SqlPiece where = Where(context, ranges);
  where.params.push_back({"week", fmt::to_string(week / kNanosPerMinute)});
  where.params.push_back({"yesterday", fmt::to_string(day / kNanosPerMinute)});
  where.params.push_back(
      {"recent", fmt::to_string((now.now - kPresenceRecentNs) / kNanosPerMinute)});
  const std::string sql = fmt::format(
      "WITH intDiv(f.end_ns, 60000000000) AS minute, "
      "minute BETWEEN {{week:Int64}} AND {{week:Int64}} + 59 AS in_week, "
      "minute BETWEEN {{yesterday:Int64}} AND {{yesterday:Int64}} + 59 AS in_yesterday "
      "SELECT f.service AS k_service, countIf(in_week), uniqExactIf(intDiv(minute, 5), in_week), "
      "countIf(in_yesterday), uniqExactIf(intDiv(minute, 5), in_yesterday), "
      "countIf(minute >= {{recent:Int64}}), countIf(minute < {{week:Int64}} + 120) "
      "FROM facts AS f FINAL WHERE {} AND f.status != 'running' GROUP BY k_service",
      where.sql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context.query, sql, std::move(where.params), 7));
  constexpr int64_t kFives = kMinutesPerHour / 5;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    const int64_t scale = 5 / length;
    out.services[std::string(TextAt(row, 0))] = {.last_week = IntAt(row, 1) * scale,
                                                 .yesterday = IntAt(row, 3) * scale,
                                                 .quiet_last_week = kFives - IntAt(row, 2),
                                                 .quiet_yesterday = kFives - IntAt(row, 4),
                                                 .recent = IntAt(row, 5)};
    out.has_last_week |= IntAt(row, 6) > 0;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UsualTraffic> ReadUsual(const EvalContext& context, const TrafficTable& now) {
  UsualTraffic usual;
  RETURN_IF_ERROR(ReadLatency(context, now, usual));
  RETURN_IF_ERROR(ReadShares(context, now, usual));
  RETURN_IF_ERROR(ReadPresence(context, now, usual));
  return usual;
}

std::vector<MinuteRange> MinuteRanges(UnixNanos from, UnixNanos to, int64_t every, int64_t length) {
  const int64_t first = std::max<int64_t>(0, from / kNanosPerMinute);
  const int64_t end = std::max<int64_t>(0, to / kNanosPerMinute);
  std::vector<MinuteRange> ranges;
  if (first >= end) return ranges;
  if (length >= every) return {{first, end - 1}};
  for (int64_t at = first; at < end; at += every) {
    ranges.push_back({at, std::min(at + length, end) - 1});
  }
  return ranges;
}

SqlPiece WithinMinutes(const std::vector<MinuteRange>& ranges, std::string_view prefix) {
  SqlPiece piece;
  std::vector<std::string> conditions;
  for (size_t i = 0; i < ranges.size(); ++i) {
    conditions.push_back(fmt::format(
        "intDiv(f.end_ns, 60000000000) BETWEEN {{{0}_{1}a:Int64}} AND {{{0}_{1}b:Int64}}", prefix,
        i));
    piece.params.push_back({fmt::format("{}_{}a", prefix, i), fmt::to_string(ranges[i].first)});
    piece.params.push_back({fmt::format("{}_{}b", prefix, i), fmt::to_string(ranges[i].last)});
  }
  piece.sql = fmt::format("({})", fmt::join(conditions, " OR "));
  return piece;
}

bool BoolAt(const boost::json::array& row, size_t column) {
  const bool* const flag = row[column].if_bool();
  return flag != nullptr ? *flag : IntAt(row, column) != 0;
}

std::vector<std::string> TextsAt(const boost::json::array& row, size_t column) {
  std::vector<std::string> texts;
  if (const boost::json::array* items = row[column].if_array()) {
    for (size_t i = 0; i < items->size(); ++i) texts.emplace_back(TextAt(*items, i));
  }
  return texts;
}

LogHistogram HistogramAt(const boost::json::array& row, size_t column) {
  LogHistogram histogram;
  const boost::json::array* const buckets = row[column].if_array();
  const boost::json::array* const counts = row[column + 1].if_array();
  if (buckets == nullptr || counts == nullptr) return histogram;
  for (size_t i = 0; i < buckets->size() && i < counts->size(); ++i) {
    histogram.Add(static_cast<int>(IntAt(*buckets, i)), IntAt(*counts, i));
  }
  return histogram;
}

}  // namespace pitot
