#include "alert/dispatch/group.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "alert/dispatch/dispatcher.h"
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
  for (const auto& [fingerprint, told] : group.told) {
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
  notification.sequence = group.sequence + 1;
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
    FinishSending(group, false, now);
  }
  Situation situation = SituationOf(group, members, now);
  if (!group.is_open) {
    if (situation.firing.empty() && group.told.empty()) return std::nullopt;
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
    group.is_open = !situation.firing.empty() || !group.told.empty();
    return std::nullopt;
  }
  return Compose(group, situation, *reason, due, now);
}

void FinishSending(GroupState& group, bool ok, UnixNanos now) {
  if (!group.sending) return;
  GroupState::Sending sending = *std::exchange(group.sending, std::nullopt);
  if (!ok) {
    ++group.failures;
    return;
  }
  group.told = std::move(sending.told);
  group.told_flapping = std::move(sending.told_flapping);
  group.sent_at = std::min(sending.since, now);
  group.due_at = sending.due_at;
  group.sequence = sending.notification.sequence;
  group.reason = sending.notification.reason;
  group.failures = 0;
  // Over; what fires next waits for group_wait again.
  if (group.told.empty()) group.is_open = false;
}

void MoveGroupBack(GroupState& group, int64_t by_ns) {
  for (UnixNanos* moment : {&group.sent_at, &group.due_at, &group.next_flush_at}) {
    if (*moment != 0) *moment -= by_ns;
  }
  for (auto& [fingerprint, told] : group.told) {
    for (UnixNanos* moment : {&told.active_at, &told.fired_at, &told.last_sent_at}) {
      if (*moment != 0) *moment -= by_ns;
    }
  }
  if (group.sending) {
    group.sending->since -= by_ns;
    group.sending->due_at -= by_ns;
  }
}

json::object GroupJson(const GroupState& group, const Notification& last) {
  json::array told, flapping, alerts;
  for (const auto& [fingerprint, alert] : group.told) told.push_back(AlertJson(alert));
  for (const uint64_t fingerprint : group.told_flapping) {
    flapping.emplace_back(FingerprintText(fingerprint));
  }
  int64_t firing = 0;
  for (const Alert& alert : last.alerts) {
    alerts.emplace_back(FingerprintText(alert.fingerprint));
    firing += IsActive(alert.state) ? 1 : 0;
  }
  return {{"receiver", group.receiver},
          {"group_key", group.key},
          {"group_labels", TextsJson(group.labels)},
          {"reason", Name(group.reason)},
          {"severity", Name(last.severity())},
          {"sequence", group.sequence},
          {"at", group.sent_at},
          {"due_at", group.due_at},
          {"firing", firing},
          {"resolved", static_cast<int64_t>(last.alerts.size()) - firing},
          {"alerts", std::move(alerts)},
          {"told", std::move(told)},
          {"flapping", std::move(flapping)}};
}

absl::StatusOr<GroupState> ParseGroupJson(const json::object& object) {
  GroupState group;
  group.receiver = TextOf(object, "receiver");
  group.key = TextOf(object, "group_key");
  if (group.key.empty()) return Internal("an entry of the notification log has no group");
  group.labels = ParseTexts(object, "group_labels");
  group.sequence = static_cast<uint64_t>(IntegerOf(object, "sequence"));
  group.sent_at = IntegerOf(object, "at");
  group.due_at = IntegerOf(object, "due_at", group.sent_at);
  const auto reason = std::ranges::find(kNotifyReasonNames, TextOf(object, "reason"));
  if (reason != kNotifyReasonNames.end()) {
    group.reason = static_cast<NotifyReason>(reason - kNotifyReasonNames.begin());
  }
  if (const json::value* told = object.if_contains("told"); told != nullptr && told->is_array()) {
    for (const json::value& one : told->get_array()) {
      if (!one.is_object()) continue;
      ASSIGN_OR_RETURN(Alert alert, ParseAlertJson(one.get_object()));
      alert.last_sent_at = group.sent_at;
      group.told[alert.fingerprint] = std::move(alert);
    }
  }
  const json::value* flapping = object.if_contains("flapping");
  if (flapping != nullptr && flapping->is_array()) {
    for (const json::value& one : flapping->get_array()) {
      if (!one.is_string()) continue;
      if (const auto fingerprint = ParseFingerprint(one.get_string())) {
        group.told_flapping.insert(*fingerprint);
      }
    }
  }
  return group;
}

}  // namespace pitot
