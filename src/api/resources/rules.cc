// GET /api/v1/rules, GET /api/v1/notifications, GET /api/v1/receivers and POST
// /api/v1/receivers/{name}/test
#include <algorithm>

#include "alert/dispatch/dispatcher.h"
#include "alert/lifecycle/lifecycle.h"
#include "alert/notify/sender.h"
#include "api/alert_view.h"
#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

double Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }
double Millis(int64_t ns) { return static_cast<double>(ns) / 1e6; }

std::string RuleJson(const RuleStatus& status, const AlertService& service,
                     const std::vector<SuppressedReading>& waiting) {
  const RuleSpec& spec = status.spec;
  const auto waits = [&](Verdict verdict) {
    return std::ranges::count_if(waiting, [&](const SuppressedReading& one) {
      return one.rule_id == spec.id && one.verdict == verdict;
    });
  };
  const int64_t interval = spec.interval_ns > 0 ? spec.interval_ns : service.options().interval_ns;
  std::string out = fmt::format(
      "{{\"id\":{},\"alertname\":{},\"summary\":{},\"severity\":\"{}\",\"threshold\":{},"
      "\"unit\":{},\"for_s\":{},\"keep_firing_s\":{},\"interval_s\":{},\"runbook\":{},"
      "\"enabled\":{},\"system\":{},\"defined_in\":{}",
      QuoteJson(spec.id), QuoteJson(spec.alertname), QuoteJson(spec.summary), Name(spec.severity),
      NumberOrNull(spec.threshold), QuoteJson(spec.unit), Seconds(spec.for_ns),
      Seconds(spec.keep_firing_ns), Seconds(interval), TextOrNull(spec.runbook), spec.enabled,
      spec.system, QuoteJson(spec.defined_in));
  return out + fmt::format(
                   ",\"last_evaluated_at\":{},\"last_took_ms\":{},\"last_error\":{},"
                   "\"evaluations\":{},\"failures\":{},\"series\":{},\"breaching\":{},"
                   "\"learning\":{},\"suppressed\":{},\"no_data\":{}}}",
                   TimeOrNull(status.last_at), Millis(status.last_took_ns),
                   TextOrNull(status.last_error), status.evaluations, status.failures,
                   status.series, status.breaching, waits(Verdict::kLearning),
                   waits(Verdict::kSuppressed), waits(Verdict::kNoData));
}

std::string SuppressedJson(const SuppressedReading& reading) {
  return fmt::format(
      "{{\"rule_id\":{},\"labels\":{},\"verdict\":\"{}\",\"value\":{},\"threshold\":{},"
      "\"unit\":{},\"reason\":{},\"since\":{}}}",
      QuoteJson(reading.rule_id), LabelsJson(reading.labels), Name(reading.verdict),
      NumberOrNull(reading.value), NumberOrNull(reading.threshold), QuoteJson(reading.unit),
      QuoteJson(reading.reason), TimeOrNull(reading.since));
}

absl::StatusOr<std::string> ListRules(const ApiCall& call) {
  ASSIGN_OR_RETURN(const AlertService* service, AlertsOf(call));
  const AlertSight sight = SightOf(call);
  std::vector<SuppressedReading> waiting = call.context.deps.alerts->lifecycle().Suppressed();
  std::erase_if(waiting, [&](const SuppressedReading& one) { return !sight.Sees(one.labels); });
  std::string rules, suppressed;
  for (const RuleStatus& status : service->Rules()) {
    rules += (rules.empty() ? "\n" : ",\n") + RuleJson(status, *service, waiting);
  }
  for (const SuppressedReading& one : waiting) {
    suppressed += (suppressed.empty() ? "\n" : ",\n") + SuppressedJson(one);
  }
  const AlertStats stats = service->stats();
  return fmt::format(
      "{{\"at\":{},\"interval_s\":{},\"evaluated_at\":{},\"last_took_ms\":{},\"skipped\":{},"
      "\"rules\":[{}],\"suppressed\":[{}]}}",
      TimeOrNull(call.context.deps.clock.Now()), Seconds(service->options().interval_ns),
      TimeOrNull(stats.last_at), Millis(stats.last_took_ns), stats.skipped, rules, suppressed);
}

