#include "query/figures/anomaly.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/status.h"
#include "measure/forecast.h"
#include "query/figures/answer.h"
#include "query/figures/grouping.h"
#include "query/figures/spend_hours.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kGroupsMax = 200;  // That are looked at, by what they spent in the hour.
constexpr int64_t kGapHoursMax = 2;
constexpr double kNewGroupPercentile = 0.99;

struct HourAt {
  int64_t hour = 0;
  double value = 0;
};

// A group's hours.
struct Group {
  std::vector<std::pair<std::string, std::string>> key;
  std::vector<HourAt> hours;  // Of those asked for; those in which nothing was spent are missing.

  double At(int64_t hour) const {
    const auto found = std::ranges::find(hours, hour, &HourAt::hour);
    return found == hours.end() ? 0 : found->value;
  }
};

std::vector<HourAt> HoursOf(const json::value& sums) {
  // sumMap: [[hours], [nano-USD]].
  std::vector<HourAt> hours;
  const json::array* pair = sums.if_array();
  if (pair == nullptr || pair->size() != 2) return hours;
  const json::array* keys = (*pair)[0].if_array();
  const json::array* values = (*pair)[1].if_array();
  if (keys == nullptr || values == nullptr || keys->size() != values->size()) return hours;
  for (size_t i = 0; i < keys->size(); ++i) {
    hours.push_back({IntAt(*keys, i), static_cast<double>(IntAt(*values, i)) / 1e9});
  }
  return hours;
}

// Of `hour` and those it is compared with, ascending.
absl::StatusOr<std::vector<Group>> ReadGroups(const QueryContext& context, Scope scope,
                                              const std::vector<int64_t>& compared, int64_t hour,
                                              const Grouping& grouping) {
  std::vector<int64_t> hours = compared;
  hours.push_back(hour);
  scope.window = {hours.front() * kSpendHourNs, (hour + 1) * kSpendHourNs};
  SqlPiece where = FactsWhere(scope, /*calls_only=*/true);
  where.params.push_back({"hours", fmt::format("[{}]", fmt::join(hours, ","))});
  where.params.push_back({"hour", fmt::to_string(hour)});
  where.params.push_back({"limit", fmt::to_string(kGroupsMax)});
  const std::string sql = fmt::format(
      "{}SELECT {}sumMap([intDiv(f.end_ns, 3600000000000)], [ifNull(f.cost, 0)]), "
      "sumIf(ifNull(f.cost, 0), intDiv(f.end_ns, 3600000000000) = {{hour:Int64}}) AS spent "
      "FROM facts AS f FINAL WHERE {} AND f.counted AND intDiv(f.end_ns, 3600000000000) IN "
      "{{hours:Array(Int64)}}{}{} LIMIT {{limit:UInt32}}",
      grouping.With(), grouping.Shown(), where.sql, grouping.GroupBy(),
      grouping.OrderBy("spent DESC"));
  ASSIGN_OR_RETURN(const Table table,
                   ReadTable(context, sql, std::move(where.params), grouping.size() + 2));
  std::vector<Group> groups;
  for (const auto& row : table.rows) {
    const auto& columns = row.get_array();
    Group group;
    for (size_t i = 0; i < grouping.size(); ++i) {
      group.key.emplace_back(grouping.name(i), TextAt(columns, i));
    }
    group.hours = HoursOf(columns[grouping.size()]);
    groups.push_back(std::move(group));
  }
  return groups;
}

// Above it, a group that is new is more than a group's hour usually costs.
double NewGroupLimit(const std::vector<Group>& groups, int64_t hour) {
  std::vector<double> values;
  for (const Group& group : groups) {
    for (const HourAt& at : group.hours) {
      if (at.hour != hour) values.push_back(at.value);
    }
  }
  std::ranges::sort(values);
  return QuantileOfSorted(values, kNewGroupPercentile);
}

std::string KeyJson(const SpendCause& cause) {
  std::string text;
  for (const auto& [name, value] : cause.key) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", JsonText(name), JsonText(value));
  }
  return "{" + text + "}";
}

std::string CausesJson(const std::vector<SpendCause>& causes) {
  std::string text;
  for (const SpendCause& cause : causes) {
    text += fmt::format(
        R"({}{{"key":{},"spent_usd":{},"usual_usd":{},"rise_usd":{},"share":{},"new":{},"z":{}}})",
        text.empty() ? "" : ",", KeyJson(cause), NumberJson(cause.spent_usd),
        NumberJson(cause.usual_usd), NumberJson(cause.rise_usd), NumberJson(cause.share),
        cause.is_new, cause.is_new ? "null" : NumberJson(cause.z));
  }
  return "[" + text + "]";
}

