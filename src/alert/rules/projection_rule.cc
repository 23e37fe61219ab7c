#include "alert/rules/projection_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "alert/rules/judge.h"
#include "base/status.h"
#include "query/filter/filter.h"

namespace pitot {
namespace {

constexpr int kDayPastDays = 28;
constexpr int kPeriodPastDays = 35;
constexpr int64_t kHistoryEveryNs = 30 * kNanosPerMinute;
// Of counters that spent less than this of their limit, no history is read: whatever the day, they are
// far from it.
constexpr double kReadShareMin = 0.1;

bool IsDay(const BudgetFigure& budget) { return budget.window == "day"; }

bool IsProjected(const BudgetFigure& budget) {
  return (IsDay(budget) || budget.window == "week" || budget.window == "month") &&
         budget.limit_usd > 0 && budget.window_end > budget.window_start;
}

// Of these there are thousands: one alert for all.
bool IsOfMany(const BudgetFigure& budget) {
  return budget.each && (budget.scope == "user" || budget.scope == "session");
}

std::string Usd(double amount) { return fmt::format("${:.2f}", amount); }

std::string NameOf(const BudgetFigure& budget) {
  return budget.counter.empty() ? budget.id : fmt::format("{} of {}", budget.id, budget.counter);
}

Labels LabelsOf(const BudgetFigure& budget) {
  return NonEmpty({{"budget", budget.id},
                   {"scope", budget.scope},
                   {"counter", IsOfMany(budget) ? std::string() : budget.counter},
                   {std::string(kProjectLabel), budget.project}});
}

double Hours(int64_t ns) { return static_cast<double>(ns) / static_cast<double>(kSpendHourNs); }

struct Projected {
  std::optional<ProjectedSpend> spend;
  std::string why_not;
  std::string how;  // What the figure rests on, in words.
};

Projected ProjectDay(const RuleSpec& spec, const BudgetFigure& budget,
                     const std::vector<SpendDay>& days, UnixNanos now) {
  const double elapsed = Hours(now - budget.window_start);
  const std::vector<PastDay> past = ComparableDays(days, elapsed);
  const DayForecast forecast =
      ForecastDay({.so_far = budget.spent_usd,
                   .hours_elapsed = std::max(elapsed, 1e-6),
                   .day_hours = Hours(budget.window_end - budget.window_start),
                   .budget = budget.limit_usd,
                   .past = past});
  Projected projected;
  projected.why_not = forecast.gated;
  // In the first hour little money becomes much, also by the ratios of other days.
  if (elapsed >= kLinearHoursMin) {
    projected.spend = JudgeProjection(forecast, budget.limit_usd, spec.threshold);
  }
  if (!projected.spend) return projected;
  if (projected.spend->method == "seasonal") {
    projected.how =
        fmt::format("{} to {}, as the last {} such days went", Usd(forecast.seasonal->p10),
                    Usd(forecast.seasonal->p90), forecast.seasonal->days);
  } else {
    projected.how = fmt::format("at the pace of the {:.1f} hours so far", elapsed);
  }
  if (forecast.mape) {
    projected.how +=
        fmt::format("; such forecasts were off by {} on average", PercentText(*forecast.mape));
  }
  return projected;
}

Projected ProjectPeriod(const RuleSpec& spec, const BudgetFigure& budget,
                        const std::vector<SpendDay>& days, UnixNanos now) {
  Projected projected;
  if (days.empty()) {
    projected.why_not = "how past days went is not known";
    return projected;
  }
  const SpendDay& today = days[0];
  const double elapsed = Hours(now - today.start);
  const DayForecast forecast = ForecastDay({.so_far = today.whole(),
                                            .hours_elapsed = std::max(elapsed, 1e-6),
                                            .day_hours = today.hours(),
                                            .past = ComparableDays(days, elapsed)});
  const double whole_today =
      forecast.seasonal ? forecast.seasonal->p50 : forecast.linear.value_or(today.whole());
  std::vector<DaySpent> past;
  for (size_t i = 1; i < days.size(); ++i) past.push_back({days[i].weekday, days[i].whole()});
  while (!past.empty() && past.back().spent <= 0) past.pop_back();
  std::vector<int> to_come;
  const auto left = static_cast<int>(std::lround(Hours(budget.window_end - today.end) / 24));
  for (int i = 1; i <= left; ++i) to_come.push_back((today.weekday - 1 + i) % 7 + 1);

  const auto whole = ForecastPeriod({.so_far = std::max(0.0, budget.spent_usd - today.whole()),
                                     .today = std::max(whole_today, today.whole()),
                                     .to_come = to_come,
                                     .past = past});
  if (!whole) {
    projected.why_not =
        fmt::format("too early: {} past days, {} are needed", past.size(), kPeriodDaysMin);
  } else if (budget.spent_usd < kLinearBudgetShareMin * budget.limit_usd) {
    projected.why_not = fmt::format("too early: less than {} of the budget is spent",
                                    PercentText(kLinearBudgetShareMin));
  } else {
    projected.spend = JudgeProjection({.linear = whole->whole}, budget.limit_usd, spec.threshold);
    projected.how = fmt::format("as the last {} days went by weekday", whole->days);
    if (whole->mape) {
      projected.how +=
          fmt::format("; such forecasts were off by {} on average", PercentText(*whole->mape));
    }
  }
  return projected;
}

// The worst counter of a budget that has thousands stands for all.
void Merge(Reading reading, std::map<Labels, std::pair<Reading, int>>& by_labels) {
  const auto [at, added] = by_labels.try_emplace(reading.labels, reading, 0);
  auto& [worst, breaching] = at->second;
  breaching += reading.verdict == Verdict::kBreach;
  if (!added && reading.value.value_or(0) > worst.value.value_or(0)) worst = std::move(reading);
}

class ProjectionRule final : public RuleEvaluator {
 public:
  ProjectionRule(RuleSpec spec, const SystemFigures& figures)
      : spec_(std::move(spec)), figures_(figures) {}

