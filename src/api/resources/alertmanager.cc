// GET and POST /api/v2/alerts, GET /api/v2/alerts/groups, /api/v2/status and /api/v2/receivers, as an
// Alertmanager answers them.
#include "api/alertmanager.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "alert/dispatch/dispatcher.h"
#include "alert/lifecycle/lifecycle.h"
#include "api/alert_view.h"
#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"
#include "decode/instant.h"

namespace pitot {
namespace {

namespace json = boost::json;

// An alert of ours says that it lasts at least that much longer, as notify/ tells Alertmanagers.
constexpr int64_t kLastsNs = 4 * kNanosPerMinute;

struct V2Query {
  bool active = true, silenced = true, inhibited = true;
  Matchers filters;
  std::optional<LabelMatcher> receiver;  // Nothing: any.
};

absl::StatusOr<V2Query> ReadV2Query(const ApiCall& call) {
  V2Query query;
  ASSIGN_OR_RETURN(query.active, ReadBool(call, "active", true));
  ASSIGN_OR_RETURN(query.silenced, ReadBool(call, "silenced", true));
  ASSIGN_OR_RETURN(query.inhibited, ReadBool(call, "inhibited", true));
  ASSIGN_OR_RETURN(query.filters, ReadV2Filters(call));
  const std::string_view receiver = call.request.Param("receiver");
  if (receiver.empty()) return query;
  // Expressions are those of matchers: RE2, of the whole name.
  auto pattern = LabelMatcher::Create("receiver", std::string(receiver), true, true);
  if (!pattern.ok()) {
    return InvalidArgument("receiver \"{}\": {}", receiver, Message(pattern.status()));
  }
  query.receiver = *std::move(pattern);
  return query;
}

bool ReceiverWanted(const V2Query& query, const std::string& receiver) {
  return !query.receiver || query.receiver->MatchesValue(receiver);
}

// Resolved ones are not listed, and what is pending an Alertmanager never hears of.
bool AlertWanted(const V2Query& query, const Alert& alert) {
  if (!IsActive(alert.state)) return false;
  const bool quiet = !alert.silenced_by.empty() || !alert.inhibited_by.empty();
  if (!query.active && !quiet) return false;
  if (!query.silenced && !alert.silenced_by.empty()) return false;
  if (!query.inhibited && !alert.inhibited_by.empty()) return false;
  return MatchAll(query.filters, alert.labels);
}

std::string ReceiverJson(std::string_view name) {
  return fmt::format("{{\"name\":{}}}", QuoteJson(name));
}

std::string V2Alert(const Alert& alert, const std::vector<std::string>& receivers, UnixNanos now) {
  std::string names;
  for (const std::string& one : receivers) {
    names += (names.empty() ? "" : ",") + ReceiverJson(one);
  }
  std::vector<std::string> inhibited_by;
  for (const uint64_t one : alert.inhibited_by) inhibited_by.push_back(FingerprintText(one));
  const bool quiet = !alert.silenced_by.empty() || !alert.inhibited_by.empty();
  const UnixNanos ends = alert.ends_at != 0 ? alert.ends_at : now + kLastsNs;
  const UnixNanos starts = alert.fired_at != 0 ? alert.fired_at : alert.active_at;
  return fmt::format(
      "{{\"annotations\":{},\"endsAt\":\"{}\",\"fingerprint\":\"{}\",\"receivers\":[{}],"
      "\"startsAt\":\"{}\",\"status\":{{\"inhibitedBy\":{},\"silencedBy\":{},\"state\":\"{}\"}},"
      "\"updatedAt\":\"{}\"{},\"labels\":{}}}",
      LabelsJson(alert.annotations), FormatTime(ends), FingerprintText(alert.fingerprint), names,
      FormatTime(starts), TextsJson(inhibited_by), TextsJson(alert.silenced_by),
      quiet ? "suppressed" : "active", FormatTime(std::max(alert.last_seen_at, starts)),
      alert.generator_url.empty() ? "" : ",\"generatorURL\":" + QuoteJson(alert.generator_url),
      LabelsJson(alert.labels));
}

absl::StatusOr<std::string> ListV2Alerts(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  ASSIGN_OR_RETURN(const V2Query query, ReadV2Query(call));
  const UnixNanos now = call.context.deps.clock.Now();
  std::string list;
  for (const Alert& alert : SeenAlerts(call, *service, now)) {
    if (!AlertWanted(query, alert)) continue;
    const std::vector<std::string> receivers = service->dispatcher().ReceiversOf(alert.labels);
    if (query.receiver && std::ranges::none_of(receivers, [&](const std::string& one) {
          return ReceiverWanted(query, one);
        })) {
      continue;
    }
    list += (list.empty() ? "" : ",\n") + V2Alert(alert, receivers, now);
  }
  return "[" + list + "]\n";
}

absl::StatusOr<std::string> ListV2Groups(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  ASSIGN_OR_RETURN(const V2Query query, ReadV2Query(call));
  const UnixNanos now = call.context.deps.clock.Now();
  std::map<uint64_t, Alert> seen;
  for (Alert& alert : SeenAlerts(call, *service, now)) {
    if (AlertWanted(query, alert)) seen.emplace(alert.fingerprint, std::move(alert));
  }
  std::string list;
  for (const AlertGroup& group : service->dispatcher().Groups()) {
    if (!ReceiverWanted(query, group.receiver)) continue;
    std::string alerts;
    for (const uint64_t one : group.alerts) {
      const auto found = seen.find(one);
      if (found == seen.end()) continue;
      alerts +=
          (alerts.empty() ? "" : ",") +
          V2Alert(found->second, service->dispatcher().ReceiversOf(found->second.labels), now);
    }
    if (alerts.empty()) continue;
    list += fmt::format("{}{{\"alerts\":[{}],\"labels\":{},\"receiver\":{}}}",
                        list.empty() ? "" : ",\n", alerts, LabelsJson(group.labels),
                        ReceiverJson(group.receiver));
  }
  return "[" + list + "]\n";
}

// A time that is not set is left out, or the first year.
absl::StatusOr<UnixNanos> ReadV2Time(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return 0;
  const json::string* text = value->if_string();
  if (text != nullptr && std::string_view(*text).starts_with("0001-01-01")) return 0;
  const auto time = text == nullptr ? std::nullopt : ParseRfc3339(std::string_view(*text));
  if (!time) return InvalidArgument("{} must be a time as RFC 3339 writes it", name);
  return *time;
}

absl::StatusOr<Labels> ReadTexts(const json::object& object, std::string_view name) {
  Labels texts;
  const json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return texts;
  const json::object* members = value->if_object();
  if (members == nullptr) return InvalidArgument("{} must be an object of texts", name);
  for (const auto& [key, member] : *members) {
    if (!member.is_string()) return InvalidArgument("{}.{} must be a text", name, std::string(key));
    texts.emplace(std::string(key), std::string(member.get_string()));
  }
  return texts;
}

absl::StatusOr<ReceivedAlert> ReadPostedAlert(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return InvalidArgument("each alert must be an object");
  ReceivedAlert alert;
  ASSIGN_OR_RETURN(alert.labels, ReadTexts(*object, "labels"));
  ASSIGN_OR_RETURN(alert.annotations, ReadTexts(*object, "annotations"));
  ASSIGN_OR_RETURN(alert.starts_at, ReadV2Time(*object, "startsAt"));
  ASSIGN_OR_RETURN(alert.ends_at, ReadV2Time(*object, "endsAt"));
  if (const json::value* url = object->if_contains("generatorURL"); url && url->is_string()) {
    alert.generator_url = url->get_string();
  }
  return alert;
}

// Who may send for one project only sends for that.
absl::Status Confine(const ApiCall& call, Labels& labels) {
  if (call.caller.SeesAll()) return absl::OkStatus();
  std::string& project = labels[std::string(kProjectLabel)];
  if (project.empty()) project = call.project;
  if (project == call.project) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied,
               "this key sends for the project \"{}\", not for \"{}\"", call.project, project);
}

// Those that are valid are taken, also when others are not: clients of an Alertmanager rely on that.
absl::StatusOr<std::string> ReceiveAlerts(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  boost::system::error_code error;
  const json::value value = json::parse(call.request.body, error);
  if (error || !value.is_array()) return InvalidArgument("the body must be a JSON array of alerts");
  absl::Status first;
  std::vector<ReceivedAlert> alerts;
  for (const json::value& one : value.get_array()) {
    auto alert = ReadPostedAlert(one);
    absl::Status status = alert.status();
    if (status.ok()) status = Confine(call, alert->labels);
    if (status.ok()) {
      alerts.push_back(*std::move(alert));
    } else if (first.ok()) {
      first = status;
    }
  }
  const absl::Status taken = service->lifecycle().Receive(alerts, call.context.deps.clock.Now());
  RETURN_IF_ERROR(first);
  RETURN_IF_ERROR(taken);
  return "";
}

std::string StatusJson(const ApiCall& call, const AlertService& service) {
  return fmt::format(
      "{{\"cluster\":{{\"status\":\"disabled\",\"peers\":[]}},\"config\":{{\"original\":{}}},"
      "\"uptime\":\"{}\",\"versionInfo\":{{\"branch\":\"\",\"buildDate\":\"\",\"buildUser\":"
      "\"pitot {}\",\"goVersion\":\"\",\"revision\":\"\",\"version\":\"{}\"}}}}\n",
      QuoteJson(AlertmanagerConfig(service.options())), FormatTime(call.context.started_ns),
      PITOT_VERSION, kAlertmanagerVersion);
}

absl::StatusOr<std::string> ShowStatus(const ApiCall& call) {
  ASSIGN_OR_RETURN(const AlertService* service, AlertsOf(call));
  return StatusJson(call, *service);
}

absl::StatusOr<std::string> ListV2Receivers(const ApiCall& call) {
  ASSIGN_OR_RETURN(const AlertService* service, AlertsOf(call));
  std::string list;
  for (const ReceiverOptions& receiver : service->options().receivers) {
    list += (list.empty() ? "" : ",") + ReceiverJson(receiver.name);
  }
  return "[" + list + "]\n";
}

}  // namespace

void GetV2Alerts(ApiCall call) { SendV2(call, ListV2Alerts(call)); }
void GetV2Groups(ApiCall call) { SendV2(call, ListV2Groups(call)); }
void PostV2Alerts(ApiCall call) { SendV2(call, ReceiveAlerts(call)); }
void GetV2Status(ApiCall call) { SendV2(call, ShowStatus(call)); }
void GetV2Receivers(ApiCall call) { SendV2(call, ListV2Receivers(call)); }

}  // namespace pitot