std::string NotificationJson(const NotificationRecord& record) {
  std::vector<std::string> alerts;
  for (const uint64_t one : record.alerts) alerts.push_back(FingerprintText(one));
  return fmt::format(
      "{{\"at\":{},\"receiver\":{},\"reason\":\"{}\",\"severity\":{},\"group_key\":{},"
      "\"group_labels\":{},\"sequence\":{},\"firing\":{},\"resolved\":{},\"alerts\":{},\"ok\":{}}}",
      TimeOrNull(record.at), QuoteJson(record.receiver), Name(record.reason),
      TextOrNull(record.severity), QuoteJson(record.group_key), LabelsJson(record.group_labels),
      record.sequence, record.firing, record.resolved, TextsJson(alerts), record.ok);
}

absl::StatusOr<std::string> ListNotifications(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  ASSIGN_OR_RETURN(const uint32_t limit, ReadLimit(call));
  const AlertSight sight = SightOf(call);
  const std::string_view receiver = call.request.Param("receiver");
  std::string list;
  uint32_t shown = 0;
  for (const NotificationRecord& record :
       service->dispatcher().Recent(static_cast<size_t>(call.context.deps.limits.list_rows))) {
    if (!sight.Sees(record.group_labels)) continue;
    if (!receiver.empty() && record.receiver != receiver) continue;
    if (shown++ == limit) break;
    list += (list.empty() ? "\n" : ",\n") + NotificationJson(record);
  }
  return fmt::format("{{\"at\":{},\"notifications\":[{}]}}",
                     TimeOrNull(call.context.deps.clock.Now()), list);
}

std::string ChannelJson(const ChannelStatus& channel) {
  return fmt::format(
      "{{\"channel\":{},\"kind\":{},\"target\":{},\"sent\":{},\"failed\":{},\"retries\":{},"
      "\"queued\":{},\"last_success_at\":{},\"last_error_at\":{},\"last_error\":{},"
      "\"last_latency_ms\":{}}}",
      QuoteJson(channel.channel), QuoteJson(channel.kind), QuoteJson(channel.target), channel.sent,
      channel.failed, channel.retries, channel.queued, TimeOrNull(channel.last_success_at),
      TimeOrNull(channel.last_error_at), TextOrNull(channel.last_error),
      Millis(channel.last_latency_ns));
}

absl::StatusOr<std::string> ListReceivers(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  const AlertOptions& options = service->options();
  const std::vector<ChannelStatus> statuses = service->sender().Statuses();
  std::string list;
  for (const ReceiverOptions& receiver : options.receivers) {
    std::string channels;
    for (const ChannelStatus& channel : statuses) {
      if (channel.receiver != receiver.name) continue;
      channels += (channels.empty() ? "" : ",") + ChannelJson(channel);
    }
    list += fmt::format("{}{{\"name\":{},\"is_default\":{},\"channels\":[{}]}}",
                        list.empty() ? "\n" : ",\n", QuoteJson(receiver.name),
                        receiver.name == options.default_receiver, channels);
  }
  return fmt::format("{{\"at\":{},\"receivers\":[{}]}}", TimeOrNull(call.context.deps.clock.Now()),
                     list);
}

absl::StatusOr<std::string> TestReceiver(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  const std::string& name = call.args[0];
  ASSIGN_OR_RETURN(const std::vector<ChannelResult> results, service->sender().Test(name));
  std::string channels;
  for (const ChannelResult& one : results) {
    channels += fmt::format(
        "{}{{\"channel\":{},\"ok\":{},\"skipped\":{},\"attempts\":{},\"error\":{}}}",
        channels.empty() ? "" : ",", QuoteJson(one.channel), one.status.ok(), one.skipped,
        one.attempts, one.status.ok() ? "null" : QuoteJson(Message(one.status)));
  }
  const bool ok =
      std::ranges::all_of(results, [](const ChannelResult& one) { return one.status.ok(); });
  RETURN_IF_ERROR(AuditAlerting(call, "receiver_tested",
                                fmt::format("\"receiver\":{},\"ok\":{}", QuoteJson(name), ok)));
  return fmt::format("{{\"receiver\":{},\"ok\":{},\"channels\":[{}]}}", QuoteJson(name), ok,
                     channels);
}

}  // namespace

void GetRules(ApiCall call) { SendJson(call, ListRules(call)); }
void GetNotifications(ApiCall call) { SendJson(call, ListNotifications(call)); }
void GetReceivers(ApiCall call) { SendJson(call, ListReceivers(call)); }
void PostReceiverTest(ApiCall call) { SendJson(call, TestReceiver(call)); }

}  // namespace pitot
