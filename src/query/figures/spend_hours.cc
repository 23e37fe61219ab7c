#include "query/figures/spend_hours.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status.h"
#include "query/figures/answer.h"

namespace pitot {
namespace {

constexpr size_t kComparableDaysMax = 28;

// Of the days before now, their bounds by the engine's time zones.
constexpr std::string_view kDaysSql =
    "SELECT toString(date), toUnixTimestamp(toDateTime(date, {timezone:String})), "
    "toUnixTimestamp(toDateTime(date + 1, {timezone:String})), toDayOfWeek(date) FROM "
    "(SELECT toDate(toDateTime({now_s:Int64}, {timezone:String})) - number AS date "
    "FROM numbers({days:UInt64})) ORDER BY date DESC";

double Usd(int64_t nano_usd) { return static_cast<double>(nano_usd) / 1e9; }

}  // namespace

absl::StatusOr<SpendHours> ReadSpendHours(const QueryContext& context, Scope scope,
                                          int64_t first_hour) {
  SpendHours hours;
  hours.first_hour = first_hour;
  hours.usd.resize(static_cast<size_t>(context.now / kSpendHourNs - first_hour + 1));
  scope.window = {first_hour * kSpendHourNs, context.now + 1};
  SqlPiece where = FactsWhere(scope, /*calls_only=*/true);
  const std::string sql = fmt::format(
      "SELECT intDiv(f.end_ns, 3600000000000) AS hour, sum(ifNull(f.cost, 0)) FROM facts AS f "
      "FINAL "
      "WHERE {} AND f.counted GROUP BY hour",
      where.sql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context, sql, std::move(where.params), 2));
  for (const auto& row : table.rows) {
    const int64_t at = IntAt(row.get_array(), 0) - first_hour;
    if (at < 0 || at >= static_cast<int64_t>(hours.usd.size())) {
      return Internal("hour {} was not asked for", at + first_hour);
    }
    hours.usd[static_cast<size_t>(at)] = Usd(IntAt(row.get_array(), 1));
  }
  return hours;
}

double SpendDay::whole() const {
  double sum = 0;
  for (const double hour : usd) sum += hour;
  return sum;
}

double SpendDay::Until(double hours) const {
  double sum = 0;
  for (size_t i = 0; i < usd.size(); ++i) {
    sum += usd[i] * std::clamp(hours - static_cast<double>(i), 0.0, 1.0);
  }
  return sum;
}

absl::StatusOr<std::vector<SpendDay>> ReadSpendDays(const QueryContext& context, Scope scope,
                                                    const std::string& timezone, int past_days) {
  ASSIGN_OR_RETURN(const Table bounds,
                   ReadTable(context, kDaysSql,
                             {{"now_s", fmt::to_string(context.now / kNanosPerSecond)},
                              {"days", fmt::to_string(past_days + 1)},
                              {"timezone", timezone}},
                             4));
  std::vector<SpendDay> days;
  for (const auto& row : bounds.rows) {
    const auto& columns = row.get_array();
    SpendDay day;
    day.date = TextAt(columns, 0);
    day.start = IntAt(columns, 1) * kNanosPerSecond;
    day.end = IntAt(columns, 2) * kNanosPerSecond;
    day.weekday = static_cast<int>(IntAt(columns, 3));
    day.usd.resize(static_cast<size_t>((day.end - day.start + kSpendHourNs - 1) / kSpendHourNs));
    days.push_back(std::move(day));
  }
  if (days.empty()) return Internal("no day of time zone {}", timezone);

  scope.window = {days.back().start, context.now + 1};
  SqlPiece where = FactsWhere(scope, /*calls_only=*/true);
  where.params.push_back({"timezone", timezone});
  const std::string sql = fmt::format(
      "WITH toDate(toDateTime(intDiv(f.end_ns, 1000000000), {{timezone:String}})) AS date "
      "SELECT toString(date), intDiv(intDiv(f.end_ns, 1000000000) - "
      "toInt64(toUnixTimestamp(toDateTime(date, {{timezone:String}}))), 3600) AS hour, "
      "sum(ifNull(f.cost, 0)) FROM facts AS f FINAL WHERE {} AND f.counted GROUP BY date, hour",
      where.sql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context, sql, std::move(where.params), 3));
  for (const auto& row : table.rows) {
    const auto& columns = row.get_array();
    const auto day = std::ranges::find(days, TextAt(columns, 0), &SpendDay::date);
    const int64_t hour = IntAt(columns, 1);
    if (day == days.end() || hour < 0 || hour >= static_cast<int64_t>(day->usd.size())) {
      return Internal("hour {} of {} was not asked for", hour, TextAt(columns, 0));
    }
    day->usd[static_cast<size_t>(hour)] = Usd(IntAt(columns, 2));
  }
  return days;
}

std::vector<PastDay> ComparableDays(const std::vector<SpendDay>& days, double hours) {
  std::vector<PastDay> past;
  for (size_t i = 1; i < days.size() && i <= kComparableDaysMax; ++i) {
    if (days[i].weekend() != days[0].weekend()) continue;
    past.push_back({days[i].Until(hours), days[i].whole(), days[i].hours()});
  }
  return past;
}

}  // namespace pitot
