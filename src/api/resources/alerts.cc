// GET /api/v1/alerts, GET /api/v1/alerts/{fingerprint}, POST /api/v1/alerts/{fingerprint}/ack and
// /unack
#include <algorithm>
#include <boost/json.hpp>

#include "alert/dispatch/dispatcher.h"
#include "alert/lifecycle/lifecycle.h"
#include "alert/runbook/runbook.h"
#include "api/alert_view.h"
#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"
#include "decode/instant.h"

namespace pitot {
namespace {

namespace json = boost::json;

// What the list may be narrowed to.
struct AlertQuery {
  std::vector<AlertState> states;  // Empty: all.
  std::string receiver;            // Empty: all.
  Matchers matchers;
};

absl::StatusOr<std::vector<AlertState>> ReadStates(const ApiCall& call) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ReadList(call, "state", ""));
  std::vector<AlertState> states;
  for (const std::string& name : names) {
    bool known = name == "active";
    for (size_t i = 0; i < kAlertStateNames.size(); ++i) {
      const auto state = static_cast<AlertState>(i);
      if (kAlertStateNames[i] != name && !(name == "active" && IsActive(state))) continue;
      known = true;
      states.push_back(state);
    }
    if (!known) {
      return InvalidArgument("state \"{}\" is none of {}, active (firing, keep_firing, no_data)",
                             name, fmt::join(kAlertStateNames, ", "));
    }
  }
  return states;
}

absl::StatusOr<AlertQuery> ReadAlertQuery(const ApiCall& call) {
  AlertQuery query;
  ASSIGN_OR_RETURN(query.states, ReadStates(call));
  ASSIGN_OR_RETURN(query.matchers, ParseMatchers(call.request.Param("match")));
  query.receiver = call.request.Param("receiver");
  return query;
}

bool Wanted(const AlertQuery& query, const Alert& alert,
            const std::vector<std::string>& receivers) {
  if (!query.states.empty() && std::ranges::find(query.states, alert.state) == query.states.end()) {
    return false;
  }
  if (!query.receiver.empty() && std::ranges::find(receivers, query.receiver) == receivers.end()) {
    return false;
  }
  return MatchAll(query.matchers, alert.labels);
}

// By state, and of those that fire how many nobody is told of.
std::string CountsJson(const std::vector<Alert>& alerts) {
  std::array<size_t, kAlertStateNames.size()> by_state{};
  size_t silenced = 0, inhibited = 0, acknowledged = 0;
  for (const Alert& alert : alerts) {
    ++by_state[static_cast<size_t>(alert.state)];
    if (!IsActive(alert.state)) continue;
    silenced += alert.silenced_by.empty() ? 0 : 1;
    inhibited += alert.inhibited_by.empty() ? 0 : 1;
    acknowledged += alert.ack ? 1 : 0;
  }
  std::string out = "{";
  for (size_t i = 0; i < by_state.size(); ++i) {
    out += fmt::format("\"{}\":{},", kAlertStateNames[i], by_state[i]);
  }
  return out + fmt::format("\"silenced\":{},\"inhibited\":{},\"acknowledged\":{}}}", silenced,
                           inhibited, acknowledged);
}

std::string GroupsJson(AlertService& service, const AlertQuery& query,
                       const std::vector<uint64_t>& seen) {
  std::string out;
  for (const AlertGroup& group : service.dispatcher().Groups()) {
    if (!query.receiver.empty() && group.receiver != query.receiver) continue;
    std::vector<std::string> alerts;
    for (const uint64_t one : group.alerts) {
      if (std::ranges::find(seen, one) != seen.end()) alerts.push_back(FingerprintText(one));
    }
    if (alerts.empty()) continue;
    out += fmt::format(
        "{}{{\"receiver\":{},\"key\":{},\"labels\":{},\"alerts\":{},\"next_flush_at\":{},"
        "\"last_sent_at\":{},\"notifications\":{},\"failures\":{}}}",
        out.empty() ? "\n" : ",\n", TextOrNull(group.receiver), QuoteJson(group.key),
        LabelsJson(group.labels), TextsJson(alerts), TimeOrNull(group.next_flush_at),
        TimeOrNull(group.last_sent_at), group.sequence, group.failures);
  }
  return out;
}

