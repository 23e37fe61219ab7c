#include "alert/lifecycle/alert_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/status.h"

namespace pitot {
namespace {

namespace json = boost::json;

std::optional<double> NumberOf(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

}  // namespace

json::object TextsJson(const Labels& texts) {
  json::object object;
  for (const auto& [name, text] : texts) object[name] = text;
  return object;
}

Labels ParseTexts(const json::object& object, std::string_view member) {
  Labels texts;
  const json::value* value = object.if_contains(member);
  if (value == nullptr || !value->is_object()) return texts;
  for (const auto& [name, text] : value->get_object()) {
    if (text.is_string()) texts[std::string(name)] = std::string(text.get_string());
  }
  return texts;
}

int64_t IntegerOf(const json::object& object, std::string_view member, int64_t otherwise) {
  const json::value* value = object.if_contains(member);
  if (value == nullptr) return otherwise;
  if (value->is_int64()) return value->get_int64();
  return value->is_uint64() ? static_cast<int64_t>(value->get_uint64()) : otherwise;
}

std::string TextOf(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

absl::StatusOr<json::object> ParseStateBody(std::string_view what, std::string_view body) {
  boost::system::error_code error;
  // Labels are what callers say of themselves, in whatever bytes.
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  json::value value = json::parse(body, error, {}, options);
  if (error || !value.is_object()) {
    return Internal("the state of {} cannot be read: {}", what,
                    error ? error.message() : "it is not a JSON object");
  }
  return std::move(value.get_object());
}

json::object AlertJson(const Alert& alert) {
  json::object object{
      {"rule", alert.rule_id},
      {"labels", TextsJson(alert.labels)},
      {"annotations", TextsJson(alert.annotations)},
      {"state", Name(alert.state)},
      {"unit", alert.unit},
      {"active_at", alert.active_at},
      {"fired_at", alert.fired_at},
      {"last_breach_at", alert.last_breach_at},
      {"last_seen_at", alert.last_seen_at},
      {"resolved_at", alert.resolved_at},
      {"ends_at", alert.ends_at},
      {"flapping", alert.flapping},
      {"runbook", alert.runbook},
      {"generator_url", alert.generator_url},
  };
  // JSON has no word for the others.
  if (alert.value && std::isfinite(*alert.value)) object["value"] = *alert.value;
  if (alert.threshold && std::isfinite(*alert.threshold)) object["threshold"] = *alert.threshold;
  if (alert.ack) {
    object["ack"] = json::object{{"by", alert.ack->by},
                                 {"at", alert.ack->at},
                                 {"until", alert.ack->until},
                                 {"comment", alert.ack->comment}};
  }
  json::array exemplars;
  for (const std::string& id : alert.exemplar_trace_ids) exemplars.emplace_back(id);
  object["exemplars"] = std::move(exemplars);
  return object;
}

absl::StatusOr<Alert> ParseAlertJson(const json::object& object) {
  Alert alert;
  alert.rule_id = TextOf(object, "rule");
  alert.labels = ParseTexts(object, "labels");
  if (alert.labels.empty()) return Internal("the state of an alert has no labels");
  alert.fingerprint = FingerprintOf(alert.labels);
  alert.annotations = ParseTexts(object, "annotations");
  const std::string state = TextOf(object, "state");
  const auto found = std::ranges::find(kAlertStateNames, state);
  if (found == kAlertStateNames.end()) {
    return Internal("the state of alert {} is \"{}\", which this pitot does not know",
                    FingerprintText(alert.fingerprint), state);
  }
  alert.state = static_cast<AlertState>(found - kAlertStateNames.begin());
  alert.value = NumberOf(object, "value");
  alert.threshold = NumberOf(object, "threshold");
  alert.unit = TextOf(object, "unit");
  alert.active_at = IntegerOf(object, "active_at");
  alert.fired_at = IntegerOf(object, "fired_at");
  alert.last_breach_at = IntegerOf(object, "last_breach_at");
  alert.last_seen_at = IntegerOf(object, "last_seen_at");
  alert.resolved_at = IntegerOf(object, "resolved_at");
  alert.ends_at = IntegerOf(object, "ends_at");
  const json::value* flapping = object.if_contains("flapping");
  alert.flapping = flapping != nullptr && flapping->is_bool() && flapping->get_bool();
  alert.runbook = TextOf(object, "runbook");
  alert.generator_url = TextOf(object, "generator_url");
  if (const json::value* ack = object.if_contains("ack"); ack != nullptr && ack->is_object()) {
    const json::object& from = ack->get_object();
    alert.ack = Acknowledgement{TextOf(from, "by"), IntegerOf(from, "at"), IntegerOf(from, "until"),
                                TextOf(from, "comment")};
  }
  if (const json::value* ids = object.if_contains("exemplars"); ids != nullptr && ids->is_array()) {
    for (const json::value& id : ids->get_array()) {
      if (id.is_string()) alert.exemplar_trace_ids.emplace_back(id.get_string());
    }
  }
  return alert;
}

}  // namespace pitot
