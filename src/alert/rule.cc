#include "alert/rule.h"

#include "alert/options.h"

namespace pitot {

RuleSpec Overridden(RuleSpec spec, const AlertOptions& options) {
  const auto found = options.rules.find(spec.id);
  if (found == options.rules.end()) return spec;
  const RuleOverride& change = found->second;
  spec.enabled = change.enabled.value_or(spec.enabled);
  spec.threshold = change.threshold.value_or(spec.threshold);
  spec.severity = change.severity.value_or(spec.severity);
  spec.for_ns = change.for_ns.value_or(spec.for_ns);
  spec.keep_firing_ns = change.keep_firing_ns.value_or(spec.keep_firing_ns);
  if (!change.runbook.empty()) spec.runbook = change.runbook;
  return spec;
}

}  // namespace pitot
