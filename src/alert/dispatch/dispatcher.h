// alert/dispatch/dispatcher.h
//
// Who is told what, and when. Alerts are sorted into groups (route, then the labels of its group_by);
// a group is told first group_wait after its first alert, then looked at every group_interval:
//
//   - nothing was told yet                       told when something fires           first
//   - something fires that was not told          told                                new_alerts
//   - nothing fires any more of what was told    told                                all_resolved
//   - some of what was told is over              told, if the receiver wants that    resolved_some
//   - an alert began to flap                     told once                           flapping
//   - repeat_interval has passed since           told again, unless all are acked    repeat
//
// Source: Alertmanager's dispatcher and its needsUpdate. Ours differs in this:
//   - A group in which something of severity `page` fires waits page_group_wait, repeats every
//     page_repeat_interval, and its first page does not wait for the next group_interval.
//   - What was told and is silenced or inhibited since counts as told, and its end is told.
//   - What was told to a group that no longer has it (other routes after a restart, an alert that is
//     gone) is told to be over.
//   - A send that failed is due again at the next group_interval.
//
// What was told is in the notification log (StateLog kind `notification`, id RECEIVER/HASH of the group
// key), written when the sender says that it was sent: a crash before that repeats, and never loses.
// What is news is also noted before it is sent, so that its end is told even if it is over by the time
// that the program runs again. The log also gives groups their rhythm back after a restart. Entries of groups that are over are
// forgotten after 120 h; longer repeat intervals count as that.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "alert/dispatch/silences.h"
#include "alert/options.h"
#include "base/clock.h"

namespace pitot {

class StateLog;

// A group as it is shown.
struct AlertGroup {
  std::string receiver;  // Empty: nobody is told.
  std::string key;
  Labels labels;
  std::vector<uint64_t> alerts;  // Fingerprints, of every state but pending.
  UnixNanos next_flush_at = 0;
  UnixNanos last_sent_at = 0;  // 0: never.
  uint64_t sequence = 0;       // Of the last notification.
  uint64_t failures = 0;       // Sends that failed since the last that did not.
  bool sending = false;        // A notification is with the sender.
};

// One notification that was tried.
struct NotificationRecord {
  std::string receiver;
  std::string group_key;
  Labels group_labels;
  NotifyReason reason = NotifyReason::kFirst;
  uint64_t sequence = 0;
  size_t firing = 0;
  size_t resolved = 0;
  std::string severity;
  std::vector<uint64_t> alerts;  // Fingerprints.
  UnixNanos at = 0;
  bool ok = false;
};

inline constexpr int64_t kNotificationRetentionNs = 5 * kNanosPerDay;
// A notification shows so many alerts; the rest is counted.
inline constexpr size_t kNotificationAlertsMax = 100;

// Thread-safe. Borrows `silences` and the StateLog.
class Dispatcher {
 public:
  // `state` null: nothing survives. What of it cannot be read is logged and left out.
  static absl::StatusOr<std::unique_ptr<Dispatcher>> Open(const AlertOptions& options,
                                                          Silences& silences, StateLog* state,
                                                          UnixNanos now);
  ~Dispatcher();

  // Sets silenced_by, inhibited_by and last_sent_at of `alerts` (all that there are, of every state),
  // moves groups, and returns what is to be sent now, in order. What it returned is with the sender
  // until Sent: it is not returned again.
  std::vector<Notification> Tick(std::vector<Alert>& alerts, UnixNanos now);

  // The same marks, and nothing else.
  void Mark(std::vector<Alert>& alerts, UnixNanos now) const;

  // What became of a notification; any thread. REQUIRES: Tick returned it.
  void Sent(const Notification& notification, bool ok, UnixNanos now);

  // When the next group is due; INT64_MAX: there is none.
  UnixNanos NextDue() const;

  // By receiver and key.
  std::vector<AlertGroup> Groups() const;
  // The receivers an alert goes to, in order of routes.
  std::vector<std::string> ReceiversOf(const Labels& labels) const;
  // The last ones, newest first, at most 1000 are kept; after a restart the last of each group.
  std::vector<NotificationRecord> Recent(size_t limit) const;

 private:
  struct Impl;
  explicit Dispatcher(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
