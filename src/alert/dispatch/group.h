// alert/dispatch/group.h
//
// One group and receiver: what it was told, when it is looked at next, and whether it is told now.
// Pure: time and alerts are arguments. dispatcher.h says the rules.
#pragma once

#include <absl/status/statusor.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "alert/dispatch/dispatcher.h"

namespace pitot {

struct GroupState {
  std::string receiver;
  std::string key;
  Labels labels;

  // Of the log: what was told last.
  std::map<uint64_t, Alert> told;  // As firing, and not yet as over.
  std::set<uint64_t> told_flapping;
  // Perhaps told as firing: nobody said what became of that. They are told again, and that they are
  // over as if they had been.
  std::map<uint64_t, Alert> attempted;
  NotificationRecord last;  // `at` 0: there was none.
  // When that was due: what repeat_interval and the rhythm count from, so that a tick that comes late
  // moves neither.
  UnixNanos due_at = 0;

  bool is_open = false;  // It has a timer.
  UnixNanos next_flush_at = 0;
  uint64_t failures = 0;
  std::vector<uint64_t> alerts;  // In it at the last tick, of every state but pending.

  // With the sender, and what holds once it was sent.
  struct Sending {
    UnixNanos since = 0;
    UnixNanos due_at = 0;
    Notification notification;
    std::map<uint64_t, Alert> told;
    std::set<uint64_t> told_flapping;
  };
  std::optional<Sending> sending;
};

// What there is of a group at a tick.
struct GroupMembers {
  std::vector<const Alert*> alerts;  // Of every state but pending, by fingerprint.
};

// How a group is told.
struct GroupPolicy {
  int64_t group_wait_ns = 0;
  int64_t group_interval_ns = 0;
  int64_t repeat_interval_ns = 0;
  int64_t page_group_wait_ns = 0;
  int64_t page_repeat_interval_ns = 0;
  bool wants_resolved = true;
};

// Moves the group to `now`; the notification that it is told, if it is. It is then with the sender, and
// the log is to be written before it goes.
std::optional<Notification> FlushGroup(GroupState& group, const GroupMembers& members,
                                       const GroupPolicy& policy, UnixNanos now);

// What became of it; the log is to be written.
void FinishSending(GroupState& group, bool ok, UnixNanos now);

NotificationRecord RecordOf(const Notification& notification, bool ok);

// The clock was set back.
void MoveGroupBack(GroupState& group, int64_t by_ns);

// The log's part, as kept in the StateLog.
boost::json::object GroupJson(const GroupState& group);
absl::StatusOr<GroupState> ParseGroupJson(const boost::json::object& json);

}  // namespace pitot
