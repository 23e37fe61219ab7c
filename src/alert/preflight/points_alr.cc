// ALR: is somebody told, once, and in time?
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "alert/preflight/point.h"
#include "alert/preflight/probe.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

const PreflightRule* RuleOf(const PointContext& context, std::string_view id) {
  for (const PreflightRule& rule : context.config.rules) {
    if (rule.spec.id == id) return &rule;
  }
  return nullptr;
}

// The rule is on and works; else says so.
const PreflightRule* CheckRule(const PointContext& context, std::string_view id,
                               Judgement& judgement) {
  const PreflightRule* rule = RuleOf(context, id);
  judgement.Text("rule", id);
  if (!context.config.alerts.enabled) {
    judgement.Fail("alerts.enabled is false");
    return nullptr;
  }
  if (rule == nullptr || !rule->spec.enabled) {
    judgement.Fail(fmt::format("the rule {} is switched off", id));
    return nullptr;
  }
  judgement.Number("rule_threshold", rule->spec.threshold);
  judgement.Text("rule_for", FormatDuration(rule->spec.for_ns));
  if (!rule->last_error.empty()) {
    judgement.Fail(fmt::format("the rule {} cannot be evaluated: {}", id, rule->last_error));
    return nullptr;
  }
  judgement.Pass(fmt::format("the rule {} is on", id));
  return rule;
}

absl::Status JudgeLatencyAlert(const PointContext& context, Judgement& judgement) {
  const PreflightRule* rule = CheckRule(context, "latency_p99", judgement);
  if (rule == nullptr) return absl::OkStatus();
  judgement.Count("series", rule->series);
  judgement.Count("series_learning", rule->learning);
  if (rule->last_at == 0) {
    judgement.Lack("it has not been evaluated yet");
  } else if (rule->series == 0) {
    judgement.Lack("it measures nothing yet: no model was called often enough");
  } else if (rule->learning >= rule->series) {
    judgement.Lack(fmt::format(
        "it is still learning what is usual for {}",
        rule->series == 1 ? "the only model" : fmt::format("all {} models", rule->series)));
  } else {
    judgement.Pass(fmt::format("it knows what is usual for {} of {}", rule->series - rule->learning,
                               CountOf(rule->series, "series", "series")));
  }
  if (!CanProbe(context, context.replay, judgement) ||
      !CanProbe(context, context.sandbox, judgement)) {
    return absl::OkStatus();
  }
  return ProbeLatencyAlert(context, judgement);
}

absl::Status JudgeErrorAlert(const PointContext& context, Judgement& judgement) {
  if (CheckRule(context, "error_rate", judgement) == nullptr ||
      !CanProbe(context, context.replay, judgement) ||
      !CanProbe(context, context.sandbox, judgement)) {
    return absl::OkStatus();
  }
  return ProbeErrorAlert(context, judgement);
}

absl::Status JudgeProjectionAlert(const PointContext& context, Judgement& judgement) {
  if (CheckRule(context, "budget_projection", judgement) == nullptr) return absl::OkStatus();
  std::vector<std::string> daily;
  for (const PreflightBudget& budget : context.config.budgets) {
    if (budget.window != "day" && budget.window != "month") continue;
    if (!budget.project.empty() && budget.project != context.project) continue;
    daily.push_back(fmt::format("{} (${} a {})", budget.id, budget.limit_usd, budget.window));
  }
  judgement.Count("budgets", static_cast<int64_t>(daily.size()));
  if (daily.empty()) {
    judgement.Fail("no budget of a day is set, so there is nothing to project against");
  } else {
    judgement.Pass(fmt::format("it watches {}", fmt::join(daily, ", ")));
  }
  if (!CanProbe(context, context.replay, judgement) ||
      !CanProbe(context, context.sandbox, judgement)) {
    return absl::OkStatus();
  }
  return ProbeProjectionAlert(context, judgement);
}

absl::Status JudgeNoRepetition(const PointContext& context, Judgement& judgement) {
  if (!CanProbe(context, context.replay, judgement)) return absl::OkStatus();
  return ProbeNoRepetition(context, judgement);
}

// When a receiver last got something, through all of its channels.
struct ReceiverHealth {
  UnixNanos last_success_at = 0;  // Of the channel for which it is longest ago.
  int64_t latency_ns = 0;
  std::string error;  // Of a channel whose last attempt failed.
};

