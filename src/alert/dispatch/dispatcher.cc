#include "alert/dispatch/dispatcher.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <deque>
#include <set>
#include <utility>

#include "alert/dispatch/group.h"
#include "alert/dispatch/inhibit.h"
#include "alert/dispatch/routes.h"
#include "alert/lifecycle/alert_json.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "measure/fingerprint.h"
#include "store/state.h"

namespace pitot {
namespace {

constexpr std::string_view kKind = "notification";
constexpr size_t kRecentMax = 1000;
// A clock that is corrected by less waits until it has caught up.
constexpr int64_t kSetBackNs = kNanosPerSecond;

using GroupId = std::pair<std::string, std::string>;  // Receiver, key.

std::string StateId(const GroupState& group) {
  FingerprintHash hash;
  hash.Add(group.key);
  return fmt::format("{}/{:016x}", group.receiver, hash.value());
}

StateEvent EventOf(const GroupState& group, bool is_deleted) {
  StateEvent event;
  event.kind = kKind;
  event.id = StateId(group);
  event.body = is_deleted ? "{}" : boost::json::serialize(GroupJson(group));
  event.is_deleted = is_deleted;
  return event;
}

// Whether the log has anything of it.
bool IsLogged(const GroupState& group) { return group.last.at != 0 || !group.attempted.empty(); }

}  // namespace

struct Dispatcher::Impl {
  Impl(const AlertOptions& options, Silences& silences, StateLog* state, UnixNanos now)
      : silences(silences),
        state(state),
        routes(options),
        inhibit(DefaultInhibitRules()),
        group_interval_ns(options.group_interval_ns),
        last_now(now) {
    inhibit.insert(inhibit.end(), options.inhibit.begin(), options.inhibit.end());
    receivers.insert(options.default_receiver);
    for (const RouteRule& route : options.routes) receivers.insert(route.receiver);
    for (const ReceiverOptions& receiver : options.receivers) {
      receivers.insert(receiver.name);
      const bool wants = std::ranges::any_of(receiver.channels, &ChannelOptions::send_resolved);
      if (!wants && !receiver.channels.empty()) firing_only.insert(receiver.name);
    }
  }

