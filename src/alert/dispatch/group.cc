#include "alert/dispatch/group.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "alert/lifecycle/alert_json.h"
#include "base/status.h"

namespace pitot {
namespace {

namespace json = boost::json;

bool IsMuted(const Alert& alert) {
  return !alert.silenced_by.empty() || !alert.inhibited_by.empty();
}

bool IsPage(const Alert& alert) { return SeverityOf(alert) == AlertSeverity::kPage; }

bool IsAcknowledged(const Alert& alert, UnixNanos now) {
  return alert.ack && (alert.ack->until == 0 || now < alert.ack->until);
}

template <typename Fingerprints>
json::array FingerprintsJson(const Fingerprints& fingerprints) {
  json::array texts;
  for (const uint64_t one : fingerprints) texts.emplace_back(FingerprintText(one));
  return texts;
}

std::vector<uint64_t> ParseFingerprints(const json::object& object, std::string_view member) {
  std::vector<uint64_t> fingerprints;
  const json::value* value = object.if_contains(member);
  if (value == nullptr || !value->is_array()) return fingerprints;
  for (const json::value& one : value->get_array()) {
    if (!one.is_string()) continue;
    if (const auto known = ParseFingerprint(one.get_string())) fingerprints.push_back(*known);
  }
  return fingerprints;
}

json::array AlertsJson(const std::map<uint64_t, Alert>& alerts) {
  json::array array;
  for (const auto& [fingerprint, alert] : alerts) array.push_back(AlertJson(alert));
  return array;
}

absl::StatusOr<std::map<uint64_t, Alert>> ParseAlerts(const json::object& object,
                                                      std::string_view member) {
  std::map<uint64_t, Alert> alerts;
  const json::value* value = object.if_contains(member);
  if (value == nullptr || !value->is_array()) return alerts;
  for (const json::value& one : value->get_array()) {
    if (!one.is_object()) continue;
    ASSIGN_OR_RETURN(Alert alert, ParseAlertJson(one.get_object()));
    const uint64_t fingerprint = alert.fingerprint;
    alerts[fingerprint] = std::move(alert);
  }
  return alerts;
}

struct Situation {
  std::vector<const Alert*> firing;  // Active, and neither silenced nor inhibited.
  std::vector<Alert> over;           // Told as firing, and not active any more.
  std::set<uint64_t> active;         // Also what is muted.
};

Situation SituationOf(const GroupState& group, const GroupMembers& members, UnixNanos now) {
  Situation situation;
  std::map<uint64_t, const Alert*> resolved;
  for (const Alert* alert : members.alerts) {
    if (!IsActive(alert->state)) {
      resolved[alert->fingerprint] = alert;
      continue;
    }
    situation.active.insert(alert->fingerprint);
    if (!IsMuted(*alert)) situation.firing.push_back(alert);
  }
  std::map<uint64_t, Alert> told_or_attempted = group.told;
  told_or_attempted.insert(group.attempted.begin(), group.attempted.end());
  for (const auto& [fingerprint, told] : told_or_attempted) {
    if (situation.active.contains(fingerprint)) continue;
    const auto known = resolved.find(fingerprint);
    Alert& over = situation.over.emplace_back(known == resolved.end() ? told : *known->second);
    // It may be gone, pending again, or another route's now.
    if (over.state != AlertState::kResolved) {
      over.state = AlertState::kResolved;
      over.resolved_at = now;
    }
  }
  return situation;
}

std::optional<NotifyReason> ReasonOf(const GroupState& group, const Situation& situation,
                                     const GroupPolicy& policy, UnixNanos now) {
  const std::vector<const Alert*>& firing = situation.firing;
  if (firing.empty()) {
    if (situation.over.empty()) return std::nullopt;
    return NotifyReason::kAllResolved;
  }
  if (group.told.empty()) return NotifyReason::kFirst;
  const auto is_new = [&](const Alert* alert) { return !group.told.contains(alert->fingerprint); };
  if (std::ranges::any_of(firing, is_new)) return NotifyReason::kNewAlerts;
  if (policy.wants_resolved && !situation.over.empty()) return NotifyReason::kResolvedSome;
  const auto began_to_flap = [&](const Alert* alert) {
    return alert->flapping && !group.told_flapping.contains(alert->fingerprint);
  };
  if (std::ranges::any_of(firing, began_to_flap)) return NotifyReason::kFlapping;
  const bool pages = std::ranges::any_of(firing, [](const Alert* one) { return IsPage(*one); });
  const int64_t repeat = std::min(
      pages ? policy.page_repeat_interval_ns : policy.repeat_interval_ns, kNotificationRetentionNs);
  const bool all_acknowledged =
      std::ranges::all_of(firing, [&](const Alert* one) { return IsAcknowledged(*one, now); });
  if (now - group.due_at >= repeat && !all_acknowledged) return NotifyReason::kRepeat;
  return std::nullopt;
}

// The next time of the rhythm that `due` began, not before `now`.
UnixNanos InRhythm(UnixNanos due, int64_t interval, UnixNanos now) {
  if (now <= due) return due + interval;
  return due + (now - due + interval - 1) / interval * interval;
}

void OpenGroup(GroupState& group, const Situation& situation, const GroupPolicy& policy,
               UnixNanos now) {
  group.is_open = true;
  group.failures = 0;
  if (situation.firing.empty() && group.told.empty()) {
    group.next_flush_at = now;
    return;
  }
  if (!group.told.empty()) {
    // Of the log, after a restart.
    group.next_flush_at = InRhythm(group.due_at, policy.group_interval_ns, now);
    return;
  }
  const auto first = std::ranges::min_element(situation.firing, {},
                                              [](const Alert* alert) { return alert->fired_at; });
  group.next_flush_at = std::max(now, (*first)->fired_at + policy.group_wait_ns);
}

// The first page of a group waits for nothing but page_group_wait.
void HastenForPage(GroupState& group, const Situation& situation, const GroupPolicy& policy,
                   UnixNanos now) {
  const auto told_page = [&](const auto& told) {
    return IsPage(told.second) && situation.active.contains(told.first);
  };
  if (group.failures > 0 || std::ranges::any_of(group.told, told_page)) return;
  for (const Alert* alert : situation.firing) {
    if (!IsPage(*alert)) continue;
    group.next_flush_at =
        std::min(group.next_flush_at, std::max(now, alert->fired_at + policy.page_group_wait_ns));
  }
}

Notification Compose(GroupState& group, Situation& situation, NotifyReason reason, UnixNanos due,
                     UnixNanos now) {
  Notification notification;
  notification.receiver = group.receiver;
  notification.group_key = group.key;
  notification.group_labels = group.labels;
  notification.reason = reason;
  notification.at = now;
  notification.sequence = group.last.sequence + 1;
  for (const Alert* alert : situation.firing) notification.alerts.push_back(*alert);
  for (Alert& alert : situation.over) notification.alerts.push_back(std::move(alert));
  for (Alert& alert : notification.alerts) alert.last_sent_at = now;
  GroupState::Sending sending{now, due, {}, {}, {}};
  // When nothing fires any more, the receiver takes the matter for closed: what is muted now is news
  // when it is heard again.
  if (!situation.firing.empty()) {
    for (const auto& [fingerprint, told] : group.told) {
      if (situation.active.contains(fingerprint)) sending.told[fingerprint] = told;
    }
    for (const Alert* alert : situation.firing) {
      sending.told[alert->fingerprint] = *alert;
      if (!group.told.contains(alert->fingerprint)) {
        group.attempted[alert->fingerprint] = *alert;
      }
      if (alert->flapping) sending.told_flapping.insert(alert->fingerprint);
    }
  }
  if (notification.alerts.size() > kNotificationAlertsMax) {
    notification.alerts_left_out = notification.alerts.size() - kNotificationAlertsMax;
    notification.alerts.resize(kNotificationAlertsMax);
  }
  sending.notification = notification;
  group.sending = std::move(sending);
  return notification;
}

}  // namespace

std::optional<Notification> FlushGroup(GroupState& group, const GroupMembers& members,
                                       const GroupPolicy& policy, UnixNanos now) {
  group.alerts.clear();
  for (const Alert* alert : members.alerts) group.alerts.push_back(alert->fingerprint);
  // A sender that never says what became of it.
  if (group.sending && now - group.sending->since > 2 * policy.group_interval_ns) {
    group.sending.reset();
    ++group.failures;
  }
  Situation situation = SituationOf(group, members, now);
  if (!group.is_open) {
    if (situation.firing.empty() && situation.over.empty() && group.told.empty()) {
      return std::nullopt;
    }
    OpenGroup(group, situation, policy, now);
  }
  if (group.sending) return std::nullopt;
  HastenForPage(group, situation, policy, now);
  if (now < group.next_flush_at) return std::nullopt;
  // A rhythm that was lost (a suspended machine, a clock set forward) begins anew from now.
  const UnixNanos due =
      now - group.next_flush_at < policy.group_interval_ns ? group.next_flush_at : now;
  group.next_flush_at = due + policy.group_interval_ns;
  const std::optional<NotifyReason> reason = ReasonOf(group, situation, policy, now);
  if (!reason) {
    group.is_open = !situation.firing.empty() || !group.told.empty() || !group.attempted.empty();
    return std::nullopt;
  }
  return Compose(group, situation, *reason, due, now);
}

void FinishSending(GroupState& group, bool ok, UnixNanos now) {
  if (!group.sending) return;
  GroupState::Sending sending = *std::exchange(group.sending, std::nullopt);
  group.attempted.clear();
  if (!ok) {
    ++group.failures;
    return;
  }
  group.told = std::move(sending.told);
  group.told_flapping = std::move(sending.told_flapping);
  group.last = RecordOf(sending.notification, true);
  group.last.at = std::min(sending.since, now);
  group.due_at = sending.due_at;
  group.failures = 0;
  // Over; what fires next waits for group_wait again.
  if (group.told.empty()) group.is_open = false;
}

NotificationRecord RecordOf(const Notification& notification, bool ok) {
  NotificationRecord record;
  record.receiver = notification.receiver;
  record.group_key = notification.group_key;
  record.group_labels = notification.group_labels;
  record.reason = notification.reason;
  record.sequence = notification.sequence;
  record.severity = Name(notification.severity());
  record.at = notification.at;
  record.ok = ok;
  for (const Alert& alert : notification.alerts) {
    record.alerts.push_back(alert.fingerprint);
    ++(IsActive(alert.state) ? record.firing : record.resolved);
  }
  return record;
}

void MoveGroupBack(GroupState& group, int64_t by_ns) {
  for (UnixNanos* moment : {&group.last.at, &group.due_at, &group.next_flush_at}) {
    if (*moment != 0) *moment -= by_ns;
  }
  for (auto* alerts : {&group.told, &group.attempted}) {
    for (auto& [fingerprint, alert] : *alerts) {
      for (UnixNanos* moment : {&alert.active_at, &alert.fired_at, &alert.last_sent_at}) {
        if (*moment != 0) *moment -= by_ns;
      }
    }
  }
  if (group.sending) {
    group.sending->since -= by_ns;
    group.sending->due_at -= by_ns;
  }
}

json::object GroupJson(const GroupState& group) {
  const NotificationRecord& last = group.last;
  return {{"receiver", group.receiver},
          {"group_key", group.key},
          {"group_labels", TextsJson(group.labels)},
          {"reason", Name(last.reason)},
          {"severity", last.severity},
          {"sequence", last.sequence},
          {"at", last.at},
          {"due_at", group.due_at},
          {"firing", last.firing},
          {"resolved", last.resolved},
          {"alerts", FingerprintsJson(last.alerts)},
          {"told", AlertsJson(group.told)},
          {"attempted", AlertsJson(group.attempted)},
          {"flapping", FingerprintsJson(group.told_flapping)}};
}

absl::StatusOr<GroupState> ParseGroupJson(const json::object& object) {
  GroupState group;
  group.receiver = TextOf(object, "receiver");
  group.key = TextOf(object, "group_key");
  if (group.key.empty()) return Internal("an entry of the notification log has no group");
  group.labels = ParseTexts(object, "group_labels");
  NotificationRecord& last = group.last;
  last.receiver = group.receiver;
  last.group_key = group.key;
  last.group_labels = group.labels;
  last.severity = TextOf(object, "severity");
  last.sequence = static_cast<uint64_t>(IntegerOf(object, "sequence"));
  last.at = IntegerOf(object, "at");
  last.firing = static_cast<size_t>(IntegerOf(object, "firing"));
  last.resolved = static_cast<size_t>(IntegerOf(object, "resolved"));
  last.alerts = ParseFingerprints(object, "alerts");
  last.ok = true;
  const auto reason = std::ranges::find(kNotifyReasonNames, TextOf(object, "reason"));
  if (reason != kNotifyReasonNames.end()) {
    last.reason = static_cast<NotifyReason>(reason - kNotifyReasonNames.begin());
  }
  group.due_at = IntegerOf(object, "due_at", last.at);
  ASSIGN_OR_RETURN(group.told, ParseAlerts(object, "told"));
  ASSIGN_OR_RETURN(group.attempted, ParseAlerts(object, "attempted"));
  for (const uint64_t fingerprint : ParseFingerprints(object, "flapping")) {
    group.told_flapping.insert(fingerprint);
  }
  return group;
}

}  // namespace pitot