absl::StatusOr<std::string> ListAlerts(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  ASSIGN_OR_RETURN(const AlertQuery query, ReadAlertQuery(call));
  ASSIGN_OR_RETURN(const bool groups, ReadBool(call, "groups"));
  ASSIGN_OR_RETURN(const uint32_t limit,
                   ReadLimit(call, static_cast<uint32_t>(call.context.deps.limits.list_rows)));
  const UnixNanos now = call.context.deps.clock.Now();
  const std::vector<Alert> alerts = SeenAlerts(call, *service, now);
  std::string list;
  std::vector<uint64_t> shown;
  size_t left_out = 0;
  for (const Alert& alert : alerts) {
    const std::vector<std::string> receivers = service->dispatcher().ReceiversOf(alert.labels);
    if (!Wanted(query, alert, receivers)) continue;
    if (shown.size() == limit) {
      ++left_out;
      continue;
    }
    list += (shown.empty() ? "\n" : ",\n") + ShownAlert(alert, receivers);
    shown.push_back(alert.fingerprint);
  }
  std::string out = fmt::format(
      "{{\"at\":{},\"evaluated_at\":{},\"counts\":{},\"left_out\":{},\"alerts\":[{}]",
      TimeOrNull(now), TimeOrNull(service->stats().last_at), CountsJson(alerts), left_out, list);
  if (groups) out += fmt::format(",\"groups\":[{}]", GroupsJson(*service, query, shown));
  return out + "}";
}

absl::StatusOr<std::string> ShowAlert(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  const UnixNanos now = call.context.deps.clock.Now();
  ASSIGN_OR_RETURN(const Alert alert, SeenAlert(call, *service, call.args[0], now));
  const auto report = service->AttachedReport(alert.fingerprint);
  return fmt::format("{{\"at\":{},\"alert\":{},\"report\":{}}}", TimeOrNull(now),
                     ShownAlert(alert, service->dispatcher().ReceiversOf(alert.labels)),
                     report == nullptr ? "null" : ReportJson(*report));
}

// {"comment":"...","for":"2h"} or {"until":"2026-..."}; all optional.
absl::StatusOr<Acknowledgement> ReadAck(const ApiCall& call, UnixNanos now) {
  Acknowledgement ack{.by = call.Actor(), .at = now};
  if (TrimText(call.request.body).empty()) return ack;
  boost::system::error_code error;
  const json::value value = json::parse(call.request.body, error);
  if (error || !value.is_object()) return InvalidArgument("the body must be a JSON object");
  for (const auto& [name, member] : value.get_object()) {
    const std::string_view key = name;
    if (member.is_null()) continue;
    const std::string_view text =
        member.is_string() ? std::string_view(member.get_string()) : std::string_view();
    if (key == "comment" && member.is_string()) {
      ack.comment = text;
    } else if (key == "by" && member.is_string()) {
      if (!text.empty()) ack.by = text;  // The audit log says which key said so.
    } else if (key == "for" && member.is_string()) {
      ASSIGN_OR_RETURN(const int64_t length, ParseDurationNs(text, kNanosPerMinute));
      ack.until = now + length;
    } else if (key == "until" && member.is_string()) {
      const auto until = ParseRfc3339(text);
      if (!until) return InvalidArgument("until \"{}\" is no time as RFC 3339 writes it", text);
      ack.until = *until;
    } else {
      return InvalidArgument(
          "\"{}\" is not expected: the body may have comment, by, for (2h) and until (a time)",
          key);
    }
  }
  if (ack.until != 0 && ack.until <= now) {
    return InvalidArgument("the acknowledgement would end at {}, which is over",
                           FormatTime(ack.until));
  }
  return ack;
}

absl::StatusOr<std::string> Acknowledge(const ApiCall& call, bool acknowledged) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  const UnixNanos now = call.context.deps.clock.Now();
  ASSIGN_OR_RETURN(const Alert alert, SeenAlert(call, *service, call.args[0], now));
  std::string members = fmt::format("\"alert\":\"{}\",\"labels\":{}",
                                    FingerprintText(alert.fingerprint), LabelsJson(alert.labels));
  if (acknowledged) {
    ASSIGN_OR_RETURN(const Acknowledgement ack, ReadAck(call, now));
    RETURN_IF_ERROR(service->lifecycle().Ack(alert.fingerprint, ack));
    members +=
        fmt::format(",\"until\":{},\"comment\":{}", TimeOrNull(ack.until), QuoteJson(ack.comment));
  } else {
    RETURN_IF_ERROR(service->lifecycle().Unack(alert.fingerprint, now));
  }
  RETURN_IF_ERROR(
      AuditAlerting(call, acknowledged ? "alert_acknowledged" : "alert_unacknowledged", members));
  return ShowAlert(call);
}

}  // namespace

void GetAlerts(ApiCall call) { SendJson(call, ListAlerts(call)); }
void GetAlert(ApiCall call) { SendJson(call, ShowAlert(call)); }
void PostAck(ApiCall call) { SendJson(call, Acknowledge(call, true)); }
void PostUnack(ApiCall call) { SendJson(call, Acknowledge(call, false)); }

}  // namespace pitot