  UnixNanos TimeOf(UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Restore(UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Mark(std::vector<Alert>& alerts, UnixNanos now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  GroupPolicy PolicyOf(const std::string& receiver, const Route* route) const;
  // Groups that are over and known for long enough; events that say so.
  std::vector<StateEvent> Forget(UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Write(std::vector<StateEvent> events) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex)
      ABSL_LOCKS_EXCLUDED(mutex);

  Silences& silences;
  StateLog* const state;
  const Routes routes;
  std::vector<InhibitRule> inhibit;
  const int64_t group_interval_ns;
  std::set<std::string> receivers;
  std::set<std::string> firing_only;  // Receivers no channel of which tells what is over.

  Mutex write_mutex ABSL_ACQUIRED_BEFORE(mutex);  // Orders what is written.
  mutable Mutex mutex;
  UnixNanos last_now ABSL_GUARDED_BY(mutex);
  bool set_back ABSL_GUARDED_BY(mutex) = false;  // The log is to be written anew.
  std::map<GroupId, GroupState> groups ABSL_GUARDED_BY(mutex);
  absl::flat_hash_map<uint64_t, UnixNanos> last_sent ABSL_GUARDED_BY(mutex);
  std::deque<NotificationRecord> recent ABSL_GUARDED_BY(mutex);  // Oldest first.
};

UnixNanos Dispatcher::Impl::TimeOf(UnixNanos now) {
  if (now < last_now - kSetBackNs) {
    for (auto& [id, group] : groups) MoveGroupBack(group, last_now - now);
    for (auto& [fingerprint, at] : last_sent) at -= last_now - now;
    last_now = now;
    set_back = true;
  }
  last_now = std::max(last_now, now);
  return last_now;
}

void Dispatcher::Impl::Restore(UnixNanos now) {
  if (state == nullptr) return;
  UnixNanos latest = 0;
  for (const StateEvent& event : state->Latest(kKind)) {
    const auto object = ParseStateBody(fmt::format("notification {}", event.id), event.body);
    absl::StatusOr<GroupState> parsed = object.ok() ? ParseGroupJson(*object) : object.status();
    if (!parsed.ok()) {
      LogError("alerts: {}: it is left out, and may be told again", Message(parsed.status()));
      continue;
    }
    GroupState& group = *parsed;
    latest = std::max(latest, group.last.at);
    if (group.last.at != 0) recent.push_back(group.last);
    for (const uint64_t fingerprint : group.last.alerts) {
      UnixNanos& sent = last_sent[fingerprint];
      sent = std::max(sent, group.last.at);
    }
    const GroupId id(group.receiver, group.key);
    groups[id] = std::move(group);
  }
  std::ranges::sort(recent, {}, &NotificationRecord::at);
  while (recent.size() > kRecentMax) recent.pop_front();
  // The clock was set back while nobody was looking.
  last_now = std::max(latest, now);
  TimeOf(now);
}

void Dispatcher::Impl::Mark(std::vector<Alert>& alerts, UnixNanos now) const {
  Inhibit(inhibit, alerts, now);
  for (Alert& alert : alerts) {
    alert.silenced_by.clear();
    if (alert.state != AlertState::kResolved) {
      alert.silenced_by = silences.Match(alert.labels, now);
    }
    const auto sent = last_sent.find(alert.fingerprint);
    alert.last_sent_at = sent == last_sent.end() ? 0 : sent->second;
  }
}

GroupPolicy Dispatcher::Impl::PolicyOf(const std::string& receiver, const Route* route) const {
  GroupPolicy policy;
  policy.wants_resolved = !firing_only.contains(receiver);
  // A group that no route leads to any more has only its end to be told.
  policy.group_interval_ns = group_interval_ns;
  if (route == nullptr) return policy;
  policy.group_wait_ns = route->group_wait_ns;
  policy.group_interval_ns = route->group_interval_ns;
  policy.repeat_interval_ns = route->repeat_interval_ns;
  policy.page_group_wait_ns = route->page_group_wait_ns;
  policy.page_repeat_interval_ns = route->page_repeat_interval_ns;
  return policy;
}

std::vector<StateEvent> Dispatcher::Impl::Forget(UnixNanos now) {
  std::vector<StateEvent> events;
  for (auto at = groups.begin(); at != groups.end();) {
    const GroupState& group = at->second;
    const bool is_known = receivers.contains(group.receiver) && !group.receiver.empty();
    const bool is_over = group.told.empty() && group.attempted.empty() && !group.is_open &&
                         !group.sending && group.alerts.empty() &&
                         now - group.last.at > kNotificationRetentionNs;
    if (is_known ? !is_over : !group.alerts.empty()) {
      ++at;
      continue;
    }
    if (IsLogged(group)) events.push_back(EventOf(group, true));
    at = groups.erase(at);
  }
  return events;
}

void Dispatcher::Impl::Write(std::vector<StateEvent> events) {
  if (state == nullptr) return;
  for (StateEvent& event : events) {
    const std::string id = event.id;
    const absl::Status status = state->Append(std::move(event)).status();
    if (!status.ok()) {
      LogWarning("notification log, {}: {}: after a restart it may be told again", id,
                 Message(status));
    }
  }
}

Dispatcher::Dispatcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Dispatcher::~Dispatcher() = default;

absl::StatusOr<std::unique_ptr<Dispatcher>> Dispatcher::Open(const AlertOptions& options,
                                                             Silences& silences, StateLog* state,
                                                             UnixNanos now) {
  auto impl = std::make_unique<Impl>(options, silences, state, now);
  {
    MutexLock lock(&impl->mutex);
    impl->Restore(now);
  }
  return std::unique_ptr<Dispatcher>(new Dispatcher(std::move(impl)));
}

std::vector<Notification> Dispatcher::Tick(std::vector<Alert>& alerts, UnixNanos now) {
  MutexLock writing(&impl_->write_mutex);
  std::vector<Notification> due;
  std::vector<StateEvent> events;
  {
    MutexLock lock(&impl_->mutex);
    now = impl_->TimeOf(now);
    impl_->Mark(alerts, now);
    struct Found {
      const Route* route = nullptr;
      GroupMembers members;
    };
    std::map<GroupId, Found> found;
    absl::flat_hash_map<uint64_t, UnixNanos> sent;
    for (const Alert& alert : alerts) {
      if (alert.last_sent_at != 0) sent[alert.fingerprint] = alert.last_sent_at;
      if (alert.state == AlertState::kPending) continue;
      for (const Route* route : impl_->routes.Of(alert.labels)) {
        const Labels labels = Routes::GroupLabels(*route, alert.labels);
        const GroupId id(route->receiver, Routes::GroupKey(*route, labels));
        Found& one = found[id];
        one.route = route;
        one.members.alerts.push_back(&alert);
        GroupState& group = impl_->groups[id];
        group.receiver = id.first;
        group.key = id.second;
        group.labels = labels;
      }
    }
    impl_->last_sent = std::move(sent);
    for (auto& [id, group] : impl_->groups) {
      Found& one = found[id];
      std::ranges::sort(one.members.alerts, {}, &Alert::fingerprint);
      if (id.first.empty()) {  // Shown, and nobody is told.
        group.alerts.clear();
        for (const Alert* alert : one.members.alerts) group.alerts.push_back(alert->fingerprint);
        continue;
      }
      if (!impl_->receivers.contains(id.first)) continue;
      const GroupPolicy policy = impl_->PolicyOf(id.first, one.route);
      const size_t attempted = group.attempted.size();
      if (auto notification = FlushGroup(group, one.members, policy, now)) {
        due.push_back(*std::move(notification));
      }
      const bool attempts = group.attempted.size() > attempted;
      if (attempts || (impl_->set_back && IsLogged(group))) {
        events.push_back(EventOf(group, false));
      }
    }
    impl_->set_back = false;
    std::ranges::move(impl_->Forget(now), std::back_inserter(events));
  }
  impl_->Write(std::move(events));
  // The most urgent first.
  std::ranges::stable_sort(due, [](const Notification& a, const Notification& b) {
    return std::pair(a.firing(), a.severity()) > std::pair(b.firing(), b.severity());
  });
  return due;
}

void Dispatcher::Mark(std::vector<Alert>& alerts, UnixNanos now) const {
  MutexLock lock(&impl_->mutex);
  impl_->Mark(alerts, now);
}

void Dispatcher::Sent(const Notification& notification, bool ok, UnixNanos now) {
  MutexLock writing(&impl_->write_mutex);
  std::vector<StateEvent> events;
  {
    MutexLock lock(&impl_->mutex);
    now = std::max(now, impl_->last_now);  // Only ticks move time.
    impl_->recent.push_back(RecordOf(notification, ok));
    if (impl_->recent.size() > kRecentMax) impl_->recent.pop_front();
    const auto found = impl_->groups.find({notification.receiver, notification.group_key});
    if (found == impl_->groups.end()) return;
    GroupState& group = found->second;
    if (!group.sending || group.sending->notification.sequence != notification.sequence) return;
    const bool was_logged = ok || !group.attempted.empty();
    FinishSending(group, ok, now);
    if (ok) {
      for (const Alert& alert : notification.alerts) {
        impl_->last_sent[alert.fingerprint] = group.last.at;
      }
    }
    if (was_logged) events.push_back(EventOf(group, !IsLogged(group)));
  }
  impl_->Write(std::move(events));
}

UnixNanos Dispatcher::NextDue() const {
  MutexLock lock(&impl_->mutex);
  UnixNanos next = INT64_MAX;
  for (const auto& [id, group] : impl_->groups) {
    if (group.is_open && !group.sending) next = std::min(next, group.next_flush_at);
  }
  return next;
}

std::vector<AlertGroup> Dispatcher::Groups() const {
  MutexLock lock(&impl_->mutex);
  std::vector<AlertGroup> shown;
  for (const auto& [id, group] : impl_->groups) {
    if (group.alerts.empty() && group.told.empty()) continue;
    AlertGroup& one = shown.emplace_back();
    one.receiver = group.receiver;
    one.key = group.key;
    one.labels = group.labels;
    one.alerts = group.alerts;
    one.next_flush_at = group.is_open ? group.next_flush_at : 0;
    one.last_sent_at = group.last.at;
    one.sequence = group.last.sequence;
    one.failures = group.failures;
    one.sending = group.sending.has_value();
  }
  return shown;
}

std::vector<std::string> Dispatcher::ReceiversOf(const Labels& labels) const {
  std::vector<std::string> receivers;
  for (const Route* route : impl_->routes.Of(labels)) {
    const bool is_known = std::ranges::find(receivers, route->receiver) != receivers.end();
    if (!route->receiver.empty() && !is_known) receivers.push_back(route->receiver);
  }
  return receivers;
}

std::vector<NotificationRecord> Dispatcher::Recent(size_t limit) const {
  MutexLock lock(&impl_->mutex);
  std::vector<NotificationRecord> newest(impl_->recent.rbegin(), impl_->recent.rend());
  if (newest.size() > limit) newest.resize(limit);
  return newest;
}

}  // namespace pitot
