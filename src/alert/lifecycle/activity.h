// alert/lifecycle/activity.h
//
// When alerts were pending or firing, for eight days: baselines leave those times out, and how often
// an alert fired and changed of late is counted from it. Not thread-safe; the lifecycle's lock guards
// it.
#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "alert/rule.h"

namespace pitot {

inline constexpr int64_t kActivityRetentionNs = 8 * kNanosPerDay;

class Activity {
 public:
  // One time that an alert was active.
  struct Span {
    UnixNanos from = 0;
    UnixNanos fired_at = 0;  // 0: it did not come to that.
    UnixNanos to = 0;        // 0: it lasts.
    // It began, or ended, as the same thing with another severity: no change of what is told.
    bool taken_over = false;
    bool handed_on = false;
  };

  // `followed_max`: alerts of which it is known; the one quiet for longest is forgotten for another.
  explicit Activity(size_t followed_max) : followed_max_(followed_max) {}

  void Begin(const Alert& alert, UnixNanos at);
  void Fired(uint64_t fingerprint, UnixNanos at);
  void End(uint64_t fingerprint, UnixNanos at);
  // What is going on with one goes on with the other.
  void HandOn(uint64_t from, uint64_t to, UnixNanos at);
  // Ends all but `active`: what was going on when the program ended, and is not any more.
  void EndOthers(const absl::flat_hash_set<uint64_t>& active, UnixNanos at);

  // Of [since, ...): times that it fired, and times that it fired or resolved.
  int64_t Occurrences(uint64_t fingerprint, UnixNanos since) const;
  int Changes(uint64_t fingerprint, UnixNanos since) const;

  std::vector<ActiveInterval> Active(std::string_view rule_id, const Labels& labels,
                                     UnixNanos since) const;

  void Collect(UnixNanos now);   // Forgets what ended more than eight days ago.
  void MoveBack(int64_t by_ns);  // Every moment: the clock was set back.

  // What is to be written: each alert that fired or ended since it was taken last, by fingerprint. An
  // empty object: nothing is known of it any more. Short pending times wait until one of these.
  std::vector<std::pair<uint64_t, boost::json::object>> TakeChanged();
  void ChangeAgain(uint64_t fingerprint) { changed_.insert(fingerprint); }
  void ChangeAll();
  void Restore(uint64_t fingerprint, const boost::json::object& json);

 private:
  struct Entry {
    std::string rule_id;
    Labels labels;
    std::deque<Span> spans;
  };
  void MakeRoom();

  const size_t followed_max_;
  std::map<uint64_t, Entry> entries_;
  absl::flat_hash_set<uint64_t> changed_;
};

}  // namespace pitot
