// The kind `notification_schedule`: a standing alert through the lifecycle and the dispatcher, in
// simulated time.
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include "alert/dispatch/dispatcher.h"
#include "alert/dispatch/silences.h"
#include "alert/lifecycle/lifecycle.h"
#include "tests/stat_vectors/vectors.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr UnixNanos kStart = 1'790'000'000 * kNanosPerSecond;

int64_t Nanos(const json::object& input, std::string_view member) {
  return input.at(member).to_number<int64_t>() * kNanosPerSecond;
}

json::object Schedule(const json::object& input, const json::object&) {
  AlertOptions options;
  options.default_receiver = "ops";
  options.group_wait_ns = Nanos(input, "group_wait_s");
  options.group_interval_ns = Nanos(input, "group_interval_s");
  options.repeat_interval_ns = Nanos(input, "repeat_interval_s");
  const int64_t every = Nanos(input, "eval_interval_s");
  const int64_t fires_at = Nanos(input, "fires_at_s");
  const int64_t resolves_at = Nanos(input, "resolves_at_s");
  if (every <= 0 || options.group_interval_ns <= 0) {
    throw std::invalid_argument("eval_interval_s and group_interval_s must be above 0");
  }
  const auto silences = Silences::Open(nullptr, 1, kStart);
  const auto lifecycle = Lifecycle::Open(nullptr, {}, kStart);
  const auto dispatcher = Dispatcher::Open(options, **silences, nullptr, kStart);
  RuleSpec rule;
  rule.id = rule.alertname = "standing";
  rule.for_ns = rule.keep_firing_ns = 0;

  json::array notifications;
  int64_t evaluations_while_firing = 0;
  int64_t next_evaluation = 0;
  const int64_t end = resolves_at + options.group_wait_ns + 2 * options.group_interval_ns + every;
  for (int64_t at = 0; at <= end;) {
    if (at == next_evaluation) {
      next_evaluation += every;
      Reading reading;
      const bool fires = at >= fires_at && at < resolves_at;
      reading.verdict = fires ? Verdict::kBreach : Verdict::kOk;
      evaluations_while_firing += fires ? 1 : 0;
      (*lifecycle)->Apply(rule, "", {{reading}}, kStart + at);
      (*lifecycle)->Advance(kStart + at);
    }
    std::vector<Alert> alerts = (*lifecycle)->Alerts();
    for (const Notification& one : (*dispatcher)->Tick(alerts, kStart + at)) {
      (*dispatcher)->Sent(one, true, kStart + at);
      notifications.push_back(
          json::array{at / kNanosPerSecond, one.firing() ? "firing" : "resolved"});
    }
    const UnixNanos due = (*dispatcher)->NextDue();
    at = due == INT64_MAX ? next_evaluation : std::min(next_evaluation, due - kStart);
  }
  return {{"notifications", std::move(notifications)},
          {"evaluations_while_firing", evaluations_while_firing}};
}

}  // namespace

std::vector<VectorKind> ScheduleKinds() { return {{"notification_schedule", Schedule}}; }

}  // namespace pitot
