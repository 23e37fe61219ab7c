#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>

#include "alert/dispatch/dispatcher.h"
#include "alert/dispatch/silences.h"
#include "alert/lifecycle/lifecycle.h"
#include "base/status.h"
#include "measure/fingerprint.h"
#include "tests/stat_vectors/vectors.h"

namespace pitot {
namespace {

namespace json = boost::json;

json::object Fingerprints(const json::object& input, const json::object&) {
  json::array decimal;
  json::array hex;
  for (const json::value& value : input.at("labels").as_array()) {
    std::map<std::string, std::string> labels;
    for (const auto& label : value.as_object()) {
      const json::string& text = label.value().as_string();
      labels.emplace(std::string(label.key().data(), label.key().size()),
                     std::string(text.data(), text.size()));
    }
    const uint64_t fingerprint = LabelFingerprint(labels);
    decimal.push_back(json::string(fmt::to_string(fingerprint)));
    hex.push_back(json::string(fmt::format("{:016x}", fingerprint)));
  }
  return {{"decimal", std::move(decimal)}, {"hex", std::move(hex)}};
}

// Of a schedule, in seconds.
struct Schedule {
  int64_t eval = 0;
  int64_t fires = 0;
  int64_t resolves = 0;
  int64_t group_wait = 0;
  int64_t group_interval = 0;
  int64_t repeat = 0;
};

Schedule ReadSchedule(const json::object& input) {
  const auto seconds = [&](const char* name) { return input.at(name).to_number<int64_t>(); };
  const Schedule schedule = {seconds("eval_interval_s"),  seconds("fires_at_s"),
                             seconds("resolves_at_s"),    seconds("group_wait_s"),
                             seconds("group_interval_s"), seconds("repeat_interval_s")};
  if (schedule.eval <= 0 || schedule.group_interval <= 0) {
    throw std::invalid_argument("eval_interval_s and group_interval_s are above 0");
  }
  return schedule;
}

template <typename T>
T Value(absl::StatusOr<T> value) {
  if (!value.ok()) throw std::runtime_error(value.status().ToString());
  return *std::move(value);
}

AlertOptions OptionsOf(const Schedule& schedule) {
  AlertOptions options;
  options.receivers = {{.name = "everybody"}};
  options.default_receiver = "everybody";
  options.group_wait_ns = options.page_group_wait_ns = schedule.group_wait * kNanosPerSecond;
  options.group_interval_ns = schedule.group_interval * kNanosPerSecond;
  options.repeat_interval_ns = options.page_repeat_interval_ns = schedule.repeat * kNanosPerSecond;
  return options;
}

// One alert without `for` and keep_firing, evaluated and dispatched as the program does it.
json::object Notifications(const json::object& input, const json::object&) {
  const Schedule schedule = ReadSchedule(input);
  constexpr UnixNanos kStart = 1'800'000'000LL * kNanosPerSecond;
  const auto at = [](int64_t second) { return kStart + second * kNanosPerSecond; };
  const auto lifecycle = Value(Lifecycle::Open(nullptr, {}, kStart));
  const auto silences = Value(Silences::Open(nullptr, 10, kStart));
  const auto dispatcher = Value(Dispatcher::Open(OptionsOf(schedule), *silences, nullptr, kStart));
  RuleSpec rule;
  rule.id = "vector";
  rule.alertname = "Vector";
  rule.for_ns = rule.keep_firing_ns = 0;

  json::array told;
  int64_t evaluations = 0;
  int64_t next_evaluation = 0;
  const int64_t end = schedule.resolves + schedule.group_wait + 2 * schedule.group_interval;
  for (int64_t now = 0; now <= end;) {
    if (now == next_evaluation) {
      const bool breach = now >= schedule.fires && now < schedule.resolves;
      evaluations += breach;
      Reading reading;
      reading.verdict = breach ? Verdict::kBreach : Verdict::kOk;
      lifecycle->Apply(rule, "default", std::vector{reading}, at(now));
      lifecycle->Advance(at(now));
      next_evaluation += schedule.eval;
    }
    std::vector<Alert> alerts = lifecycle->Alerts();
    for (const Notification& notification : dispatcher->Tick(alerts, at(now))) {
      told.push_back(json::array{now, notification.firing() ? "firing" : "resolved"});
      dispatcher->Sent(notification, true, at(now));
    }
    // A timer that runs out between two evaluations has its own turn.
    const UnixNanos due = dispatcher->NextDue();
    now = due > at(now) && due < at(next_evaluation) ? (due - kStart) / kNanosPerSecond
                                                     : next_evaluation;
  }
  return {{"notifications", std::move(told)}, {"evaluations_while_firing", evaluations}};
}

}  // namespace

std::vector<VectorKind> AlertKinds() {
  return {
      {"alert_fingerprint", Fingerprints},
      {"notification_schedule", Notifications},
  };
}

}  // namespace pitot
