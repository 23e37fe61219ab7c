#include "alert/lifecycle/lifecycle.h"

#include <algorithm>

#include "alert/lifecycle/impl.h"
#include "base/log.h"
#include "base/status.h"

namespace pitot {
namespace {

// A clock that is corrected by less waits until it has caught up.
constexpr int64_t kSetBackNs = kNanosPerSecond;

}  // namespace

UnixNanos Lifecycle::Impl::TimeOf(UnixNanos now) {
  if (now < last_now - kSetBackNs) {
    MoveBack(last_now - now);
    last_now = now;
  }
  last_now = std::max(last_now, now);
  return last_now;
}

void Lifecycle::Impl::MoveBack(int64_t by_ns) {
  for (auto& [fingerprint, track] : tracks) {
    Alert& alert = track.alert;
    for (UnixNanos* moment : {&alert.active_at, &alert.fired_at, &alert.last_breach_at,
                              &alert.last_seen_at, &alert.resolved_at, &alert.ends_at, &track.since,
                              &track.evaluated_at, &track.heard_at, &track.lower_since}) {
      if (*moment != 0) *moment -= by_ns;
    }
    track.changed = true;  // All that is written is of one clock.
    if (alert.ack) alert.ack->at -= by_ns;
    if (track.before) track.before->resolved_at -= by_ns;
  }
  for (auto& [key, rule] : rules) {
    for (SuppressedReading& reading : rule.suppressed) reading.since -= by_ns;
  }
  activity.MoveBack(by_ns);
  activity.ChangeAll();
  pending_changed = true;
  timers_written_at -= by_ns;
  if (advanced_at != 0) advanced_at -= by_ns;
}

AlertTrack* Lifecycle::Impl::Find(uint64_t fingerprint) {
  const auto found = tracks.find(fingerprint);
  return found == tracks.end() ? nullptr : &found->second;
}

Alert Lifecycle::Impl::Shown(const AlertTrack& track) const {
  Alert alert = track.alert;
  for (const auto& [name, text] : track.added) alert.annotations[name] = text;
  alert.occurrences = activity.Occurrences(alert.fingerprint, last_now - kNanosPerDay);
  return alert;
}

void Lifecycle::Impl::Remember(const AlertTrack& track, std::optional<AlertState> from,
                               std::optional<AlertState> to, UnixNanos now) {
  if (transitions.size() >= options.alerts_max) transitions.pop_front();
  transitions.push_back({track.alert.fingerprint, track.alert.labels, from, to, now});
}

AlertTrack* Lifecycle::Impl::Add(const RuleSpec& rule, std::string_view project, Labels labels,
                                 uint64_t series) {
  const uint64_t fingerprint = FingerprintOf(labels);
  if (tracks.size() >= options.alerts_max && !tracks.contains(fingerprint)) {
    ++not_followed;
    if (!std::exchange(limit_said, true)) {
      LogWarning(
          "alerts: {} at a time (limits.alerts): further series that breach are not followed, the "
          "first is of rule {}: group it by fewer fields",
          options.alerts_max, rule.id);
    }
    return nullptr;
  }
  AlertTrack& track = tracks[fingerprint];
  track = {};
  track.series = series;
  track.alert.fingerprint = fingerprint;
  track.alert.rule_id = rule.id;
  track.alert.labels = std::move(labels);
  if (!options.external_url.empty()) {
    track.alert.generator_url =
        fmt::format("{}/alerts/{}", options.external_url, FingerprintText(fingerprint));
  }
  removed.erase(fingerprint);
  current[series] = fingerprint;
  rules[{rule.id, std::string(project)}].alerts.insert(fingerprint);
  return &track;
}

void Lifecycle::Impl::Remove(uint64_t fingerprint) {
  const auto found = tracks.find(fingerprint);
  if (found == tracks.end()) return;
  const AlertTrack& track = found->second;
  const auto now_current = current.find(track.series);
  if (now_current != current.end() && now_current->second == fingerprint) {
    current.erase(now_current);
  }
  for (auto at = rules.lower_bound({track.alert.rule_id, ""});
       at != rules.end() && at->first.first == track.alert.rule_id; ++at) {
    at->second.alerts.erase(fingerprint);
  }
  if (recorded.contains(fingerprint)) removed.insert(fingerprint);
  tracks.erase(found);
  if (tracks.size() < options.alerts_max) limit_said = false;
}

void Lifecycle::Impl::Move(AlertTrack& track, std::optional<AlertState> to, UnixNanos now) {
  Alert& alert = track.alert;
  const AlertState from = alert.state;
  const bool was_active = IsActive(from);
  const bool is_shown_on =
      !to && track.before && now - track.before->resolved_at < kResolvedRetentionNs;
  if (is_shown_on) to = AlertState::kResolved;
  if (to == from) return;
  Remember(track, from, to, now);
  pending_changed |= from == AlertState::kPending;
  if (!to || *to == AlertState::kResolved) activity.End(alert.fingerprint, now);
  if (!to) {
    Remove(alert.fingerprint);
    return;
  }
  alert.state = *to;
  track.since = now;
  track.changed = true;
  if (is_shown_on) {
    alert = *std::exchange(track.before, std::nullopt);
  } else if (alert.state == AlertState::kResolved) {
    alert.resolved_at = now;
    alert.ack.reset();
  } else if (alert.state == AlertState::kFiring && !was_active) {
    alert.fired_at = now;
    activity.Fired(alert.fingerprint, now);
    track.before.reset();
  }
}

void Lifecycle::Impl::Resolve(AlertTrack& track, std::string_view why, UnixNanos now) {
  if (IsActive(track.alert.state)) {
    track.alert.annotations[std::string(kResolvedReasonAnnotation)] = why;
    Move(track, AlertState::kResolved, now);
  } else if (track.alert.state == AlertState::kPending) {
    Move(track, kNoAlert, now);
  }
}

Lifecycle::Lifecycle(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Lifecycle::~Lifecycle() = default;

absl::StatusOr<std::unique_ptr<Lifecycle>> Lifecycle::Open(StateLog* state,
                                                           LifecycleOptions options,
                                                           UnixNanos now) {
  auto impl = std::make_unique<Impl>(state, std::move(options), now);
  {
    MutexLock lock(&impl->mutex);
    impl->Restore(now);
  }
  return std::unique_ptr<Lifecycle>(new Lifecycle(std::move(impl)));
}

void Lifecycle::RetainRules(const std::vector<std::string>& rule_ids, UnixNanos now) {
  MutexLock writing(&impl_->write_mutex);
  {
    MutexLock lock(&impl_->mutex);
    now = impl_->TimeOf(now);
    std::vector<uint64_t> orphans;
    for (const auto& [fingerprint, track] : impl_->tracks) {
      const std::string& rule = track.alert.rule_id;
      if (!rule.empty() && std::ranges::find(rule_ids, rule) == rule_ids.end()) {
        orphans.push_back(fingerprint);
      }
    }
    for (const uint64_t fingerprint : orphans) {
      impl_->Resolve(*impl_->Find(fingerprint), "its rule has left the configuration", now);
    }
    std::erase_if(impl_->rules, [&](const auto& rule) {
      return rule.second.alerts.empty() &&
             std::ranges::find(rule_ids, rule.first.first) == rule_ids.end();
    });
  }
  impl_->Persist(false);
}

std::vector<Alert> Lifecycle::Alerts() const {
  MutexLock lock(&impl_->mutex);
  std::vector<Alert> alerts;
  alerts.reserve(impl_->tracks.size());
  for (const auto& [fingerprint, track] : impl_->tracks) alerts.push_back(impl_->Shown(track));
  return alerts;
}

std::optional<Alert> Lifecycle::Find(uint64_t fingerprint) const {
  MutexLock lock(&impl_->mutex);
  const AlertTrack* track = impl_->Find(fingerprint);
  if (track == nullptr) return std::nullopt;
  return impl_->Shown(*track);
}

void Lifecycle::Annotate(uint64_t fingerprint, const Annotations& annotations) {
  MutexLock writing(&impl_->write_mutex);
  {
    MutexLock lock(&impl_->mutex);
    AlertTrack* track = impl_->Find(fingerprint);
    if (track == nullptr) return;
    for (const auto& [name, text] : annotations) track->added[name] = text;
    track->changed = true;
  }
  impl_->Persist(false);
}

std::vector<SuppressedReading> Lifecycle::Suppressed() const {
  MutexLock lock(&impl_->mutex);
  std::vector<SuppressedReading> all;
  for (const auto& [key, rule] : impl_->rules) {
    all.insert(all.end(), rule.suppressed.begin(), rule.suppressed.end());
  }
  return all;
}

std::vector<AlertTransition> Lifecycle::TakeTransitions() {
  MutexLock lock(&impl_->mutex);
  std::vector<AlertTransition> taken(impl_->transitions.begin(), impl_->transitions.end());
  impl_->transitions.clear();
  return taken;
}

uint64_t Lifecycle::not_followed() const {
  MutexLock lock(&impl_->mutex);
  return impl_->not_followed;
}

std::vector<ActiveInterval> Lifecycle::Active(std::string_view rule_id, const Labels& labels,
                                              UnixNanos since) const {
  MutexLock lock(&impl_->mutex);
  return impl_->activity.Active(rule_id, labels, since);
}

absl::Status Lifecycle::Receive(const std::vector<ReceivedAlert>& alerts, UnixNanos now) {
  MutexLock writing(&impl_->write_mutex);
  absl::Status first;
  {
    MutexLock lock(&impl_->mutex);
    now = std::max(now, impl_->last_now);
    for (const ReceivedAlert& alert : alerts) {
      const absl::Status status = impl_->ReceiveOne(alert, now);
      if (first.ok()) first = status;
    }
  }
  impl_->Persist(false);
  return first;
}

}  // namespace pitot
