#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "alert/slo/slo_book.h"
#include "alert/slo/slo_status.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr std::string_view kBurnId = "slo_burn";
constexpr std::string_view kBudgetId = "slo_budget";

RuleSpec BurnSpec() {
  RuleSpec spec;
  spec.id = kBurnId;
  spec.alertname = "SLOBurnRate";
  spec.summary = "An objective's error budget is spent faster than it lasts.";
  spec.severity = AlertSeverity::kPage;
  // The windows have waited already.
  spec.for_ns = 0;
  spec.runbook = "errors";
  spec.unit = "x";
  spec.threshold = 1;
  spec.defined_in = "built in";
  return spec;
}

RuleSpec BudgetSpec() {
  RuleSpec spec;
  spec.id = kBudgetId;
  spec.alertname = "SLOBudgetExhausted";
  spec.summary = "Nothing is left of an objective's error budget.";
  spec.for_ns = 0;
  spec.runbook = "errors";
  spec.unit = "ratio";
  spec.threshold = 1;
  spec.defined_in = "built in";
  return spec;
}

std::string Percent(double share) { return fmt::format("{:.4g} %", share * 100); }

std::string BudgetWords(const SloStatus& status) {
  if (status.budget_left <= 0) {
    return fmt::format("the budget of {} is spent ({} of it)", WindowName(status.spec->window_ns),
                       Percent(1 - status.budget_left));
  }
  std::string out = fmt::format("{} of the budget of {} is left", Percent(status.budget_left),
                                WindowName(status.spec->window_ns));
  if (status.time_to_exhaust_ns) {
    out += fmt::format(", gone in {} at the last hour's rate",
                       FormatDuration(*status.time_to_exhaust_ns));
  }
  return out;
}

// What every reading about an objective has.
Reading ReadingOf(const SloStatus& status) {
  const SloSpec& spec = *status.spec;
  Reading reading;
  for (const auto& [name, value] : spec.labels) reading.labels[name] = value;
  reading.labels["slo"] = spec.name;
  reading.annotations["objective"] =
      fmt::format("{} of {} within {}", Percent(spec.target),
                  spec.kind == SloKind::kScore ? "scores" : "events", WindowName(spec.window_ns));
  if (!spec.description.empty()) reading.annotations["description"] = spec.description;
  if (!spec.owner.empty()) reading.annotations["owner"] = spec.owner;
  reading.runbook = spec.Runbook();
  return reading;
}

Reading ErrorReading(const SloStatus& status) {
  Reading reading = ReadingOf(status);
  reading.verdict = Verdict::kNoData;
  reading.reason = fmt::format("could not be read: {}", status.error);
  return reading;
}

class BurnEvaluator final : public RuleEvaluator {
 public:
  BurnEvaluator(SloBook& book, RuleSpec spec, bool severity_given)
      : book_(book), spec_(std::move(spec)), severity_given_(severity_given) {}
  const RuleSpec& spec() const override { return spec_; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    RETURN_IF_ERROR(book_.Refresh(context.query, context.project));
    std::vector<Reading> readings;
    for (const SloStatus& status : book_.Statuses(context.project)) {
      if (status.as_of == 0 || !status.error.empty()) {
        AddUnread(status, readings);
        continue;
      }
      for (const TierVerdict& tier : JudgeTiers(status.rules)) {
        readings.push_back(Read(context.query, status, tier));
      }
    }
    return readings;
  }

 private:
  // Whatever fires is held.
  void AddUnread(const SloStatus& status, std::vector<Reading>& readings) const {
    std::vector<std::string_view> tiers;
    for (const BurnRule& rule : BurnRulesOf(*status.spec)) {
      if (!rule.reachable || std::ranges::find(tiers, rule.tier) != tiers.end()) continue;
      tiers.push_back(rule.tier);
      Reading reading = ErrorReading(status);
      reading.labels["tier"] = rule.tier;
      if (!severity_given_) reading.severity = rule.severity;
      readings.push_back(std::move(reading));
    }
  }

  Reading Read(const QueryContext& query, const SloStatus& status, const TierVerdict& tier) const {
    const SloRuleState& rule = *tier.rule;
    Reading reading = ReadingOf(status);
    reading.labels["tier"] = tier.tier;
    if (!severity_given_) reading.severity = tier.severity;
    reading.verdict = tier.verdict;
    reading.value = rule.over_long.burn;
    reading.threshold = rule.factor;
    reading.reason = rule.reason;
    if (tier.verdict == Verdict::kOk) return reading;
    Explain(status, rule, reading);
    if (tier.verdict != Verdict::kBreach) return reading;
    // What is worth a look is what fails now, not an hour ago.
    const Window recent{query.now - rule.over_short.window_ns - kNanosPerMinute, query.now};
    auto traces = book_.BadTraces(query, status, recent, kExemplarsMax);
    if (traces.ok()) reading.exemplar_trace_ids = *std::move(traces);
    return reading;
  }