  const RuleSpec& spec() const override { return spec_; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    std::vector<BudgetFigure> budgets = figures_.Budgets();
    std::erase_if(budgets, [](const BudgetFigure& budget) { return !IsProjected(budget); });
    std::ranges::stable_sort(budgets, std::ranges::greater(), [](const BudgetFigure& budget) {
      return budget.spent_usd / budget.limit_usd;
    });
    std::map<Labels, std::pair<Reading, int>> readings;
    size_t read = 0;
    for (const BudgetFigure& budget : budgets) {
      const bool near = budget.spent_usd >= kReadShareMin * budget.limit_usd;
      static const std::vector<SpendDay> kUnknown;
      const std::vector<SpendDay>* days = &kUnknown;
      if (near && read < kBudgetsReadMax) {
        ++read;
        ASSIGN_OR_RETURN(days, History(budget, context));
      }
      Merge(JudgeBudgetProjection(spec_, budget, *days, context.query.now), readings);
    }
    Forget(context.query.now);
    std::vector<Reading> all;
    for (auto& [labels, of] : readings) {
      auto& [reading, breaching] = of;
      if (breaching > 1) {
        reading.annotations["description"] = fmt::format(
            "{} counters of the budget are going to pass it; this one by most.", breaching);
      }
      all.push_back(std::move(reading));
    }
    return all;
  }

 private:
  struct Past {
    UnixNanos read_at = 0;
    std::vector<SpendDay> days;
  };

  absl::StatusOr<const std::vector<SpendDay>*> History(const BudgetFigure& budget,
                                                       const EvalContext& context) {
    Past& past = past_[fmt::format("{}\x1f{}", budget.id, budget.counter)];
    const UnixNanos now = context.query.now;
    const bool fresh = past.read_at != 0 && past.read_at <= now &&
                       past.read_at / kHistoryEveryNs == now / kHistoryEveryNs;
    if (fresh) return &past.days;
    const std::optional<std::string> text = BudgetFilterText(budget);
    past.days.clear();
    if (text) {
      Scope scope;
      scope.project = budget.project;
      scope.every_project = budget.project.empty();
      ASSIGN_OR_RETURN(scope.filter, ParseFilter(*text));
      ASSIGN_OR_RETURN(past.days, ReadSpendDays(context.query, scope, budget.timezone,
                                                IsDay(budget) ? kDayPastDays : kPeriodPastDays));
    }
    past.read_at = now;
    return &past.days;
  }

  // Counters that no longer count.
  void Forget(UnixNanos now) {
    std::erase_if(
        past_, [&](const auto& entry) { return now - entry.second.read_at > 2 * kHistoryEveryNs; });
  }

  const RuleSpec spec_;
  const SystemFigures& figures_;
  std::map<std::string, Past> past_;
};

std::string Quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

// Of a glob, whose only special character is '*'.
std::string Pattern(std::string_view glob) {
  std::string pattern = "^";
  for (const char c : glob) {
    if (c == '*') {
      pattern += ".*";
    } else if (std::string_view("\\.+?()[]{}^$|").find(c) != std::string_view::npos) {
      pattern += '\\';
      pattern += c;
    } else {
      pattern += c;
    }
  }
  return pattern + '$';
}

}  // namespace

std::optional<std::string> BudgetFilterText(const BudgetFigure& budget) {
  static const std::map<std::string, std::string, std::less<>> kFields = {
      {"feature", "feature"},
      {"workflow", "workflow"},
      {"user", "user_id"},
      {"model", "model"},
      {"session", "session_id"}};
  if (budget.scope == "global" || budget.scope == "project") return "";
  const auto field = kFields.find(budget.scope);
  if (field == kFields.end()) return std::nullopt;
  if (budget.each) return fmt::format("{} = {}", field->second, Quoted(budget.counter));
  if (budget.match.empty() || budget.match == "*") return "";
  if (budget.match.find('*') == std::string::npos) {
    return fmt::format("{} = {}", field->second, Quoted(budget.match));
  }
  return fmt::format("{} ~ {}", field->second, Quoted(Pattern(budget.match)));
}

Reading JudgeBudgetProjection(const RuleSpec& spec, const BudgetFigure& budget,
                              const std::vector<SpendDay>& days, UnixNanos now) {
  Reading reading;
  reading.labels = LabelsOf(budget);
  reading.value = budget.spent_usd / budget.limit_usd;
  const Projected projected =
      IsDay(budget) ? ProjectDay(spec, budget, days, now) : ProjectPeriod(spec, budget, days, now);
  if (!projected.spend) {
    reading.reason = projected.why_not;
    return reading;
  }
  const ProjectedSpend& spend = *projected.spend;
  reading.value = spend.share;
  if (spend.over) {
    reading.verdict = Verdict::kBreach;
    if (spend.surely_over) reading.severity = AlertSeverity::kPage;
  } else if (spend.share >= kClearFactor * spec.threshold) {
    reading.verdict = Verdict::kHold;
  }
  reading.annotations["summary"] =
      fmt::format("budget {}: {} of {} spent, about {} by the end of the {} ({} of the limit; {})",
                  NameOf(budget), Usd(budget.spent_usd), Usd(budget.limit_usd),
                  Usd(spend.projected), budget.window, PercentText(spend.share), projected.how);
  return reading;
}

std::unique_ptr<RuleEvaluator> MakeProjectionRule(RuleSpec spec, const SystemFigures& figures) {
  return std::make_unique<ProjectionRule>(std::move(spec), figures);
}

}  // namespace pitot
