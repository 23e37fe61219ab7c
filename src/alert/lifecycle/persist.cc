// What survives a restart. Of each alert that fires, is held or is resolved there is a record, written
// when its state changes. Pending ones, which come and go, stand in one record together, written at
// most once an evaluation; it also says when the last evaluation was, which is what a restart took.
#include <boost/json.hpp>

#include "alert/lifecycle/alert_json.h"
#include "alert/lifecycle/impl.h"
#include "base/log.h"
#include "base/status.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr std::string_view kAlertKind = "alert";
constexpr std::string_view kPendingKind = "alert_pending";
constexpr std::string_view kIntervalKind = "alert_interval";
constexpr std::string_view kPendingId = "all";
constexpr size_t kPendingMax = 1000;
// While something waits for time to pass. Below LifecycleOptions::gap_max_ns.
constexpr int64_t kTimersEveryNs = 2 * kNanosPerMinute;

StateEvent Event(std::string_view kind, std::string id, const json::object& body, bool is_deleted) {
  StateEvent event;
  event.kind = kind;
  event.id = std::move(id);
  event.body = is_deleted ? "{}" : json::serialize(body);
  event.is_deleted = is_deleted;
  return event;
}

json::object TrackJson(const AlertTrack& track, UnixNanos at) {
  json::object object = AlertJson(track.alert);
  object["since"] = track.since;
  object["lower_since"] = track.lower_since;
  object["interval"] = track.interval_ns;
  object["keep_firing"] = track.keep_firing_ns;
  object["added"] = TextsJson(track.added);
  object["at"] = at;
  return object;
}

absl::StatusOr<AlertTrack> ParseTrack(const json::object& object) {
  AlertTrack track;
  ASSIGN_OR_RETURN(track.alert, ParseAlertJson(object));
  track.since = IntegerOf(object, "since");
  track.lower_since = IntegerOf(object, "lower_since");
  track.interval_ns = IntegerOf(object, "interval");
  track.keep_firing_ns = IntegerOf(object, "keep_firing");
  track.added = ParseTexts(object, "added");
  track.evaluated_at = IntegerOf(object, "at");
  Labels series = track.alert.labels;
  if (!track.alert.rule_id.empty()) series.erase(std::string(kSeverityLabel));
  track.series = FingerprintOf(series);
  return track;
}

bool IsWaiting(AlertState state) {
  return state == AlertState::kPending || state == AlertState::kKeepFiring ||
         state == AlertState::kNoData;
}

}  // namespace

StateEvent Lifecycle::Impl::EventOf(const AlertTrack& track) const {
  return Event(kAlertKind, FingerprintText(track.alert.fingerprint), TrackJson(track, last_now),
               false);
}

std::optional<StateEvent> Lifecycle::Impl::TakeTimers() {
  bool waiting = false;
  json::array pending;
  for (const auto& [fingerprint, track] : tracks) {
    waiting |= IsWaiting(track.alert.state);
    if (track.alert.state == AlertState::kPending && pending.size() < kPendingMax) {
      pending.push_back(TrackJson(track, last_now));
    }
  }
  if (!pending_changed && !(waiting && last_now - timers_written_at >= kTimersEveryNs)) {
    return std::nullopt;
  }
  pending_changed = false;
  timers_written_at = last_now;
  return Event(kPendingKind, std::string(kPendingId),
               {{"at", last_now}, {"pending", std::move(pending)}}, false);
}

std::vector<StateEvent> Lifecycle::Impl::TakeEvents(bool with_timers) {
  std::vector<StateEvent> events;
  for (auto& [fingerprint, track] : tracks) {
    if (!track.changed || track.alert.state == AlertState::kPending) continue;
    events.push_back(EventOf(track));
    track.changed = false;
    recorded.insert(fingerprint);
  }
  for (const uint64_t fingerprint : removed) {
    events.push_back(Event(kAlertKind, FingerprintText(fingerprint), {}, true));
    recorded.erase(fingerprint);
  }
  removed.clear();
  for (const auto& [fingerprint, body] : activity.TakeChanged()) {
    events.push_back(Event(kIntervalKind, FingerprintText(fingerprint), body, body.empty()));
  }
  if (with_timers) {
    if (std::optional<StateEvent> timers = TakeTimers()) events.push_back(*std::move(timers));
  }
  return events;
}

void Lifecycle::Impl::TakeBack(const StateEvent& event) {
  if (event.kind == kPendingKind) {
    pending_changed = true;
    return;
  }
  const std::optional<uint64_t> fingerprint = ParseFingerprint(event.id);
  if (event.kind == kIntervalKind) {
    activity.ChangeAgain(*fingerprint);
  } else if (AlertTrack* track = Find(*fingerprint)) {
    track->changed = true;
  } else {
    removed.insert(*fingerprint);
  }
}

void Lifecycle::Impl::Persist(bool with_timers) {
  std::vector<StateEvent> events;
  {
    MutexLock lock(&mutex);
    events = TakeEvents(with_timers);
  }
  if (state == nullptr) return;
  for (size_t i = 0; i < events.size(); ++i) {
    const absl::Status status = state->Append(events[i]).status();
    if (status.ok()) {
      if (std::exchange(write_failed, false)) LogInfo("alerts: their state is written again");
      continue;
    }
    if (!std::exchange(write_failed, true)) {
      LogError("alerts: {}: what changes is in memory only until it can be written",
               Message(status));
    }
    MutexLock lock(&mutex);
    for (; i < events.size(); ++i) TakeBack(events[i]);
    return;
  }
}

