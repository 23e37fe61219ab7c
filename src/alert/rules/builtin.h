// alert/rules/builtin.h
//
// The rules that watch without being asked to. One table says what each is called, when it fires and
// how loudly; `alerts.rules.ID` changes a row (RuleOverride).
//
// To add a rule: a row here, an evaluator in this folder, and a case in its test.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <span>
#include <string_view>

#include "alert/options.h"
#include "alert/rule.h"
#include "alert/rules/system_figures.h"

namespace pitot {

// With their defaults, in the order in which they are shown. Rules of SLOs are not among them: there
// are as many as there are objectives (slo/).
std::span<const RuleSpec> BuiltInRuleSpecs();
// Null: there is none.
const RuleSpec* FindBuiltInRule(std::string_view id);

// A row of the table as the configuration wants it.
// REQUIRES: FindBuiltInRule(id) is not null.
RuleSpec BuiltInRuleSpec(std::string_view id, const AlertOptions& options);

// kInvalidArgument: `alerts.rules` names a rule that is neither built in nor one of `others` (ids of
// rules made elsewhere), with the nearest known one, or gives it a threshold out of its range.
absl::Status CheckRuleOverrides(const AlertOptions& options,
                                std::span<const std::string_view> others = {});

// All of the table, disabled ones too (spec().enabled is false then: not to be evaluated), each with its
// overrides. They share what they read of one project at one time: evaluate a rule in all projects, then
// the next, or all rules in one project; each combination of project and time is read once.
//
// Borrows `figures`. One evaluation of the set at a time. Errors: those of CheckRuleOverrides.
absl::StatusOr<RuleSet> BuiltInRules(const AlertOptions& options, const SystemFigures& figures,
                                     std::span<const std::string_view> others = {});

}  // namespace pitot
