#include "alert/rules/builtin.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "alert/rules/absent_rule.h"
#include "alert/rules/answer_rules.h"
#include "alert/rules/error_rules.h"
#include "alert/rules/latency_rule.h"
#include "alert/rules/runaway_rule.h"
#include "alert/rules/system_rules.h"
#include "alert/rules/tool_rule.h"
#include "alert/rules/traffic.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr int64_t kMinute = kNanosPerMinute;

std::vector<RuleSpec> MakeSpecs() {
  std::vector<RuleSpec> specs;
  const auto add = [&](std::string id, std::string alertname, AlertSeverity severity,
                       std::string runbook, double threshold, std::string unit,
                       std::string summary) -> RuleSpec& {
    RuleSpec& spec = specs.emplace_back();
    spec.id = std::move(id);
    spec.alertname = std::move(alertname);
    spec.severity = severity;
    spec.runbook = std::move(runbook);
    spec.threshold = threshold;
    spec.unit = std::move(unit);
    spec.summary = std::move(summary);
    spec.defined_in = "built in";
    return spec;
  };
  using enum AlertSeverity;
  add("latency_p99", "LatencyP99High", kWarning, "latency", 3, "x",
      "The p99 of a model's calls is so many times the usual one of that hour, or most calls of a "
      "provider take as many times as long as usual.");
  add("error_rate", "ErrorRateHigh", kWarning, "errors", 0.05, "ratio",
      "A share of the calls of a model, or of the runs of a feature, fails.");
  add("provider_outage", "ProviderOutage", kPage, "errors", 0.5, "ratio",
      "A share of the calls to a provider fails by its fault.")
      .for_ns = 0;
  add("tool_args", "ToolArgumentsInvalid", kWarning, "errors", 0.05, "ratio",
      "Calls of a tool with invalid arguments rose by such a share, and doubled at least.");
  add("answers_cut", "AnswersCutOff", kWarning, "errors", 0.05, "ratio",
      "Answers of a model that end for their length rose by such a share, and doubled at least.");
  add("runaway", "RunawayTrace", kPage, "cost", 5, "",
      "An agent repeats the same steps so often, makes 100 of them, or spends twenty times what "
      "runs of its feature do.")
      .for_ns = 0;
  RuleSpec& unpriced = add("unpriced", "UnpricedModel", kTicket, "cost", 0, "",
                           "More calls of a model than this have no known price.");
  unpriced.for_ns = 0;
  // A model that is called now and then is one alert.
  unpriced.keep_firing_ns = 6 * 60 * kMinute;
  add("telemetry_absent", "TelemetryAbsent", kWarning, "errors", 20, "",
      "A service sends no spans, of which so many come in five minutes at this hour.")
      .for_ns = 5 * kMinute;
  RuleSpec& exhausted = add("budget_exhausted", "BudgetExhausted", kPage, "cost", 1, "ratio",
                            "A budget is used up: hard ones refuse calls.");
  exhausted.for_ns = 0;
  exhausted.system = true;
  add("spool", "SpoolFilling", kWarning, "", 0.5, "ratio",
      "The spool is filled to such a share, or holds spans that the store has not taken for five "
      "minutes.")
      .system = true;
  RuleSpec& exports = add("export", "ExportBehind", kWarning, "", 300, "s",
                          "An export target is so many seconds behind.");
  exports.for_ns = 5 * kMinute;
  exports.system = true;
  RuleSpec& breaker = add("breaker", "GatewayBreakerOpen", kWarning, "errors", 1, "",
                          "The gateway has stopped calling a model because its calls fail.");
  breaker.for_ns = kMinute;
  breaker.system = true;
  return specs;
}

const std::vector<RuleSpec>& Specs() {
  static const std::vector<RuleSpec> specs = MakeSpecs();
  return specs;
}

absl::Status CheckThreshold(const RuleSpec& spec, double threshold) {
  const bool share = spec.unit == "ratio";
  const bool good =
      threshold >= 0 && (!share || threshold <= 1) && (spec.unit != "x" || threshold > 1);
  if (good) return absl::OkStatus();
  return InvalidArgument("alerts.rules.{}.threshold is {}; it must be {}", spec.id, threshold,
                         share              ? "a share between 0 and 1"
                         : spec.unit == "x" ? "more than 1"
                                            : "0 or more");
}

}  // namespace

std::span<const RuleSpec> BuiltInRuleSpecs() { return Specs(); }

const RuleSpec* FindBuiltInRule(std::string_view id) {
  const auto found = std::ranges::find(Specs(), id, &RuleSpec::id);
  return found == Specs().end() ? nullptr : &*found;
}

RuleSpec BuiltInRuleSpec(std::string_view id, const AlertOptions& options) {
  return Overridden(*FindBuiltInRule(id), options);
}

absl::Status CheckRuleOverrides(const AlertOptions& options,
                                std::span<const std::string_view> others) {
  std::vector<std::string_view> known(others.begin(), others.end());
  for (const RuleSpec& spec : Specs()) known.push_back(spec.id);
  for (const auto& [id, change] : options.rules) {
    if (std::ranges::find(known, id) == known.end()) {
      return InvalidArgument("alerts.rules: there is no rule \"{}\"{}", id, DidYouMean(id, known));
    }
    const RuleSpec* const spec = FindBuiltInRule(id);
    if (spec != nullptr && change.threshold) {
      RETURN_IF_ERROR(CheckThreshold(*spec, *change.threshold));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RuleSet> BuiltInRules(const AlertOptions& options, const SystemFigures& figures,
                                     std::span<const std::string_view> others) {
  RETURN_IF_ERROR(CheckRuleOverrides(options, others));
  const auto traffic = std::make_shared<TrafficSource>();
  const auto spec = [&](std::string_view id) { return BuiltInRuleSpec(id, options); };
  RuleSet rules;
  rules.push_back(MakeLatencyRule(spec("latency_p99"), traffic));
  rules.push_back(MakeErrorRateRule(spec("error_rate"), traffic));
  rules.push_back(MakeProviderOutageRule(spec("provider_outage"), traffic));
  rules.push_back(MakeToolArgumentsRule(spec("tool_args"), traffic));
  rules.push_back(MakeAnswersCutRule(spec("answers_cut"), traffic));
  rules.push_back(MakeRunawayRule(spec("runaway"), traffic));
  rules.push_back(MakeUnpricedRule(spec("unpriced"), traffic));
  rules.push_back(MakeAbsentRule(spec("telemetry_absent"), traffic, figures));
  rules.push_back(MakeBudgetExhaustedRule(spec("budget_exhausted"), figures));
  rules.push_back(MakeSpoolRule(spec("spool"), figures));
  rules.push_back(MakeExportRule(spec("export"), figures));
  rules.push_back(MakeBreakerRule(spec("breaker"), figures));
  return rules;
}

}  // namespace pitot