void Lifecycle::Impl::RestoreTrack(const json::object& object) {
  absl::StatusOr<AlertTrack> track = ParseTrack(object);
  if (!track.ok()) {
    LogError("alerts: {}: it is left out", Message(track.status()));
    return;
  }
  AlertTrack& known = tracks[track->alert.fingerprint];
  if (track->alert.state == AlertState::kPending && known.alert.fingerprint != 0) {
    // The list of pending ones may be older than the record of one that fires since.
    if (known.alert.state != AlertState::kResolved) return;
    track->before = known.alert;
  }
  known = *std::move(track);
}

UnixNanos Lifecycle::Impl::ReadState() {
  UnixNanos latest = 0;
  // What cannot be read is left out: an alert fires again, and everything else works.
  const auto read = [](const StateEvent& event) -> std::optional<json::object> {
    absl::StatusOr<json::object> object =
        ParseStateBody(fmt::format("{} {}", event.kind, event.id), event.body);
    if (object.ok()) return *std::move(object);
    LogError("alerts: {}: it is left out", Message(object.status()));
    return std::nullopt;
  };
  for (const StateEvent& event : state->Latest(kAlertKind)) {
    const std::optional<json::object> object = read(event);
    if (!object) continue;
    RestoreTrack(*object);
    latest = std::max(latest, IntegerOf(*object, "at"));
    if (const auto fingerprint = ParseFingerprint(event.id)) recorded.insert(*fingerprint);
  }
  if (const auto event = state->Find(kPendingKind, kPendingId); event && !event->is_deleted) {
    const json::object object = read(*event).value_or(json::object());
    latest = std::max(latest, IntegerOf(object, "at"));
    const json::value* pending = object.if_contains("pending");
    if (pending != nullptr && pending->is_array()) {
      for (const json::value& one : pending->get_array()) {
        if (one.is_object()) RestoreTrack(one.get_object());
      }
    }
  }
  for (const StateEvent& event : state->Latest(kIntervalKind)) {
    const std::optional<json::object> object = read(event);
    const std::optional<uint64_t> fingerprint = ParseFingerprint(event.id);
    if (object && fingerprint) activity.Restore(*fingerprint, *object);
  }
  return latest;
}

void Lifecycle::Impl::Restore(UnixNanos now) {
  if (state == nullptr) return;
  const UnixNanos latest = ReadState();
  absl::flat_hash_set<uint64_t> active;
  for (auto& [fingerprint, track] : tracks) {
    const Alert& alert = track.alert;
    track.evaluated_at = latest;
    // An older one, resolved with another severity, is not what its series is at.
    if (alert.state != AlertState::kResolved || !current.contains(track.series)) {
      current[track.series] = fingerprint;
    }
    const std::string_view project =
        alert.rule_id.empty() ? std::string_view() : alert.Label(kProjectLabel);
    rules[{alert.rule_id, std::string(project)}].alerts.insert(fingerprint);
    if (alert.state != AlertState::kResolved) {
      active.insert(fingerprint);
      activity.Begin(alert, alert.active_at);
    }
  }
  activity.EndOthers(active, latest);
  last_now = now;
  // The clock was set back while nobody was looking.
  if (latest > now) MoveBack(latest - now);
  for (auto& [fingerprint, track] : tracks) {
    track.heard_at = now;
    if (track.alert.state == AlertState::kNoData) track.since = now;
    if (track.alert.rule_id.empty()) {
      track.alert.ends_at = std::max(track.alert.ends_at, now + options.resolve_timeout_ns);
    }
  }
}

absl::Status Lifecycle::Ack(uint64_t fingerprint, Acknowledgement ack) {
  MutexLock writing(&impl_->write_mutex);
  StateEvent event;
  std::optional<Acknowledgement> before;
  {
    MutexLock lock(&impl_->mutex);
    AlertTrack* track = impl_->Find(fingerprint);
    if (track == nullptr) {
      return Error(absl::StatusCode::kNotFound, "there is no alert {}",
                   FingerprintText(fingerprint));
    }
    if (!IsActive(track->alert.state)) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "alert {} is {}: only one that fires can be acknowledged",
                   FingerprintText(fingerprint), Name(track->alert.state));
    }
    if (ack.until != 0 && ack.until <= ack.at) {
      return InvalidArgument("the acknowledgement of alert {} would end before it begins",
                             FingerprintText(fingerprint));
    }
    before = std::exchange(track->alert.ack, std::move(ack));
    event = impl_->EventOf(*track);
    impl_->recorded.insert(fingerprint);
  }
  if (impl_->state == nullptr) return absl::OkStatus();
  absl::Status status = impl_->state->Append(std::move(event)).status();
  if (!status.ok()) {
    MutexLock lock(&impl_->mutex);
    if (AlertTrack* track = impl_->Find(fingerprint)) track->alert.ack = std::move(before);
  }
  return status;
}

absl::Status Lifecycle::Unack(uint64_t fingerprint, UnixNanos now) {
  MutexLock writing(&impl_->write_mutex);
  {
    MutexLock lock(&impl_->mutex);
    AlertTrack* track = impl_->Find(fingerprint);
    const bool is_acked = track != nullptr && track->alert.ack &&
                          (track->alert.ack->until == 0 || now < track->alert.ack->until);
    if (!is_acked) {
      return Error(absl::StatusCode::kNotFound, "there is no acknowledged alert {}",
                   FingerprintText(fingerprint));
    }
    track->alert.ack.reset();
    track->changed = true;
  }
  impl_->Persist(false);
  return absl::OkStatus();
}

}  // namespace pitot
