// alert/service.h
//
// Alerting, put together: rules are evaluated, the lifecycle makes alerts of what they say, the
// dispatcher decides who is told and when, runbooks add the diagnosis, the sender tells.
//
//   rules, SLOs -> lifecycle -> silences, inhibition, groups -> diagnosis -> channels
//   every 30 s     state        dispatch/                       runbook/    notify/
//
// Time is an argument of Tick, also event time: rules look at spans that ended before it. Tests drive
// days of it in seconds. One process evaluates: that it may is asked of `lead` before each evaluation,
// which is where a lease shared by several Pitots goes.
//
// Thread-safety: all methods, any thread; Tick one at a time (a second one waits).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "alert/alert.h"
#include "alert/options.h"
#include "alert/rule.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mutex.h"
#include "store/engine.h"

namespace pitot {

class ActionBook;
class Actuator;
class Dispatcher;
class Lifecycle;
class Sender;
class Silences;
class SloBook;
class StateLog;
class StatusPages;
class SystemFigures;
struct RunbookInput;
struct RunbookReport;

// Borrowed; all must outlive the service.
struct AlertDeps {
  Engine& engine;
  const Limits& limits;
  StateLog* state = nullptr;  // Null: nothing is remembered over a restart.
  const Clock& clock;
  const SystemFigures& figures;
  Actuator* actuator = nullptr;  // Null: runbooks only suggest.
  std::string version;
  // Whether this process is the one that evaluates and tells; none: it is.
  std::function<bool()> lead = nullptr;
  // Notifications are sent within Tick, nothing is retried: for simulated time.
  bool send_inline = false;
};

// How a rule does.
struct RuleStatus {
  RuleSpec spec;
  UnixNanos last_at = 0;     // Of its last evaluation; 0: none yet.
  int64_t last_took_ns = 0;  // All projects together.
  std::string last_error;    // Empty: it went well.
  uint64_t evaluations = 0;
  uint64_t failures = 0;
  int64_t series = 0;  // Measured by the last evaluation.
  int64_t breaching = 0;
};

struct AlertStats {
  uint64_t evaluations = 0;  // Of all rules together.
  uint64_t skipped = 0;      // Evaluations not begun because the one before was still running.
  int64_t last_took_ns = 0;
  UnixNanos last_at = 0;
  int64_t projects = 0;
};

class AlertService {
 public:
  // kInvalidArgument: names the option.
  static absl::StatusOr<std::unique_ptr<AlertService>> Open(AlertOptions options,
                                                            const AlertDeps& deps);
  ~AlertService();

  void Start();
  // Ends the thread and waits shortly for what is being sent. Safe to call twice.
  void Stop();

  // What the thread does: evaluates what is due at `now`, and tells whom it concerns.
  void Tick(UnixNanos now);
  // When something is next due, from `now` on.
  UnixNanos NextDue(UnixNanos now) const;

  // By fingerprint, with who silences and inhibits them; resolved ones too.
  std::vector<Alert> Alerts() const;
  std::optional<Alert> Find(uint64_t fingerprint) const;
  std::vector<RuleStatus> Rules() const;
  AlertStats stats() const;

  // Runs a runbook now. kNotFound: the name is not latency, errors or cost.
  absl::StatusOr<RunbookReport> Runbook(std::string_view name, const RunbookInput& input,
                                        const QueryContext& query);
  // The one that went out with an alert's last notification; nothing: none did.
  std::shared_ptr<const RunbookReport> AttachedReport(uint64_t fingerprint) const;

  const AlertOptions& options() const { return options_; }
  Lifecycle& lifecycle() { return *lifecycle_; }
  Silences& silences() { return *silences_; }
  Dispatcher& dispatcher() { return *dispatcher_; }
  SloBook& slos() { return *slos_; }
  Sender& sender() { return *sender_; }
  ActionBook& actions() { return *actions_; }
  StatusPages& status_pages() { return *status_pages_; }
  const SystemFigures& figures() const { return deps_.figures; }

 private:
  AlertService(AlertOptions options, const AlertDeps& deps);
  absl::Status OpenParts();
  absl::Status OpenRules(UnixNanos now);
  // The newest acknowledgement of a rule's alerts in a project.
  std::optional<UnixNanos> AcknowledgedAt(std::string_view rule_id, std::string_view project) const;
  void Run();
  void Evaluate(UnixNanos now);
  // `among`: whether the projects to ask about are known now.
  void EvaluateRule(size_t index, const absl::StatusOr<std::vector<std::string>>& among,
                    UnixNanos now);
  absl::StatusOr<std::vector<std::string>> Projects(UnixNanos now);
  void Dispatch(UnixNanos now);
  void Diagnose(Notification& notification, UnixNanos now);
  void DiagnoseUntold(const std::vector<Alert>& alerts, UnixNanos now);
  void KeepReportsOf(const std::vector<Alert>& alerts);
  QueryContext Query(UnixNanos now, std::chrono::milliseconds deadline) const;

  const AlertOptions options_;
  const AlertDeps deps_;

  std::unique_ptr<Lifecycle> lifecycle_;
  std::unique_ptr<Silences> silences_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<SloBook> slos_;
  std::unique_ptr<StatusPages> status_pages_;
  std::unique_ptr<ActionBook> actions_;
  RuleSet rules_;
  std::unique_ptr<Sender> sender_;  // Before nothing it calls back into: dispatcher_ is above.

  Mutex tick_mutex_;  // Held by Tick.
  std::vector<UnixNanos> rule_due_ ABSL_GUARDED_BY(tick_mutex_);
  std::vector<std::string> projects_ ABSL_GUARDED_BY(tick_mutex_);
  UnixNanos projects_due_ ABSL_GUARDED_BY(tick_mutex_) = 0;

  mutable Mutex mutex_;
  CondVar stopped_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  UnixNanos next_evaluation_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<RuleStatus> statuses_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, std::shared_ptr<const RunbookReport>> reports_ ABSL_GUARDED_BY(mutex_);
  AlertStats stats_ ABSL_GUARDED_BY(mutex_);

  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
