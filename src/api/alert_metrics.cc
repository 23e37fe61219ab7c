#include "api/alert_metrics.h"

#include <array>
#include <vector>

#include "alert/lifecycle/lifecycle.h"
#include "alert/notify/sender.h"
#include "alert/service.h"
#include "alert/slo/slo_book.h"

namespace pitot {
namespace {

double Seconds(int64_t ns) { return static_cast<double>(ns) / kNanosPerSecond; }

void AddStates(const AlertService& alerts, PrometheusText& out) {
  std::array<int64_t, static_cast<size_t>(AlertState::kEnd)> states{};
  int64_t silenced = 0;
  int64_t inhibited = 0;
  for (const Alert& alert : alerts.Alerts()) {
    ++states[static_cast<size_t>(alert.state)];
    if (!IsActive(alert.state)) continue;
    silenced += alert.silenced_by.empty() ? 0 : 1;
    inhibited += alert.inhibited_by.empty() ? 0 : 1;
  }
  out.Gauge("pitot_alerts", "Alerts by state.");
  for (size_t i = 0; i < states.size(); ++i) {
    out.Sample(static_cast<double>(states[i]), {{"state", kAlertStateNames[i]}});
  }
  out.Gauge("pitot_alerts_muted", "Alerts that fire and of which nobody is told, by why.");
  out.Sample(static_cast<double>(silenced), {{"by", "silence"}});
  out.Sample(static_cast<double>(inhibited), {{"by", "inhibition"}});
}

void AddRules(AlertService& alerts, PrometheusText& out) {
  const AlertStats stats = alerts.stats();
  out.Counter("pitot_alert_evaluations_total", "Evaluations of all rules together.");
  out.Sample(static_cast<double>(stats.evaluations));
  out.Gauge("pitot_alert_evaluation_seconds", "How long the last one took.");
  out.Sample(Seconds(stats.last_took_ns));
  out.Gauge("pitot_alert_evaluation_timestamp_seconds", "When it was; 0: never.");
  out.Sample(Seconds(stats.last_at));
  out.Counter("pitot_alert_rule_failures_total", "Evaluations of a rule that failed.");
  const std::vector<RuleStatus> rules = alerts.Rules();
  for (const RuleStatus& rule : rules) {
    out.Sample(static_cast<double>(rule.failures), {{"rule", rule.spec.id}});
  }
  out.Counter("pitot_alerts_not_followed_total",
              "Series that breached and were not followed (limits.alerts).");
  out.Sample(static_cast<double>(alerts.lifecycle().not_followed()));
}

void AddChannels(AlertService& alerts, PrometheusText& out) {
  const std::vector<ChannelStatus> channels = alerts.sender().Statuses();
  out.Counter("pitot_notifications_total", "Notifications by channel and result.");
  for (const ChannelStatus& each : channels) {
    out.Sample(static_cast<double>(each.sent),
               {{"receiver", each.receiver}, {"channel", each.channel}, {"result", "sent"}});
    out.Sample(static_cast<double>(each.failed),
               {{"receiver", each.receiver}, {"channel", each.channel}, {"result", "failed"}});
  }
  out.Gauge("pitot_notifications_queued", "Notifications that wait for their channel.");
  for (const ChannelStatus& each : channels) {
    out.Sample(static_cast<double>(each.queued),
               {{"receiver", each.receiver}, {"channel", each.channel}});
  }
}

void AddSlos(AlertService& alerts, PrometheusText& out) {
  const std::vector<SloStatus> slos = alerts.slos().Statuses("");
  out.Gauge("pitot_slo_budget_left", "What is left of an error budget: 1 untouched, 0 spent.");
  for (const SloStatus& slo : slos) {
    if (!slo.sli) continue;
    out.Sample(slo.budget_left, {{"slo", slo.spec->name}, {"project", slo.project}});
  }
  out.Gauge("pitot_slo_burn_rate", "Burn rate over the objective's window.");
  for (const SloStatus& slo : slos) {
    if (!slo.burn) continue;
    out.Sample(*slo.burn, {{"slo", slo.spec->name}, {"project", slo.project}});
  }
}

}  // namespace

void AddAlertMetrics(AlertService& alerts, PrometheusText& out) {
  AddStates(alerts, out);
  AddRules(alerts, out);
  AddChannels(alerts, out);
  AddSlos(alerts, out);
}

}  // namespace pitot
