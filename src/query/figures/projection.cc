#include "query/figures/projection.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/status.h"
#include "measure/forecast.h"
#include "query/figures/answer.h"
#include "query/figures/money.h"

namespace pitot {
namespace {

constexpr int kPastDays = 28;
constexpr double kNanosPerHour = 60.0 * kNanosPerMinute;

// Of the time zone: 23 or 25 hours long where clocks change.
struct Day {
  std::string date;
  int64_t start_s = 0;
  int64_t end_s = 0;
  bool weekend = false;

  double hours() const { return static_cast<double>(end_s - start_s) / 3600; }
};

constexpr std::string_view kDaysSql =
    "SELECT toString(date), toUnixTimestamp(toDateTime(date, {timezone:String})), "
    "toUnixTimestamp(toDateTime(date + 1, {timezone:String})), toDayOfWeek(date) FROM "
    "(SELECT toDate(toDateTime({now_s:Int64}, {timezone:String})) - number AS date "
    "FROM numbers({days:UInt64})) ORDER BY date DESC";

// Today and the days before, newest first.
absl::StatusOr<std::vector<Day>> ReadDays(const QueryContext& context,
                                          const std::string& timezone) {
  ASSIGN_OR_RETURN(const Table table,
                   ReadTable(context, kDaysSql,
                             {{"now_s", fmt::to_string(context.now / kNanosPerSecond)},
                              {"days", fmt::to_string(kPastDays + 1)},
                              {"timezone", timezone}},
                             4));
  std::vector<Day> days;
  for (const auto& row : table.rows) {
    const auto& columns = row.get_array();
    days.push_back({std::string(TextAt(columns, 0)), IntAt(columns, 1), IntAt(columns, 2),
                    IntAt(columns, 3) >= 6});
  }
  if (days.size() != kPastDays + 1) return Internal("{} days instead of 29", days.size());
  return days;
}

struct Spent {
  Money so_far;  // Until as much time had passed as has today.
  Money whole;
};

// Of each day, in their order.
absl::StatusOr<std::vector<Spent>> ReadSpent(const QueryContext& context, const Scope& scope,
                                             const std::string& timezone,
                                             const std::vector<Day>& days) {
  Scope past = scope;
  past.window = {days.back().start_s * kNanosPerSecond, context.now};
  SqlPiece where = FactsWhere(past, /*calls_only=*/true);
  where.params.push_back({"timezone", timezone});
  where.params.push_back(
      {"elapsed_ns", fmt::to_string(context.now - days[0].start_s * kNanosPerSecond)});
  const std::string sql = fmt::format(
      "WITH toDate(toDateTime(intDiv(f.end_ns, 1000000000), {{timezone:String}})) AS date "
      "SELECT toString(date), f.end_ns - toInt64(toUnixTimestamp(toDateTime(date, "
      "{{timezone:String}}))) * 1000000000 < {{elapsed_ns:Int64}} AS early, "
      "sumIf(ifNull(f.cost, 0), f.counted), countIf(f.counted AND f.cost IS NOT NULL), "
      "countIf(f.counted AND f.unpriced) "
      "FROM facts AS f FINAL WHERE {} AND f.counted GROUP BY date, early",
      where.sql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context, sql, std::move(where.params), 5));
  std::vector<Spent> spent(days.size());
  for (const auto& row : table.rows) {
    const auto& columns = row.get_array();
    const auto day = std::ranges::find(days, TextAt(columns, 0), &Day::date);
    if (day == days.end()) return Internal("no day {} was asked for", TextAt(columns, 0));
    Spent& at = spent[static_cast<size_t>(day - days.begin())];
    Money money;
    money.cost = IntAt(columns, 2);
    money.priced = IntAt(columns, 3);
    money.unpriced = IntAt(columns, 4);
    at.whole += money;
    if (IntAt(columns, 1) != 0) at.so_far += money;
  }
  return spent;
}

double Usd(const Money& money) { return static_cast<double>(money.cost) / 1e9; }

std::string SeasonalJson(const std::optional<DayForecast::Seasonal>& seasonal) {
  if (!seasonal) return "null";
  return fmt::format(R"({{"p10_usd":{},"p50_usd":{},"p90_usd":{},"days":{}}})",
                     NumberJson(seasonal->p10), NumberJson(seasonal->p50),
                     NumberJson(seasonal->p90), seasonal->days);
}

}  // namespace

absl::StatusOr<std::string> ProjectionJson(const QueryContext& context, const Scope& scope,
                                           const std::string& timezone) {
  ASSIGN_OR_RETURN(const std::vector<Day> days, ReadDays(context, timezone));
  ASSIGN_OR_RETURN(const std::vector<Spent> spent, ReadSpent(context, scope, timezone, days));

  const Day& today = days[0];
  const Money& so_far = spent[0].whole;
  std::vector<PastDay> past;
  for (size_t i = 1; i < days.size(); ++i) {
    if (days[i].weekend != today.weekend) continue;
    past.push_back({Usd(spent[i].so_far), Usd(spent[i].whole), days[i].hours()});
  }
  const int64_t elapsed_ns = context.now - today.start_s * kNanosPerSecond;
  const double hours_elapsed = static_cast<double>(elapsed_ns) / kNanosPerHour;
  DayForecast forecast;
  if (so_far.cost_known()) {
    forecast = ForecastDay({.so_far = Usd(so_far),
                            .hours_elapsed = hours_elapsed,
                            .day_hours = today.hours(),
                            .past = past});
  } else {
    forecast.gated = "no call of today has a price";
  }
  return fmt::format(
      R"({{"timezone":{},"day":"{}","day_hours":{},"hours_elapsed":{},"spent_usd":{},)"
      R"("linear_usd":{},"gated":{},"seasonal":{},"mape":{}}})",
      JsonText(timezone), today.date, NumberJson(today.hours()), NumberJson(hours_elapsed),
      UsdJson(so_far), NumberJson(forecast.linear),
      forecast.gated.empty() ? "null" : JsonText(forecast.gated), SeasonalJson(forecast.seasonal),
      NumberJson(forecast.mape));
}

}  // namespace pitot
