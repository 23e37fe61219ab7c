// alert/runbook/action_book.h
//
// The actions that runbooks offered and what became of them: who did what, when it ends, what undid
// it. Every change is an event of the state log (kind "action") and of the audit log.
//
// Automatic is only what the step allows, the configuration allows (ActionOptions::mode, and the kind
// among ActionOptions::automatic), and what leads to an approved model; at most one automatic change in
// kAutoEveryNs. A rerouted share grows 10 -> 50 -> 100 % while its guard holds.
//
// The guard: calls of the target are compared before and after the action; it is undone when errors
// became significantly more frequent.
//
// Thread-safe.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/options.h"
#include "alert/runbook/actions.h"
#include "alert/runbook/runbook.h"
#include "base/mutex.h"

namespace pitot {

class StateLog;

inline constexpr std::string_view kActionKind = "action";

class ActionBook {
 public:
  static constexpr int64_t kAutoEveryNs = 10 * kNanosPerMinute;
  // An offer that nobody took; and how long ended ones are shown.
  static constexpr int64_t kOfferNs = kNanosPerDay;
  static constexpr size_t kActionsMax = 1'000;  // The oldest ended or offered ones go first.

  // Borrows all. `actuator` null: nothing can be done, only offered. `state` null: memory only. What
  // was active when the last process ended is in force again, or undone if its time has passed.
  static absl::StatusOr<std::unique_ptr<ActionBook>> Open(const ActionOptions& options,
                                                          Actuator* actuator, StateLog* state,
                                                          UnixNanos now);

  // Takes in what a report offers: gives each action its id and mode, does the automatic ones when
  // the report is attached to an alert (nobody asked for it), and writes what became of them into the report.
  void Offer(RunbookReport& report, UnixNanos now);

  // kNotFound; kFailedPrecondition: it is active or over, is advice, or the configuration allows
  // suggestions only. `dry_run`: says what would be done.
  absl::StatusOr<Action> Confirm(std::string_view id, std::string_view actor, UnixNanos now,
                                 bool dry_run = false);
  // kNotFound; kFailedPrecondition: it is not active.
  absl::StatusOr<Action> Revert(std::string_view id, std::string_view actor, UnixNanos now);

  // Undoes what has had its time or whose guard does not hold; lets shares grow. Quick without active
  // actions. query.now is the time.
  void Tick(const QueryContext& query);

  // Newest first. `project` empty: all.
  std::vector<Action> List(std::string_view project = {}) const;
  std::optional<Action> Find(std::string_view id) const;

 private:
  ActionBook(const ActionOptions& options, Actuator* actuator, StateLog* state)
      : options_(options), actuator_(actuator), state_(state) {}

  absl::Status Load(UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Do(Action& action, std::string_view actor, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Undo(Action& action, ActionState state, std::string_view actor, std::string result,
            UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Record(const Action& action, std::string_view what) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ActionMode Allowed(const Action& action) const;
  void Trim(UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ActionOptions options_;
  Actuator* const actuator_;
  StateLog* const state_;

  mutable Mutex mutex_;
  std::map<std::string, Action, std::less<>> actions_ ABSL_GUARDED_BY(mutex_);
  UnixNanos last_auto_at_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace pitot