ReceiverHealth HealthOf(const std::vector<PreflightDelivery>& deliveries,
                        std::string_view receiver) {
  ReceiverHealth health;
  bool first = true;
  for (const PreflightDelivery& each : deliveries) {
    if (each.receiver != receiver) continue;
    if (first || each.last_success_at < health.last_success_at) {
      health.last_success_at = each.last_success_at;
    }
    first = false;
    health.latency_ns = std::max(health.latency_ns, each.latency_ns);
    if (each.last_error_at > each.last_success_at) {
      health.error = fmt::format("{}: {}", each.channel, each.last_error);
    }
  }
  return health;
}

absl::Status JudgeReceivers(const PointContext& context, Judgement& judgement) {
  const auto days = static_cast<int64_t>(context.Threshold(7));
  judgement.Threshold("days_max", static_cast<double>(days));
  const std::vector<ReceiverOptions>& receivers = context.config.alerts.receivers;
  if (receivers.empty()) {
    judgement.Fail("alerts.receivers names nobody: alerts are only shown");
    return absl::OkStatus();
  }
  if (!context.hooks.deliveries) {
    judgement.Lack("nothing is known of deliveries here");
    return absl::OkStatus();
  }
  std::vector<std::string> rows;
  for (const ReceiverOptions& receiver : receivers) {
    ReceiverHealth health = HealthOf(context.hooks.deliveries(), receiver.name);
    const auto fresh = [&] {
      return health.last_success_at > 0 &&
             context.query.now - health.last_success_at <= days * kNanosPerDay &&
             health.error.empty();
    };
    bool tested = false;
    absl::Status test;
    // Nobody is bothered with a test when real notifications arrive.
    if (!fresh() && context.probes && context.hooks.test_receiver) {
      tested = true;
      test = context.hooks.test_receiver(receiver.name);
      const ReceiverHealth after = HealthOf(context.hooks.deliveries(), receiver.name);
      health.latency_ns = after.latency_ns;
      if (test.ok()) health.last_success_at = context.query.now;
    }
    rows.push_back(fmt::format(
        R"({{"receiver":{},"last_success_at":{},"latency_ms":{},"tested":{},"error":{}}})",
        JsonText(receiver.name),
        health.last_success_at == 0 ? "null" : JsonText(IsoTime(health.last_success_at)),
        MillisJson(health.latency_ns == 0
                       ? std::nullopt
                       : std::optional<double>(static_cast<double>(health.latency_ns))),
        tested, test.ok() ? JsonText(health.error) : JsonText(Message(test))));
    if (tested) {
      judgement.Check(test.ok(), test.ok() ? fmt::format("{} took a test", receiver.name)
                                           : fmt::format("{} did not take a test: {}",
                                                         receiver.name, Message(test)));
    } else if (fresh()) {
      judgement.Pass(fmt::format("{} was told something {} ago", receiver.name,
                                 FormatDuration(context.query.now - health.last_success_at)));
    } else if (!health.error.empty()) {
      judgement.Fail(fmt::format("{} was not told: {}", receiver.name, health.error));
    } else {
      judgement.Lack(fmt::format("{} was told nothing in {} days; test it: pitot alerts test {}",
                                 receiver.name, days, receiver.name));
    }
  }
  judgement.Json("receivers", fmt::format("[{}]", fmt::join(rows, ",")));
  return absl::OkStatus();
}

// Burn rates that alert, and the windows whose tiers' factors depend on the SLO's own.
struct Tier {
  std::string_view name;
  double budget_share;  // Spent within the long window. 0: the factor is fixed.
  int64_t long_ns;
  double factor;
};
constexpr int64_t kHourNs = 60 * kNanosPerMinute;
constexpr Tier kTiers[] = {
    {"fast page", 0, 5 * kNanosPerMinute, 10}, {"fast warning", 0, kHourNs, 2},
    {"page quick", 0.02, kHourNs, 0},          {"page slow", 0.05, 6 * kHourNs, 0},
    {"ticket quick", 0.10, 24 * kHourNs, 0},   {"ticket slow", 0.10, 72 * kHourNs, 0},
};

bool IsOn(const SloSpec& slo, const Tier& tier) {
  if (tier.budget_share > 0) return slo.alert_multiwindow;
  return tier.factor > 2 ? slo.alert_fast_page : slo.alert_fast_warn;
}

