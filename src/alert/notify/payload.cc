#include "alert/notify/payload.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "alert/notify/text.h"
#include "base/text.h"

namespace pitot {
namespace {

namespace json = boost::json;

// An end that is not there, as Go writes a time that is not set.
constexpr std::string_view kNoTime = "0001-01-01T00:00:00Z";

json::string Text(std::string_view text) { return json::string(text.data(), text.size()); }

template <typename Map>
json::object ObjectOf(const Map& map) {
  json::object object;
  for (const auto& [name, value] : map) object[json::string_view(name)] = Text(value);
  return object;
}

// Keeps what both have with the same value.
template <typename Map>
void Intersect(Map& common, const Map& other) {
  std::erase_if(common, [&other](const auto& entry) {
    const auto found = other.find(entry.first);
    return found == other.end() || found->second != entry.second;
  });
}

json::object AlertObject(const Alert& alert, const Annotations& annotations) {
  const bool resolved = alert.state == AlertState::kResolved;
  json::object object;
  object["status"] = resolved ? "resolved" : "firing";
  object["labels"] = ObjectOf(alert.labels);
  object["annotations"] = ObjectOf(annotations);
  object["startsAt"] = FormatTime(StartOf(alert));
  object["endsAt"] = Text(resolved ? FormatTime(alert.resolved_at) : std::string(kNoTime));
  object["generatorURL"] = alert.generator_url;
  object["fingerprint"] = FingerprintText(alert.fingerprint);
  return object;
}

}  // namespace

UnixNanos StartOf(const Alert& alert) {
  return alert.fired_at != 0 ? alert.fired_at : alert.active_at;
}

Annotations AnnotationsFor(const Alert& alert) {
  Annotations all = alert.annotations;
  const auto add = [&all](std::string_view name, std::string value) {
    if (!value.empty()) all.emplace(name, std::move(value));
  };
  if (alert.value) add("value", ValueText(*alert.value, alert.unit));
  if (alert.threshold) add("threshold", ValueText(*alert.threshold, alert.unit));
  add("runbook", alert.runbook);
  std::string traces;
  for (const std::string& trace : alert.exemplar_trace_ids) {
    traces += (traces.empty() ? "" : ",") + trace;
  }
  add("trace_ids", traces);
  if (alert.state == AlertState::kKeepFiring || alert.state == AlertState::kNoData) {
    add("state", std::string(Name(alert.state)));
  }
  if (alert.ack) add("acknowledged", alert.ack->by);
  return all;
}

std::string WebhookJson(const Notification& notification, const std::string& external_url) {
  Labels common_labels;
  Annotations common_annotations;
  json::array alerts;
  for (const Alert& alert : notification.alerts) {
    const Annotations annotations = AnnotationsFor(alert);
    if (alerts.empty()) {
      common_labels = alert.labels;
      common_annotations = annotations;
    } else {
      Intersect(common_labels, alert.labels);
      Intersect(common_annotations, annotations);
    }
    alerts.push_back(AlertObject(alert, annotations));
  }
  json::object body;
  body["version"] = "4";
  body["groupKey"] = notification.group_key;
  body["truncatedAlerts"] = notification.alerts_left_out;
  body["status"] = notification.firing() ? "firing" : "resolved";
  body["receiver"] = notification.receiver;
  body["groupLabels"] = ObjectOf(notification.group_labels);
  body["commonLabels"] = ObjectOf(common_labels);
  body["commonAnnotations"] = ObjectOf(common_annotations);
  body["externalURL"] = external_url;
  body["notification_reason"] = Text(Name(notification.reason));
  body["alerts"] = std::move(alerts);
  return json::serialize(body);
}

}  // namespace pitot
