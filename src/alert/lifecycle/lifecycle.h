// alert/lifecycle/lifecycle.h
//
// From measurements to alerts: the state machine. What rules measure goes in (Apply), alerts with
// their states come out (Alerts). Who is told, and when, is dispatch/.
//
//   - none      breach -> pending; at once firing when the rule has no `for` or the reading is urgent
//   - pending   breach for `for` -> firing; anything that clears it -> gone, silently
//   - firing    ok -> keep_firing; no data -> no_data. Between the threshold and 0.9 of it (kHold) and
//               over it with too little traffic (kSuppressed) it stays: neither says that it is over
//   - keep_firing  breach or hold -> firing; ok for `keep_firing` -> resolved
//   - no_data   measured again -> firing or keep_firing; not for no_data_hold_ns -> resolved, saying so
//   - resolved  shown for kResolvedRetentionNs, then gone; breach -> pending
//
// Severity. A series is one alert: when the severity of its readings rises, the alert with the lower
// one resolves and that with the higher one takes its place in the same state, at once. That something
// got less bad is no news: it falls only when the readings have stayed lower for severity_hold_ns.
// Flapping. After four changes (fired, resolved) within an hour the alert holds for half an hour
// instead of resolving, and says that it flaps, until an hour passed without a change.
// Time. `now` may jump. A clock set back moves every remembered moment back with it, so that what has
// waited keeps having waited; a gap between two evaluations (a suspended machine, a clock set forward,
// a restart) does not count towards `for` beyond gap_max_ns.
// Restart. With a StateLog what is alerting survives: kinds `alert` (id: fingerprint), `alert_pending`
// (one event with all of them) and `alert_interval` (id: fingerprint; when it was active, eight days).
// Events are written when a state changes, not at every evaluation; one that cannot be written is
// tried again with the next.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "alert/rule.h"
#include "base/clock.h"

namespace pitot {

class StateLog;

// Why an alert is resolved, when it is not because a measurement said so.
inline constexpr std::string_view kResolvedReasonAnnotation = "resolved_reason";

struct LifecycleOptions {
  // Alerts at a time, of every state. Further series that breach are counted and not followed.
  size_t alerts_max = 10'000;
  // How long what fires is held while nothing can be measured.
  int64_t no_data_hold_ns = 6 * 60 * kNanosPerMinute;
  // A rule that failed so often in a row has its alerts shown as no_data.
  int errors_until_no_data = 4;
  // Alerts from outside that say no end: after the last receipt. Source: Alertmanager, resolve_timeout.
  int64_t resolve_timeout_ns = 5 * kNanosPerMinute;
  int64_t severity_hold_ns = 60 * kNanosPerMinute;
  int flap_changes = 4;
  int64_t flap_window_ns = 60 * kNanosPerMinute;
  int64_t flap_keep_firing_ns = 30 * kNanosPerMinute;
  int64_t gap_max_ns = 5 * kNanosPerMinute;
  // Of generator_url: EXTERNAL_URL/alerts/FINGERPRINT. Empty: alerts carry no link.
  std::string external_url;
};

// A series that is over its threshold and does not alert, or cannot be judged, and why.
struct SuppressedReading {
  std::string rule_id;
  Labels labels;                           // As the alert's would be.
  Verdict verdict = Verdict::kSuppressed;  // kSuppressed, kLearning or kNoData.
  std::optional<double> value;
  std::optional<double> threshold;
  std::string unit;
  std::string reason;
  UnixNanos since = 0;
};

// An alert as another program reports it.
struct ReceivedAlert {
  Labels labels;  // Labels with an empty value are as left out.
  Annotations annotations;
  UnixNanos starts_at = 0;  // 0: now.
  UnixNanos ends_at = 0;    // 0: resolve_timeout after now.
  std::string generator_url;
};

// One change of one alert's state. `from` nothing: it was not there; `to` nothing: it is gone.
struct AlertTransition {
  uint64_t fingerprint = 0;
  Labels labels;
  std::optional<AlertState> from;
  std::optional<AlertState> to;
  UnixNanos at = 0;
};

// Thread-safe. Borrows the StateLog.
class Lifecycle final : public AlertHistory {
 public:
  // `state` null: nothing survives. What of it cannot be read is logged and left out.
  static absl::StatusOr<std::unique_ptr<Lifecycle>> Open(StateLog* state, LifecycleOptions options,
                                                         UnixNanos now);
  ~Lifecycle() override;

  // One evaluation of one rule in one project (empty: a rule about Pitot itself). An error leaves its
  // alerts as they are, errors_until_no_data of them make those that fire no_data, for however long.
  void Apply(const RuleSpec& rule, std::string_view project,
             const absl::StatusOr<std::vector<Reading>>& readings, UnixNanos now);

  // What time alone changes: alerts from outside end, resolved ones go, those that no evaluation
  // reaches any more (a project without traffic) become no_data and resolve. After every round of
  // Apply.
  void Advance(UnixNanos now);

  // Alerts of other rules (but those from outside) resolve: they have left the configuration.
  void RetainRules(const std::vector<std::string>& rule_ids, UnixNanos now);

  // Takes those that are valid; kInvalidArgument names the first that is not, kResourceExhausted when
  // there are alerts_max. An alert that a rule of ours holds is not changed from outside.
  absl::Status Receive(const std::vector<ReceivedAlert>& alerts, UnixNanos now);

  // All states, by fingerprint.
  std::vector<Alert> Alerts() const;
  std::optional<Alert> Find(uint64_t fingerprint) const;

  // Annotations that stay until it resolves, over those of readings: the diagnosis of its runbook.
  void Annotate(uint64_t fingerprint, const Annotations& annotations);

  // kNotFound; kFailedPrecondition: it is over; kUnavailable: the disk refuses it, and it did not
  // happen.
  absl::Status Ack(uint64_t fingerprint, Acknowledgement ack);
  absl::Status Unack(uint64_t fingerprint, UnixNanos now);

  // As of the last evaluation of each rule and project; at most 1000 of each.
  std::vector<SuppressedReading> Suppressed() const;

  // Changes since the last call, oldest first; the oldest are forgotten beyond alerts_max.
  std::vector<AlertTransition> TakeTransitions();

  // Series that breached and were not followed because of alerts_max, since Open.
  uint64_t not_followed() const;

  // AlertHistory. Kept for eight days.
  std::vector<ActiveInterval> Active(std::string_view rule_id, const Labels& labels,
                                     UnixNanos since) const override;

 private:
  struct Impl;
  explicit Lifecycle(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
