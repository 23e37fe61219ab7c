#include "alert/dispatch/inhibit.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "alert/lifecycle/lifecycle.h"
#include "alert/matcher.h"

namespace pitot {
namespace {

struct DefaultRule {
  std::string_view source;
  std::string_view target;
  std::vector<std::string> equal;
};

// Labels that say what an alert is about; of two alerts of one rule those of the same thing.
const std::vector<std::string>& SubjectLabels() {
  static const std::vector<std::string> labels = {"alertname", "project", "environment", "feature",
                                                  "provider",  "model",   "operation",   "tool",
                                                  "subject",   "slo",     "budget",      "target"};
  return labels;
}

// A matcher's text of our own is a constant: it can be read.
Matchers Parsed(std::string_view text) {
  absl::StatusOr<Matchers> matchers = ParseMatchers(text);
  return matchers.ok() ? *std::move(matchers) : Matchers();
}

// The values of `equal`, as a key.
std::string KeyOf(const std::vector<std::string>& equal, const Alert& alert) {
  std::string key;
  for (const std::string& name : equal) {
    key += alert.Label(name);
    key += '\xff';
  }
  return key;
}

struct Source {
  uint64_t fingerprint = 0;
  bool is_target = false;
};

bool Inhibits(const Alert& alert, UnixNanos now) {
  if (IsActive(alert.state)) return true;
  // One that is over for another reason than a measurement goes on as something else, or was nothing.
  return alert.state == AlertState::kResolved && now - alert.resolved_at < kInhibitLingerNs &&
         !alert.annotations.contains(kResolvedReasonAnnotation);
}

void InhibitBy(const InhibitRule& rule, std::vector<Alert>& alerts, UnixNanos now) {
  absl::flat_hash_map<std::string, std::vector<Source>> sources;
  for (const Alert& alert : alerts) {
    if (!Inhibits(alert, now) || !MatchAll(rule.source, alert.labels)) continue;
    sources[KeyOf(rule.equal, alert)].push_back(
        {alert.fingerprint, MatchAll(rule.target, alert.labels)});
  }
  if (sources.empty()) return;
  for (Alert& alert : alerts) {
    if (alert.state == AlertState::kResolved || !MatchAll(rule.target, alert.labels)) continue;
    const auto found = sources.find(KeyOf(rule.equal, alert));
    if (found == sources.end()) continue;
    const bool is_source = MatchAll(rule.source, alert.labels);
    for (const Source& source : found->second) {
      if (source.fingerprint == alert.fingerprint || (is_source && source.is_target)) continue;
      alert.inhibited_by.push_back(source.fingerprint);
    }
  }
}

}  // namespace

std::vector<InhibitRule> DefaultInhibitRules() {
  const DefaultRule rules[] = {
      {R"(severity="page", slo!="")",
       R"(severity=~"warning|ticket|info", slo!="")",
       {"project", "slo"}},
      {R"(severity="page")", R"(severity=~"warning|ticket|info")", SubjectLabels()},
      {R"(alertname="ProviderOutage")",
       R"(alertname=~"LatencyP99High|ErrorRateHigh")",
       {"project", "provider"}},
      // The gateway's breakers know of no project.
      {R"(alertname="ProviderOutage")", R"(alertname="GatewayBreakerOpen")", {"provider"}},
      {R"(alertname="TelemetryAbsent")", R"(slo!="")", {"project"}},
      {R"(alertname="BudgetExhausted")",
       R"(alertname="BudgetProjectionHigh")",
       {"project", "budget"}},
      // A provider that is slow as a whole over its models.
      {R"(alertname="LatencyP99High", subject="provider")",
       R"(alertname="LatencyP99High", subject!="provider")",
       {"project", "provider"}},
      // Runs fail where a tool is called wrongly; which features use it, the alert does not say.
      {R"(alertname="ToolArgumentsInvalid")",
       R"(alertname="ErrorRateHigh", subject="runs")",
       {"project", "environment"}},
      {R"(alertname="RunawayTrace")",
       R"(alertname=~"ErrorRateHigh|LatencyP99High|ToolArgumentsInvalid|CostAnomaly")",
       {"project", "feature"}},
  };
  std::vector<InhibitRule> inhibit;
  for (const DefaultRule& rule : rules) {
    inhibit.push_back({Parsed(rule.source), Parsed(rule.target), rule.equal});
  }
  return inhibit;
}

void Inhibit(const std::vector<InhibitRule>& rules, std::vector<Alert>& alerts, UnixNanos now) {
  for (Alert& alert : alerts) alert.inhibited_by.clear();
  for (const InhibitRule& rule : rules) InhibitBy(rule, alerts, now);
  for (Alert& alert : alerts) {
    std::ranges::sort(alert.inhibited_by);
    std::vector<uint64_t>& by = alert.inhibited_by;
    by.erase(std::unique(by.begin(), by.end()), by.end());
  }
}

}  // namespace pitot
