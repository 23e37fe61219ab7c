// alert/lifecycle/impl.h
//
// Internal to lifecycle/. Two locks: a change holds `write_mutex` until it is durable, so that events
// are written in the order in which they happened; `mutex` guards what is in memory and is never held
// while the disk is waited for.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "alert/lifecycle/activity.h"
#include "alert/lifecycle/lifecycle.h"
#include "alert/lifecycle/transition.h"
#include "base/mutex.h"
#include "store/state.h"

namespace pitot {

// One alert and what its state machine remembers.
struct AlertTrack {
  Alert alert;
  uint64_t series = 0;         // Of its labels without severity.
  UnixNanos since = 0;         // When it became pending, keep_firing or no_data; moved by gaps.
  UnixNanos evaluated_at = 0;  // The last Apply that concerned it, also before a restart.
  UnixNanos heard_at = 0;      // The same, or when the lifecycle was opened.
  UnixNanos lower_since = 0;   // Since when readings say a lower severity; 0: they do not.
  // Of a pending one: as it was resolved, to be shown on if nothing comes of it.
  std::optional<Alert> before;
  int64_t interval_ns = 0;     // Of its rule.
  int64_t keep_firing_ns = 0;  // Of its rule.
  Annotations added;           // Annotate().
  bool changed = false;        // Its record is to be written.
};

struct Lifecycle::Impl {
  using RuleKey = std::pair<std::string, std::string>;  // Rule, project.
  struct RuleState {
    int errors = 0;
    std::set<uint64_t> alerts;  // Of every state.
    std::vector<SuppressedReading> suppressed;
  };

  Impl(StateLog* state, LifecycleOptions options, UnixNanos now)
      : state(state),
        options(std::move(options)),
        last_now(now),
        activity(4 * this->options.alerts_max) {}

  // --- lifecycle.cc
  // The time to go by; see "Time" in lifecycle.h. Only evaluations move it: they come one after the
  // other, and so one that comes with an earlier time is of a clock that was set back.
  UnixNanos TimeOf(UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void MoveBack(int64_t by_ns) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Remember(const AlertTrack& track, std::optional<AlertState> from,
                std::optional<AlertState> to, UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Null: alerts_max.
  AlertTrack* Add(const RuleSpec& rule, std::string_view project, Labels labels, uint64_t series)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Remove(uint64_t fingerprint) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Changes the state with everything that goes with it. The track may be gone afterwards.
  void Move(AlertTrack& track, std::optional<AlertState> to, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Resolve(AlertTrack& track, std::string_view why, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  AlertTrack* Find(uint64_t fingerprint) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // As it is shown.
  Alert Shown(const AlertTrack& track) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // --- apply.cc
  // A track that is new, or resolved, begins to breach.
  void Start(AlertTrack& track, std::optional<AlertState> from, AlertState to, UnixNanos active_at,
             UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void ApplyError(const RuleKey& key, UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void ApplyReadings(const RuleSpec& rule, std::string_view project,
                     const std::vector<Reading>& readings, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // The fingerprint of the alert that the reading is about; 0: there is none.
  uint64_t ApplyReading(const RuleSpec& rule, std::string_view project, const Reading& reading,
                        UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // The track that goes on with the reading's severity.
  AlertTrack* WithSeverity(AlertTrack& track, const RuleSpec& rule, std::string_view project,
                           const Reading& reading, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Step(AlertTrack& track, const RuleSpec& rule, const Reading& reading, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void AdvanceTrack(AlertTrack& track, UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // --- external.cc
  absl::Status ReceiveOne(const ReceivedAlert& received, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // --- persist.cc
  void RestoreTrack(const boost::json::object& object) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // The time of the last evaluation that is known of.
  UnixNanos ReadState() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Restore(UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Writes what has changed. An error is logged once; what it concerns is written the next time.
  void Persist(bool with_timers) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex)
      ABSL_LOCKS_EXCLUDED(mutex);
  StateEvent EventOf(const AlertTrack& track) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  std::vector<StateEvent> TakeEvents(bool with_timers) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  std::optional<StateEvent> TakeTimers() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void TakeBack(const StateEvent& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  StateLog* const state;
  const LifecycleOptions options;

  Mutex write_mutex ABSL_ACQUIRED_BEFORE(mutex);
  bool write_failed ABSL_GUARDED_BY(write_mutex) = false;

  mutable Mutex mutex;
  UnixNanos last_now ABSL_GUARDED_BY(mutex);
  std::map<uint64_t, AlertTrack> tracks ABSL_GUARDED_BY(mutex);
  absl::flat_hash_map<uint64_t, uint64_t> current ABSL_GUARDED_BY(mutex);  // Series -> alert.
  std::map<RuleKey, RuleState> rules ABSL_GUARDED_BY(mutex);
  Activity activity ABSL_GUARDED_BY(mutex);
  absl::flat_hash_set<uint64_t> recorded ABSL_GUARDED_BY(mutex);  // The state log has them.
  absl::flat_hash_set<uint64_t> removed ABSL_GUARDED_BY(mutex);  // Their records are to be deleted.
  std::deque<AlertTransition> transitions ABSL_GUARDED_BY(mutex);
  uint64_t not_followed ABSL_GUARDED_BY(mutex) = 0;
  bool limit_said ABSL_GUARDED_BY(mutex) = false;
  bool measured ABSL_GUARDED_BY(mutex) = false;  // An evaluation succeeded since the last Advance.
  UnixNanos advanced_at ABSL_GUARDED_BY(mutex) = 0;  // The last Advance; 0: none yet.
  bool pending_changed ABSL_GUARDED_BY(mutex) = false;
  UnixNanos timers_written_at ABSL_GUARDED_BY(mutex) = 0;
};

}  // namespace pitot