  static void Explain(const SloStatus& status, const SloRuleState& rule, Reading& reading) {
    const SliCount& count = rule.over_long.count;
    if (count.valid == 0) {
      reading.annotations["summary"] = fmt::format("{}: {}", status.spec->name, rule.reason);
      return;
    }
    reading.annotations["summary"] = fmt::format(
        "{}: {} of {} bad over {} ({} where {} may be): burns {:.3g}x, {} above {:.3g}x; {}",
        status.spec->name, FormatCount(static_cast<uint64_t>(count.bad())),
        FormatCount(static_cast<uint64_t>(count.valid)), WindowName(rule.over_long.window_ns),
        Percent(static_cast<double>(count.bad()) / static_cast<double>(count.valid)),
        Percent(1 - status.spec->target), rule.over_long.burn.value_or(0), rule.tier, rule.factor,
        BudgetWords(status));
    reading.annotations["burn_short"] = fmt::format(
        "{} over {}",
        rule.over_short.burn ? fmt::format("{:.3g}x", *rule.over_short.burn) : "no data",
        WindowName(rule.over_short.window_ns));
    reading.annotations["rule"] = rule.name;
  }

  SloBook& book_;
  const RuleSpec spec_;
  const bool severity_given_;
};

class BudgetEvaluator final : public RuleEvaluator {
 public:
  BudgetEvaluator(SloBook& book, RuleSpec spec) : book_(book), spec_(std::move(spec)) {}
  const RuleSpec& spec() const override { return spec_; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    RETURN_IF_ERROR(book_.Refresh(context.query, context.project));
    std::vector<Reading> readings;
    for (const SloStatus& status : book_.Statuses(context.project)) {
      readings.push_back(status.as_of == 0 || !status.error.empty() ? ErrorReading(status)
                                                                    : Read(status));
    }
    return readings;
  }

 private:
  Reading Read(const SloStatus& status) const {
    Reading reading = ReadingOf(status);
    const double spent = 1 - status.budget_left;
    reading.value = spent;
    reading.threshold = spec_.threshold;
    const SliCount& total = status.total;
    if (!status.loaded) {
      reading.verdict = Verdict::kLearning;
      reading.reason =
          fmt::format("the window of {} is still being read", WindowName(status.spec->window_ns));
    } else if (total.valid == 0) {
      reading.verdict = Verdict::kNoData;
      reading.reason = fmt::format("nothing valid within {}", WindowName(status.spec->window_ns));
    } else if (spent >= spec_.threshold) {
      const bool evidence = IsEvidence(total, status.spec->target);
      reading.verdict = evidence || spec_.threshold < 1 ? Verdict::kBreach : Verdict::kSuppressed;
      if (!evidence) {
        reading.reason = fmt::format("{} bad of {}: too few to tell", total.bad(), total.valid);
      }
    } else if (spent >= kClearShare * spec_.threshold) {
      reading.verdict = Verdict::kHold;
    }
    if (reading.verdict == Verdict::kOk || total.valid == 0) return reading;
    reading.annotations["summary"] = fmt::format(
        "{}: {} of {} bad within {} ({} where {} may be): {}", status.spec->name,
        FormatCount(static_cast<uint64_t>(total.bad())),
        FormatCount(static_cast<uint64_t>(total.valid)), WindowName(status.spec->window_ns),
        Percent(static_cast<double>(total.bad()) / static_cast<double>(total.valid)),
        Percent(1 - status.spec->target), BudgetWords(status));
    return reading;
  }

  SloBook& book_;
  const RuleSpec spec_;
};

}  // namespace

RuleSet SloRules(SloBook& book, const AlertOptions& options) {
  const auto found = options.rules.find(std::string(kBurnId));
  const bool severity_given = found != options.rules.end() && found->second.severity.has_value();
  RuleSet rules;
  rules.push_back(
      std::make_unique<BurnEvaluator>(book, Overridden(BurnSpec(), options), severity_given));
  rules.push_back(std::make_unique<BudgetEvaluator>(book, Overridden(BudgetSpec(), options)));
  return rules;
}

}  // namespace pitot
