#include "api/alert_view.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "alert/dispatch/dispatcher.h"
#include "alert/lifecycle/lifecycle.h"
#include "base/status.h"
#include "base/text.h"
#include "store/state.h"

namespace pitot {

absl::StatusOr<AlertService*> AlertsOf(const ApiCall& call) {
  if (call.context.deps.alerts != nullptr) return call.context.deps.alerts;
  return Error(absl::StatusCode::kNotFound,
               "alerting is off here: the configuration says alerts.enabled: false");
}

bool AlertSight::Sees(const Labels& labels) const {
  if (all) return true;
  const auto found = labels.find(kProjectLabel);
  return found != labels.end() && found->second == project;
}

bool AlertSight::Sees(const Silence& silence) const {
  return all || std::ranges::all_of(silence.matchers, [&](const LabelMatcher& matcher) {
           return matcher.name() != kProjectLabel || matcher.MatchesValue(project);
         });
}

AlertSight SightOf(const ApiCall& call) {
  if (call.caller.SeesAll() && call.request.Param("project").empty()) return {.all = true};
  return {.all = false, .project = call.project};
}

std::vector<Alert> SeenAlerts(const ApiCall& call, AlertService& service, UnixNanos now) {
  const AlertSight sight = SightOf(call);
  std::vector<Alert> alerts = service.lifecycle().Alerts();
  // Before the others are left out: they may be the cause of what is seen.
  service.dispatcher().Mark(alerts, now);
  std::erase_if(alerts, [&](const Alert& alert) { return !sight.Sees(alert.labels); });
  const auto rank = [](const Alert& alert) {
    // Firing ones first, then those that may, then those that did.
    const int state = IsActive(alert.state) ? 0 : alert.state == AlertState::kPending ? 1 : 2;
    return std::tuple(state, -static_cast<int>(SeverityOf(alert)), -alert.active_at,
                      alert.fingerprint);
  };
  std::ranges::sort(alerts, {}, rank);
  return alerts;
}

absl::StatusOr<Alert> SeenAlert(const ApiCall& call, AlertService& service,
                                std::string_view fingerprint, UnixNanos now) {
  const auto id = ParseFingerprint(fingerprint);
  if (!id) return InvalidArgument("\"{}\" is no fingerprint of 16 hex digits", fingerprint);
  for (Alert& alert : SeenAlerts(call, service, now)) {
    if (alert.fingerprint == *id) return std::move(alert);
  }
  return Error(absl::StatusCode::kNotFound, "no alert has the fingerprint {}", fingerprint);
}

std::string TimeOrNull(UnixNanos at) {
  return at == 0 ? "null" : fmt::format("\"{}\"", FormatTimeNanos(at));
}

std::string TextOrNull(std::string_view text) { return text.empty() ? "null" : QuoteJson(text); }

std::string NumberOrNull(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "null";
}

std::string TextsJson(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() == 1 ? "" : ",") + QuoteJson(text);
  return out + "]";
}

std::string LabelsJson(const Labels& labels) {
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    out += (out.size() == 1 ? "" : ",") + QuoteJson(name) + ":" + QuoteJson(value);
  }
  return out + "}";
}

namespace {

std::string AckJson(const std::optional<Acknowledgement>& ack) {
  if (!ack) return "null";
  return fmt::format("{{\"by\":{},\"at\":{},\"until\":{},\"comment\":{}}}", QuoteJson(ack->by),
                     TimeOrNull(ack->at), TimeOrNull(ack->until), QuoteJson(ack->comment));
}

std::string FingerprintsJson(const std::vector<uint64_t>& fingerprints) {
  std::vector<std::string> texts;
  for (const uint64_t one : fingerprints) texts.push_back(FingerprintText(one));
  return TextsJson(texts);
}

}  // namespace

std::string ShownAlert(const Alert& alert, const std::vector<std::string>& receivers) {
  std::string out = fmt::format(
      "{{\"fingerprint\":\"{}\",\"alertname\":{},\"severity\":{},\"project\":{},\"rule_id\":{},"
      "\"state\":\"{}\",\"labels\":{},\"annotations\":{},\"value\":{},\"threshold\":{},\"unit\":{}",
      FingerprintText(alert.fingerprint), QuoteJson(alert.AlertName()),
      TextOrNull(alert.Label(kSeverityLabel)), TextOrNull(alert.Label(kProjectLabel)),
      TextOrNull(alert.rule_id), Name(alert.state), LabelsJson(alert.labels),
      LabelsJson(alert.annotations), NumberOrNull(alert.value), NumberOrNull(alert.threshold),
      QuoteJson(alert.unit));
  out += fmt::format(
      ",\"active_at\":{},\"fired_at\":{},\"last_breach_at\":{},\"last_seen_at\":{},"
      "\"resolved_at\":{},\"ends_at\":{},\"last_sent_at\":{},\"flapping\":{},\"ack\":{}",
      TimeOrNull(alert.active_at), TimeOrNull(alert.fired_at), TimeOrNull(alert.last_breach_at),
      TimeOrNull(alert.last_seen_at), TimeOrNull(alert.resolved_at), TimeOrNull(alert.ends_at),
      TimeOrNull(alert.last_sent_at), alert.flapping, AckJson(alert.ack));
  return out + fmt::format(
                   ",\"silenced_by\":{},\"inhibited_by\":{},\"occurrences\":{},"
                   "\"exemplar_trace_ids\":{},\"runbook\":{},\"generator_url\":{},"
                   "\"receivers\":{}}}",
                   TextsJson(alert.silenced_by), FingerprintsJson(alert.inhibited_by),
                   alert.occurrences, TextsJson(alert.exemplar_trace_ids),
                   TextOrNull(alert.runbook), TextOrNull(alert.generator_url),
                   TextsJson(receivers));
}

std::string ShownSilence(const Silence& silence, size_t alerts, UnixNanos now) {
  std::string matchers;
  for (const LabelMatcher& matcher : silence.matchers) {
    matchers += fmt::format("{}{{\"name\":{},\"value\":{},\"is_regex\":{},\"is_equal\":{}}}",
                            matchers.empty() ? "" : ",", QuoteJson(matcher.name()),
                            QuoteJson(matcher.value()), matcher.is_regex(), matcher.is_equal());
  }
  return fmt::format(
      "{{\"id\":{},\"matchers\":[{}],\"state\":\"{}\",\"starts_at\":{},\"ends_at\":{},"
      "\"updated_at\":{},\"created_by\":{},\"comment\":{},\"alerts\":{}}}",
      QuoteJson(silence.id), matchers, Name(silence.StateAt(now)), TimeOrNull(silence.starts_at),
      TimeOrNull(silence.ends_at), TimeOrNull(silence.updated_at), QuoteJson(silence.created_by),
      QuoteJson(silence.comment), alerts);
}

absl::Status AuditAlerting(const ApiCall& call, std::string_view action,
                           const std::string& members) {
  if (call.context.deps.state == nullptr) return absl::OkStatus();
  StateEvent event;
  event.kind = kAuditKind;
  event.id = fmt::format("alerting-{:016x}", call.context.deps.ingest.NextReceiveTime());
  event.actor = call.Actor();
  event.body =
      fmt::format("{{\"action\":{}{}{}}}", QuoteJson(action), members.empty() ? "" : ",", members);
  return call.context.deps.state->Append(std::move(event)).status();
}

}  // namespace pitot