std::string AnomalyJson(const SpendAnomaly& anomaly, bool goes_on, const std::string& causes) {
  const RobustScore& score = anomaly.worst.verdict.score;
  return fmt::format(
      R"({{"since":"{}","until":"{}","ongoing":{},"spent_usd":{},"usual_usd":{},"rise_usd":{},)"
      R"("worst":{{"at":"{}","spent_usd":{},"usual_usd":{},"z":{},"ratio":{},"log_scale":{},)"
      R"("baseline":"{}","compared_hours":{}}},"causes":{}}})",
      IsoTime(anomaly.first_hour * kSpendHourNs), IsoTime((anomaly.last_hour + 1) * kSpendHourNs),
      goes_on, NumberJson(anomaly.spent_usd), NumberJson(anomaly.usual_usd),
      NumberJson(anomaly.spent_usd - anomaly.usual_usd), IsoTime(anomaly.worst.hour * kSpendHourNs),
      NumberJson(anomaly.worst.value), NumberJson(score.median), NumberJson(score.z),
      score.median > 0 ? NumberJson(anomaly.worst.value / score.median) : "null", score.log_scale,
      Name(anomaly.worst.baseline), score.history, causes);
}

std::string HourJson(const AnomalyHour& hour) {
  const bool judged = hour.baseline != AnomalyBaseline::kNone;
  return fmt::format(
      R"({{"at":"{}","spent_usd":{},"usual_usd":{},"z":{},"unusual":{},"anomaly":{},)"
      R"("baseline":"{}"}})",
      IsoTime(hour.hour * kSpendHourNs), NumberJson(hour.value),
      judged ? NumberJson(hour.verdict.score.median) : "null",
      judged ? NumberJson(hour.verdict.score.z) : "null", hour.verdict.unusual, hour.verdict.fires,
      Name(hour.baseline));
}

}  // namespace

absl::StatusOr<std::vector<SpendCause>> FindSpendCauses(const QueryContext& context,
                                                        const Scope& scope, const AnomalyHour& hour,
                                                        const std::vector<std::string>& by,
                                                        size_t limit) {
  ASSIGN_OR_RETURN(const Grouping grouping, Grouping::Parse(by));
  if (grouping.has_time()) return InvalidArgument("by: causes are no times");
  const std::vector<int64_t> compared = ComparableHours(hour.hour, hour.baseline);
  ASSIGN_OR_RETURN(const std::vector<Group> groups,
                   ReadGroups(context, scope, compared, hour.hour, grouping));

  const double rise = hour.value - hour.verdict.score.median;
  const double new_limit = NewGroupLimit(groups, hour.hour);
  std::vector<SpendCause> causes;
  std::vector<double> p;
  for (const Group& group : groups) {
    SpendCause cause{.key = group.key};
    cause.spent_usd = group.At(hour.hour);
    std::vector<double> history;
    for (const int64_t at : compared) history.push_back(group.At(at));
    cause.is_new = std::ranges::all_of(history, [](double value) { return value <= 0; });
    if (const auto judged = JudgeAnomaly(history, cause.spent_usd, true)) {
      cause.usual_usd = judged->score.median;
      if (!cause.is_new) cause.z = judged->score.z;
    }
    cause.rise_usd = cause.spent_usd - cause.usual_usd;
    cause.share = rise > 0 ? cause.rise_usd / rise : 0;
    // A new group has no spread to compare with: it is found, or is not, by the project's.
    p.push_back(cause.is_new ? (cause.spent_usd > new_limit ? 0 : 1) : UpperTailP(cause.z));
    causes.push_back(std::move(cause));
  }
  const std::vector<bool> found = FoundAmongMany(p);
  std::vector<SpendCause> kept;
  for (size_t i = 0; i < causes.size(); ++i) {
    if (found[i] && causes[i].rise_usd > 0) kept.push_back(std::move(causes[i]));
  }
  std::ranges::stable_sort(kept, std::ranges::greater(), &SpendCause::rise_usd);
  if (kept.size() > limit) kept.resize(limit);
  return kept;
}

