#include "query/figures/projection.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "base/status.h"
#include "measure/forecast.h"
#include "query/figures/answer.h"
#include "query/figures/money.h"
#include "query/figures/timezone.h"

namespace pitot {
namespace {

constexpr int kPastDays = 28;
// For months: weekday medians of four weeks, and as much again to see how far off those would be.
constexpr int kMonthPastDays = 63;
constexpr double kNanosPerHour = 60.0 * kNanosPerMinute;

// Of the time zone: 23 or 25 hours long where clocks change.
struct Day {
  std::string date;
  int64_t start_s = 0;
  int64_t end_s = 0;
  int weekday = 0;  // 1 Monday to 7 Sunday.

  bool weekend() const { return weekday >= 6; }
  double hours() const { return static_cast<double>(end_s - start_s) / 3600; }
};

constexpr std::string_view kDaysSql =
    "SELECT toString(date), toUnixTimestamp(toDateTime(date, {timezone:String})), "
    "toUnixTimestamp(toDateTime(date + 1, {timezone:String})), toDayOfWeek(date) FROM "
    "(SELECT toDate(toDateTime({now_s:Int64}, {timezone:String})) - number AS date "
    "FROM numbers({days:UInt64})) ORDER BY date DESC";

// Today and the days before, newest first.
absl::StatusOr<std::vector<Day>> ReadDays(const QueryContext& context, const std::string& timezone,
                                          int past_days) {
  ASSIGN_OR_RETURN(const Table table,
                   ReadTable(context, kDaysSql,
                             {{"now_s", fmt::to_string(context.now / kNanosPerSecond)},
                              {"days", fmt::to_string(past_days + 1)},
                              {"timezone", timezone}},
                             4));
  std::vector<Day> days;
  for (const auto& row : table.rows) {
    const auto& columns = row.get_array();
    days.push_back({std::string(TextAt(columns, 0)), IntAt(columns, 1), IntAt(columns, 2),
                    static_cast<int>(IntAt(columns, 3))});
  }
  if (days.size() != static_cast<size_t>(past_days) + 1) {
    return Internal("{} days instead of {}", days.size(), past_days + 1);
  }
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

// Of "2026-02".
int DaysOfMonth(const std::string& month) {
  const std::chrono::year_month_day_last last{
      std::chrono::year(static_cast<int>(std::strtol(month.c_str(), nullptr, 10))),
      std::chrono::month_day_last(
          std::chrono::month(static_cast<unsigned>(std::strtoul(month.c_str() + 5, nullptr, 10))))};
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

double Usd(const Money& money) { return static_cast<double>(money.cost) / 1e9; }

// Today beside the days before.
struct Today {
  std::vector<Day> days;     // Newest first; today is the first.
  std::vector<Spent> spent;  // Of each.
  double hours_elapsed = 0;
  DayForecast forecast;

  const Money& so_far() const { return spent[0].whole; }
};

absl::StatusOr<Today> ReadToday(const QueryContext& context, const Scope& scope,
                                const std::string& timezone, double budget, int past_days) {
  Today today;
  ASSIGN_OR_RETURN(today.days, ReadDays(context, timezone, past_days));
  ASSIGN_OR_RETURN(today.spent, ReadSpent(context, scope, timezone, today.days));
  const Day& day = today.days[0];
  today.hours_elapsed =
      static_cast<double>(context.now - day.start_s * kNanosPerSecond) / kNanosPerHour;
  if (!today.so_far().cost_known()) {
    today.forecast.gated = "no call of today has a price";
    return today;
  }
  std::vector<PastDay> past;
  for (size_t i = 1; i <= kPastDays; ++i) {
    if (today.days[i].weekend() != day.weekend()) continue;
    past.push_back({Usd(today.spent[i].so_far), Usd(today.spent[i].whole), today.days[i].hours()});
  }
  today.forecast = ForecastDay({.so_far = Usd(today.so_far()),
                                .hours_elapsed = today.hours_elapsed,
                                .day_hours = day.hours(),
                                .budget = budget,
                                .past = past});
  return today;
}

std::string SeasonalJson(const std::optional<DayForecast::Seasonal>& seasonal) {
  if (!seasonal) return "null";
  return fmt::format(R"({{"p10_usd":{},"p50_usd":{},"p90_usd":{},"days":{}}})",
                     NumberJson(seasonal->p10), NumberJson(seasonal->p50),
                     NumberJson(seasonal->p90), seasonal->days);
}

// Without the braces.
std::string DayMembers(const Today& today, const std::string& timezone) {
  const DayForecast& forecast = today.forecast;
  return fmt::format(R"("timezone":{},"day":"{}","day_hours":{},"hours_elapsed":{},"spent_usd":{},)"
                     R"("linear_usd":{},"gated":{},"seasonal":{},"mape":{})",
                     JsonText(timezone), today.days[0].date, NumberJson(today.days[0].hours()),
                     NumberJson(today.hours_elapsed), UsdJson(today.so_far()),
                     NumberJson(forecast.linear),
                     forecast.gated.empty() ? "null" : JsonText(forecast.gated),
                     SeasonalJson(forecast.seasonal), NumberJson(forecast.mape));
}

std::string BudgetJson(double limit, const std::optional<ProjectedSpend>& spend) {
  if (limit <= 0) return "null";
  if (!spend) {
    return fmt::format(R"({{"limit_usd":{},"projected_usd":null,"of_limit":null,"method":null,)"
                       R"("verdict":"too_early"}})",
                       NumberJson(limit));
  }
  return fmt::format(
      R"({{"limit_usd":{},"projected_usd":{},"of_limit":{},"method":"{}","verdict":"{}"}})",
      NumberJson(limit), NumberJson(spend->projected), NumberJson(spend->share), spend->method,
      spend->surely_over ? "surely_over"
      : spend->over      ? "over"
                         : "within");
}

// What today will have cost, as far as can be told.
double TodayWhole(const Today& today) {
  const DayForecast& forecast = today.forecast;
  if (forecast.seasonal) return forecast.seasonal->p50;
  return forecast.linear.value_or(Usd(today.so_far()));
}

std::string MonthJson(const Today& today, const ForecastRequest& request) {
  const std::string month = today.days[0].date.substr(0, 7);
  double so_far = 0;
  std::vector<DaySpent> past;
  for (size_t i = 1; i < today.days.size(); ++i) {
    if (today.days[i].date.starts_with(month)) so_far += Usd(today.spent[i].whole);
    past.push_back({today.days[i].weekday, Usd(today.spent[i].whole)});
  }
  // Nothing is known of the time before the first call.
  while (!past.empty() && past.back().spent <= 0) past.pop_back();

  const int day = static_cast<int>(std::strtol(today.days[0].date.c_str() + 8, nullptr, 10));
  const int days = DaysOfMonth(month);
  std::vector<int> to_come;
  for (int left = 1; left <= days - day; ++left) {
    to_come.push_back((today.days[0].weekday - 1 + left) % 7 + 1);
  }
  const auto forecast = ForecastPeriod(
      {.so_far = so_far, .today = TodayWhole(today), .to_come = to_come, .past = past});
  std::optional<ProjectedSpend> spend;
  if (forecast && request.month_budget_usd > 0) {
    spend = JudgeProjection({.linear = forecast->whole}, request.month_budget_usd);
    spend->method = "weekdays";
  }
  std::string gated = "null";
  if (!forecast) {
    gated = JsonText(
        fmt::format("too early: {} past days, {} are needed", past.size(), kPeriodDaysMin));
  }
  return fmt::format(
      R"({{"month":"{}","days":{},"days_left":{},"spent_usd":{},"projected_usd":{},"trend":{},)"
      R"("past_days":{},"mape":{},"gated":{},"budget":{}}})",
      month, days, days - day, NumberJson(so_far + Usd(today.so_far())),
      NumberJson(forecast ? std::optional(forecast->whole) : std::nullopt),
      NumberJson(forecast ? std::optional(forecast->trend) : std::nullopt), past.size(),
      NumberJson(forecast ? forecast->mape : std::nullopt), gated,
      BudgetJson(request.month_budget_usd, spend));
}

}  // namespace

absl::StatusOr<std::string> ProjectionJson(const QueryContext& context, const Scope& scope,
                                           const std::string& timezone) {
  ASSIGN_OR_RETURN(const Today today, ReadToday(context, scope, timezone, 0, kPastDays));
  return "{" + DayMembers(today, timezone) + "}";
}

absl::StatusOr<std::string> ForecastJson(const QueryContext& context,
                                         const ForecastRequest& request) {
  RETURN_IF_ERROR(CheckTimezone(context, request.timezone));
  ASSIGN_OR_RETURN(const Today today, ReadToday(context, request.scope, request.timezone,
                                                request.budget_usd, kMonthPastDays));
  // In the first hour little money becomes much, also by the ratios of other days.
  const auto spend = today.hours_elapsed >= kLinearHoursMin
                         ? JudgeProjection(today.forecast, request.budget_usd)
                         : std::nullopt;
  return fmt::format(R"({{"day":{{{},"budget":{}}},"month":{}}})",
                     DayMembers(today, request.timezone), BudgetJson(request.budget_usd, spend),
                     MonthJson(today, request));
}

}  // namespace pitot
