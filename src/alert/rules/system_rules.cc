#include "alert/rules/system_rules.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <utility>

#include "alert/rules/judge.h"
#include "base/text.h"

namespace pitot {
namespace {

// Of these there are thousands, and one of them used up is daily business.
bool IsOfMany(const BudgetFigure& budget) {
  return budget.each && (budget.scope == "user" || budget.scope == "session" ||
                         budget.scope == "trace" || budget.scope == "request");
}

std::string Usd(double amount) { return fmt::format("${:.2f}", amount); }

std::string ResetText(const BudgetFigure& budget) {
  if (budget.window_end == 0) return "until somebody enables it";
  return fmt::format("until {}", FormatTime(budget.window_end));
}

Labels BudgetLabels(const BudgetFigure& budget) {
  return NonEmpty({{"budget", budget.id},
                   {"scope", budget.scope},
                   {"counter", IsOfMany(budget) ? std::string() : budget.counter},
                   {std::string(kProjectLabel), budget.project}});
}

double SpentShare(const BudgetFigure& budget) {
  return budget.limit_usd > 0 ? budget.spent_usd / budget.limit_usd : 0;
}

struct Many {
  BudgetFigure example;
  int64_t exhausted = 0;
  int64_t refused = 0;
};

Reading OneBudget(const BudgetFigure& budget) {
  Reading reading;
  reading.labels = BudgetLabels(budget);
  reading.value = SpentShare(budget);
  if (!budget.exhausted) return reading;
  reading.verdict = Verdict::kBreach;
  reading.severity = budget.hard ? AlertSeverity::kPage : AlertSeverity::kWarning;
  const std::string of = budget.counter.empty() ? std::string() : " of " + budget.counter;
  reading.annotations["summary"] =
      budget.hard
          ? fmt::format("budget {}{} is used up ({} of {}): calls are refused {}", budget.id, of,
                        Usd(budget.spent_usd), Usd(budget.limit_usd), ResetText(budget))
          : fmt::format("budget {}{} is passed: {} of {}", budget.id, of, Usd(budget.spent_usd),
                        Usd(budget.limit_usd));
  if (budget.refused > 0) {
    reading.annotations["description"] = fmt::format("{} calls were refused.", budget.refused);
  }
  return reading;
}

Reading ManyCounters(const Many& many) {
  Reading reading;
  const BudgetFigure& budget = many.example;
  reading.labels = BudgetLabels(budget);
  reading.value = static_cast<double>(many.exhausted);
  reading.threshold = 0;
  reading.severity = AlertSeverity::kTicket;
  if (many.exhausted == 0) return reading;
  reading.verdict = Verdict::kBreach;
  reading.annotations["summary"] =
      fmt::format("budget {}: {} {}{} used {} up, {} among them", budget.id, many.exhausted,
                  budget.scope, many.exhausted == 1 ? "" : "s", Usd(budget.limit_usd),
                  budget.counter.empty() ? "one without a name" : budget.counter);
  if (many.refused > 0) {
    reading.annotations["description"] = fmt::format("{} calls were refused.", many.refused);
  }
  return reading;
}

class FiguresRule final : public RuleEvaluator {
 public:
  using Judge = std::function<std::vector<Reading>(const RuleSpec& spec)>;
  FiguresRule(RuleSpec spec, Judge judge) : spec_(std::move(spec)), judge_(std::move(judge)) {}
  const RuleSpec& spec() const override { return spec_; }
  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext&) override {
    return judge_(spec_);
  }

 private:
  const RuleSpec spec_;
  const Judge judge_;
};

}  // namespace

std::vector<Reading> JudgeBudgets(const std::vector<BudgetFigure>& budgets) {
  std::vector<Reading> readings;
  std::map<std::string, Many> many;
  for (const BudgetFigure& budget : budgets) {
    if (!IsOfMany(budget)) {
      readings.push_back(OneBudget(budget));
      continue;
    }
    Many& of = many[budget.id];
    if (of.example.id.empty() || (budget.exhausted && of.exhausted == 0)) of.example = budget;
    of.exhausted += budget.exhausted;
    of.refused += budget.refused;
  }
  for (const auto& [id, of] : many) readings.push_back(ManyCounters(of));
  return readings;
}