absl::Status JudgeBurnRates(const PointContext& context, Judgement& judgement) {
  std::vector<std::string> rows;
  int64_t slos = 0;
  for (const SloSpec& slo : context.config.alerts.slos) {
    if (!slo.project.empty() && slo.project != context.project) continue;
    ++slos;
    const double reachable = 1 / (1 - slo.target);
    int64_t on = 0;
    for (const Tier& tier : kTiers) {
      const double factor = tier.budget_share > 0
                                ? tier.budget_share * static_cast<double>(slo.window_ns) /
                                      static_cast<double>(tier.long_ns)
                                : tier.factor;
      // At a target of 0.9 the two are equal, but for rounding.
      const bool ok = reachable > factor * (1 + 1e-9);
      if (!IsOn(slo, tier)) continue;
      ++on;
      rows.push_back(fmt::format(R"({{"slo":{},"tier":"{}","factor":{},"reachable":{},"ok":{}}})",
                                 JsonText(slo.name), tier.name, NumberJson(factor),
                                 NumberJson(reachable), ok));
      if (!ok) {
        judgement.Fail(fmt::format("{} (target {}) burns {:.3g} times at most, its {} wants {:.3g}",
                                   slo.name, slo.target, reachable, tier.name, factor));
      }
    }
    if (on == 0) judgement.Fail(fmt::format("{} has no burn rate that alerts", slo.name));
  }
  judgement.Count("slos", slos);
  judgement.Json("tiers", fmt::format("[{}]", fmt::join(rows, ",")));
  if (slos == 0) {
    judgement.Lack("slos names no objective of this project");
  } else {
    judgement.Pass(fmt::format("all burn rates of {} can be reached", CountOf(slos, "objective")));
  }
  return absl::OkStatus();
}

absl::Status JudgeAbsence(const PointContext& context, Judgement& judgement) {
  if (CheckRule(context, "telemetry_absent", judgement) == nullptr ||
      !CanProbe(context, context.replay, judgement) ||
      !CanProbe(context, context.sandbox, judgement)) {
    return absl::OkStatus();
  }
  return ProbeAbsence(context, judgement);
}

constexpr PointRow kRows[] = {
    {{.id = "ALR-01",
      .title = "p99 alert at 3x baseline",
      .how = "C+P",
      .star = true,
      .wants = "The rule latency_p99 is on and knows what is usual; a replayed spike fires it.",
      .remedy = "Switch alerts.rules.latency_p99 on; it needs a day of at least 100 calls in five "
                "minutes."},
     JudgeLatencyAlert},
    {{.id = "ALR-02",
      .title = "Error-rate alert at 5 %",
      .how = "C+P",
      .star = true,
      .wants = "The rule error_rate is on; 6 % of failures replayed fire it, 4 % do not.",
      .remedy = "Switch alerts.rules.error_rate on with threshold 0.05."},
     JudgeErrorAlert},
    {{.id = "ALR-03",
      .title = "Daily cost alert at 80 % projected",
      .how = "C+P",
      .star = true,
      .wants = "A budget of a day is set and the rule budget_projection is on; a day heading for "
               "90 % replayed fires it, one for 50 % does not.",
      .remedy = "Add a budget with window: day (it may be soft)."},
     JudgeProjectionAlert},
    {{.id = "ALR-04",
      .title = "Dedup: no re-page every 30 s",
      .how = "P",
      .star = true,
      .wants = "20 evaluations of a standing alert lead to one notification.",
      .remedy = "Raise alerts.repeat_interval and alerts.group_interval."},
     JudgeNoRepetition},
    {{.id = "ALR-05",
      .title = "Every receiver delivers",
      .how = "P",
      .wants = "Each receiver took a notification or a test within 7 days, and the last one.",
      .remedy =
          "Name who is told in alerts.receivers; pitot alerts test RECEIVER tells what is wrong."},
     JudgeReceivers},
    {{.id = "ALR-06",
      .title = "Burn-rate tiers reachable for target",
      .how = "C",
      .wants = "1 / (1 - target) is above the factor of each burn rate that alerts.",
      .remedy = "Raise the target, or switch off what it cannot reach (alert_fast_page: false)."},
     JudgeBurnRates},
    {{.id = "ALR-07",
      .title = "No-data alert active",
      .how = "P",
      .wants =
          "The rule telemetry_absent is on; replayed silence fires it and holds the SLO's alert.",
      .remedy = "Switch alerts.rules.telemetry_absent on."},
     JudgeAbsence},
};

}  // namespace

std::span<const PointRow> AlrPoints() { return kRows; }

}  // namespace pitot