absl::StatusOr<std::vector<std::string>> DearestTraces(const QueryContext& context, Scope scope,
                                                       int64_t hour, size_t limit) {
  scope.window = {hour * kSpendHourNs, (hour + 1) * kSpendHourNs};
  SqlPiece where = FactsWhere(scope, /*calls_only=*/true);
  where.params.push_back({"limit", fmt::to_string(limit)});
  const std::string sql = fmt::format(
      "SELECT lower(hex(f.trace_id)) AS id, sum(ifNull(f.cost, 0)) AS spent FROM facts AS f FINAL "
      "WHERE {} AND f.counted GROUP BY id ORDER BY spent DESC, id LIMIT {{limit:UInt32}}",
      where.sql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context, sql, std::move(where.params), 2));
  std::vector<std::string> ids;
  for (const auto& row : table.rows) ids.emplace_back(TextAt(row.get_array(), 0));
  return ids;
}

std::vector<SpendAnomaly> AnomaliesOf(const std::vector<AnomalyHour>& hours) {
  std::vector<SpendAnomaly> anomalies;
  bool fires = false;  // Whether any hour of the last one does: else it is no anomaly.
  const auto drop_quiet = [&] {
    if (!anomalies.empty() && !fires) anomalies.pop_back();
    fires = false;
  };
  for (const AnomalyHour& hour : hours) {
    if (!hour.verdict.unusual) continue;
    const bool goes_on =
        !anomalies.empty() && hour.hour - anomalies.back().last_hour <= kGapHoursMax + 1;
    if (!goes_on) {
      drop_quiet();
      anomalies.push_back({.first_hour = hour.hour, .worst = hour});
    }
    SpendAnomaly& at = anomalies.back();
    at.last_hour = hour.hour;
    at.spent_usd += hour.value;
    at.usual_usd += hour.verdict.score.median;
    fires |= hour.verdict.fires;
    if (hour.value - hour.verdict.score.median > at.worst.value - at.worst.verdict.score.median) {
      at.worst = hour;
    }
  }
  drop_quiet();
  return anomalies;
}

absl::StatusOr<std::string> AnomaliesJson(const QueryContext& context,
                                          const AnomalyRequest& request) {
  const auto [since, until] = request.scope.window;
  const int64_t first = since / kSpendHourNs;
  const int64_t last = (std::min(until, context.now + 1) - 1) / kSpendHourNs;
  if (last - first >= kAnomalyWindowHoursMax) {
    return InvalidArgument("the window has {} hours; at most {} are judged at once: move since",
                           last - first + 1, kAnomalyWindowHoursMax);
  }
  ASSIGN_OR_RETURN(const Grouping grouping, Grouping::Parse(request.by));
  if (grouping.has_time()) return InvalidArgument("by: anomalies are by hour already");

  QueryContext at_end = context;
  at_end.now = std::min(context.now, until - 1);
  std::vector<AnomalyHour> hours;
  if (last >= first) {
    ASSIGN_OR_RETURN(const SpendHours spend,
                     ReadSpendHours(at_end, request.scope, first - kAnomalyHistoryHours));
    hours = ScanHours({.first_hour = spend.first_hour, .values = spend.usd});
    std::erase_if(hours, [&](const AnomalyHour& hour) { return hour.hour < first; });
  }

  const std::vector<SpendAnomaly> anomalies = AnomaliesOf(hours);
  bool ongoing = false;
  std::string list;
  for (size_t i = anomalies.size(); i-- > 0;) {
    const SpendAnomaly& anomaly = anomalies[i];
    const bool goes_on = i + 1 == anomalies.size() && anomaly.last_hour + 1 >= last;
    ongoing |= goes_on;
    std::string causes = "[]";
    if (anomalies.size() - i <= kAnomaliesExplainedMax && !grouping.empty()) {
      ASSIGN_OR_RETURN(const auto found, FindSpendCauses(context, request.scope, anomaly.worst,
                                                         request.by, request.limit));
      causes = CausesJson(found);
    }
    list += (list.empty() ? "\n" : ",\n") + AnomalyJson(anomaly, goes_on, causes);
  }
  std::string of_hours;
  int64_t judged = 0;
  for (const AnomalyHour& hour : hours) {
    judged += hour.baseline != AnomalyBaseline::kNone;
    of_hours += (of_hours.empty() ? "\n" : ",\n") + HourJson(hour);
  }
  return fmt::format(
      R"({{"window":{},"by":{},"state":"{}","hours_judged":{},"anomalies":[{}],"hours":[{}]}})",
      WindowJson(request.scope.window), grouping.ByJson(),
      judged == 0 ? "learning"
      : ongoing   ? "anomaly"
                  : "ok",
      judged, list, of_hours);
}

}  // namespace pitot
