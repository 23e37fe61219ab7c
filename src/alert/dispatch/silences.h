// alert/dispatch/silences.h
//
// Silences: for a time, alerts that match are shown and nobody is told. Each says until when, who
// made it and why. Pending, active and expired follow from the clock alone, so a clock that jumps
// changes nothing that is kept. As Alertmanager keeps them; shown for five days after their end.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "alert/matcher.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace pitot {

class StateLog;

enum class SilenceState : uint8_t { kPending, kActive, kExpired, kEnd };
inline constexpr std::array<std::string_view, static_cast<size_t>(SilenceState::kEnd)>
    kSilenceStateNames = {"pending", "active", "expired"};
inline std::string_view Name(SilenceState v) { return kSilenceStateNames[static_cast<size_t>(v)]; }

struct Silence {
  std::string id;  // A UUID, as amtool expects.
  Matchers matchers;
  UnixNanos starts_at = 0;
  UnixNanos ends_at = 0;
  std::string created_by;
  std::string comment;
  UnixNanos updated_at = 0;

  SilenceState StateAt(UnixNanos now) const;
};

inline constexpr int64_t kSilenceRetentionNs = 5 * kNanosPerDay;

// Thread-safe. Borrows the StateLog (kind `silence`).
class Silences {
 public:
  // `state` null: nothing survives; what of it cannot be read is logged and left out. `silences_max`:
  // of those that are not expired.
  static absl::StatusOr<std::unique_ptr<Silences>> Open(StateLog* state, size_t silences_max,
                                                        UnixNanos now);

  // Without id: a new one. With the id of one that has not expired: changes it; when what it matches
  // or an active one's start differ, that one expires and a new one takes its place (the answer's id
  // says which). A start before now is now. kInvalidArgument: no end, no comment, no author, an end
  // before its start or in the past, no matcher, or only such as match the empty value; kNotFound: no
  // such id; kResourceExhausted: silences_max; kUnavailable: the disk refuses it.
  absl::StatusOr<Silence> Set(Silence silence, UnixNanos now);

  // Ends it now. kNotFound; kFailedPrecondition: it has expired.
  absl::Status Expire(std::string_view id, std::string_view actor, UnixNanos now);

  std::optional<Silence> Find(std::string_view id) const;
  // Active, pending, expired; each by end.
  std::vector<Silence> List(UnixNanos now) const;

  // Ids of the active ones that match, in order of ids.
  std::vector<std::string> Match(const Labels& labels, UnixNanos now) const;

  // Forgets those that ended kSilenceRetentionNs ago.
  void Collect(UnixNanos now);

 private:
  Silences(StateLog* state, size_t silences_max) : state_(state), silences_max_(silences_max) {}
  absl::Status Write(const Silence& silence, std::string_view actor, bool is_deleted);

  StateLog* const state_;
  const size_t silences_max_;

  Mutex write_mutex_;  // One change at a time; held while it is made durable.
  mutable Mutex mutex_;
  std::map<std::string, Silence, std::less<>> silences_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
