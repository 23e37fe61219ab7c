#include "alert/rules/spend_rules.h"

#include <utility>

#include "alert/rules/anomaly_rule.h"
#include "alert/rules/projection_rule.h"
#include "measure/forecast.h"
#include "measure/robust_z.h"

namespace pitot {
namespace {

RuleSpec ProjectionSpec() {
  RuleSpec spec;
  spec.id = "budget_projection";
  spec.alertname = "BudgetProjectionHigh";
  spec.summary = "A budget will be spent to such a share by the end of its window.";
  spec.runbook = "cost";
  spec.unit = "ratio";
  spec.threshold = kProjectedShareMax;
  spec.for_ns = 0;
  spec.system = true;
  spec.defined_in = "built in";
  return spec;
}

RuleSpec AnomalySpec() {
  RuleSpec spec;
  spec.id = "cost_anomaly";
  spec.alertname = "CostAnomaly";
  spec.summary =
      "An hour costs far more than comparable ones: so many deviations above their median, twice "
      "as much, and a dollar more.";
  spec.runbook = "cost";
  spec.unit = "usd";
  spec.threshold = AnomalyLimits().z_min;
  spec.for_ns = 0;
  spec.interval_ns = kNanosPerMinute;
  spec.defined_in = "built in";
  return spec;
}

}  // namespace

RuleSet SpendRules(const AlertOptions& options, const SystemFigures& figures,
                   AnomalyAcknowledged acknowledged) {
  RuleSet rules;
  rules.push_back(MakeProjectionRule(Overridden(ProjectionSpec(), options), figures));
  rules.push_back(MakeAnomalyRule(Overridden(AnomalySpec(), options), std::move(acknowledged)));
  return rules;
}

}  // namespace pitot