std::vector<Reading> JudgeSpool(const RuleSpec& spec, const SpoolFigure& spool) {
  Reading reading;
  const double share = spool.bytes_max == 0 ? 0
                                            : static_cast<double>(spool.bytes) /
                                                  static_cast<double>(spool.bytes_max);
  reading.value = share;
  // A store that is away for long is told before the disk is full.
  constexpr int64_t kAgeMaxNs = 5 * kNanosPerMinute;
  constexpr double kPageShare = 0.85;
  const bool old = spool.oldest_age_ns > kAgeMaxNs;
  if (!spool.accepting || share > spec.threshold || old) {
    reading.verdict = Verdict::kBreach;
    if (!spool.accepting || share > kPageShare) reading.severity = AlertSeverity::kPage;
    const std::string state =
        fmt::format("{} of {} wait in the spool, the oldest for {}", FormatBytes(spool.bytes),
                    FormatBytes(spool.bytes_max), FormatDuration(spool.oldest_age_ns));
    reading.annotations["summary"] = spool.accepting
                                         ? fmt::format("the store does not keep up: {}", state)
                                         : fmt::format("senders are refused: {}", state);
    if (!spool.error.empty()) reading.annotations["description"] = spool.error;
  } else if (share > spec.threshold * kClearFactor) {
    reading.verdict = Verdict::kHold;
  }
  return {reading};
}

std::vector<Reading> JudgeExports(const RuleSpec& spec, const std::vector<ExportFigure>& exports) {
  std::vector<Reading> readings;
  for (const ExportFigure& target : exports) {
    Reading& reading = readings.emplace_back();
    reading.labels = NonEmpty({{"target", target.target}});
    reading.value = target.lag_s;
    constexpr double kFull = 0.8;
    const double share = target.bytes_max == 0 ? 0
                                               : static_cast<double>(target.bytes) /
                                                     static_cast<double>(target.bytes_max);
    if (target.lag_s <= spec.threshold && share <= kFull) {
      const bool holds =
          target.lag_s > spec.threshold * kClearFactor || share > kFull * kClearFactor;
      reading.verdict = holds ? Verdict::kHold : Verdict::kOk;
      continue;
    }
    reading.verdict = Verdict::kBreach;
    reading.annotations["summary"] = fmt::format(
        "{} is {} behind: {} wait{}", target.target,
        FormatDuration(static_cast<int64_t>(target.lag_s * kNanosPerSecond)),
        FormatBytes(target.bytes),
        target.dropped > 0 ? fmt::format(", {} records were given up", target.dropped) : "");
    if (!target.error.empty()) reading.annotations["description"] = target.error;
  }
  return readings;
}

std::vector<Reading> JudgeBreakers(const std::vector<BreakerFigure>& breakers) {
  std::vector<Reading> readings;
  for (const BreakerFigure& breaker : breakers) {
    Reading& reading = readings.emplace_back();
    reading.labels = NonEmpty({{"provider", breaker.provider}, {"model", breaker.model}});
    const bool open = breaker.state == "open";
    reading.value = open ? 1 : 0;
    // Half open: a call is trying, the breaker has not closed.
    if (!open && breaker.state != "half_open") continue;
    reading.verdict = open ? Verdict::kBreach : Verdict::kHold;
    if (!open) continue;
    reading.annotations["summary"] =
        fmt::format("the gateway does not call {} since {}: {}",
                    ModelText(breaker.provider, breaker.model), FormatTime(breaker.opened_at),
                    breaker.opened_why.empty() ? "its breaker is open" : breaker.opened_why);
  }
  return readings;
}

std::unique_ptr<RuleEvaluator> MakeBudgetExhaustedRule(RuleSpec spec,
                                                       const SystemFigures& figures) {
  return std::make_unique<FiguresRule>(
      std::move(spec), [&figures](const RuleSpec&) { return JudgeBudgets(figures.Budgets()); });
}

std::unique_ptr<RuleEvaluator> MakeSpoolRule(RuleSpec spec, const SystemFigures& figures) {
  return std::make_unique<FiguresRule>(
      std::move(spec), [&figures](const RuleSpec& of) { return JudgeSpool(of, figures.Spool()); });
}

std::unique_ptr<RuleEvaluator> MakeExportRule(RuleSpec spec, const SystemFigures& figures) {
  return std::make_unique<FiguresRule>(std::move(spec), [&figures](const RuleSpec& of) {
    return JudgeExports(of, figures.Exports());
  });
}

std::unique_ptr<RuleEvaluator> MakeBreakerRule(RuleSpec spec, const SystemFigures& figures) {
  return std::make_unique<FiguresRule>(
      std::move(spec), [&figures](const RuleSpec&) { return JudgeBreakers(figures.Breakers()); });
}

}  // namespace pitot
