#include <algorithm>
#include <cmath>

#include "alert/lifecycle/impl.h"
#include "alert/lifecycle/lifecycle.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr size_t kSuppressedMax = 1000;
// An alert that no evaluation reached for so long, while others were: of a project that is not looked
// at any more, or a rule that is not evaluated.
constexpr int64_t kUnheardNs = 10 * kNanosPerMinute;

// The more telling of two readings of one series comes last.
int RankOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kBreach:
      return 5;
    case Verdict::kSuppressed:
      return 4;
    case Verdict::kHold:
      return 3;
    case Verdict::kNoData:
      return 2;
    case Verdict::kLearning:
      return 1;
    case Verdict::kOk:
    case Verdict::kEnd:
      break;
  }
  return 0;
}

AlertSeverity SeverityOf(const RuleSpec& rule, const Reading& reading) {
  return reading.severity.value_or(rule.severity);
}

// Without severity.
Labels LabelsOf(const RuleSpec& rule, std::string_view project, const Reading& reading) {
  Labels labels;
  for (const auto& [name, value] : reading.labels) {
    if (!value.empty()) labels[name] = value;
  }
  labels.erase(std::string(kSeverityLabel));
  labels[std::string(kAlertNameLabel)] = rule.alertname;
  if (!project.empty()) labels[std::string(kProjectLabel)] = project;
  return labels;
}

Labels WithSeverityLabel(Labels labels, AlertSeverity severity) {
  labels[std::string(kSeverityLabel)] = Name(severity);
  return labels;
}

// One reading a series: of several the one that says most.
std::map<uint64_t, const Reading*> BySeries(const RuleSpec& rule, std::string_view project,
                                            const std::vector<Reading>& readings) {
  std::map<uint64_t, const Reading*> chosen;
  const auto order = [&](const Reading& reading) {
    return std::pair(RankOf(reading.verdict), SeverityOf(rule, reading));
  };
  for (const Reading& reading : readings) {
    const Reading*& one = chosen[FingerprintOf(LabelsOf(rule, project, reading))];
    if (one == nullptr || order(*one) < order(reading)) one = &reading;
  }
  return chosen;
}

void TakeMeasurement(Alert& alert, const RuleSpec& rule, const Reading& reading, UnixNanos now) {
  alert.unit = rule.unit;
  alert.runbook = reading.runbook.empty() ? rule.runbook : reading.runbook;
  if (reading.verdict == Verdict::kNoData) return;
  alert.last_seen_at = now;
  if (reading.value && std::isfinite(*reading.value)) alert.value = reading.value;
  alert.threshold = reading.threshold.value_or(rule.threshold);
  if (reading.verdict != Verdict::kBreach) return;
  alert.last_breach_at = now;
  if (!reading.annotations.empty()) alert.annotations = reading.annotations;
  if (!reading.exemplar_trace_ids.empty()) {
    alert.exemplar_trace_ids = reading.exemplar_trace_ids;
    if (alert.exemplar_trace_ids.size() > kExemplarsMax) {
      alert.exemplar_trace_ids.resize(kExemplarsMax);
    }
  }
}

}  // namespace

void Lifecycle::Impl::Start(AlertTrack& track, std::optional<AlertState> from, AlertState to,
                            UnixNanos active_at, UnixNanos now) {
  Alert& alert = track.alert;
  alert.resolved_at = 0;
  alert.fired_at = 0;
  alert.active_at = active_at;
  alert.state = to;
  track.since = active_at;
  activity.Begin(alert, now);
  Remember(track, from, to, now);
  if (to == AlertState::kPending) {
    pending_changed = true;
    return;
  }
  const int changes = activity.Changes(alert.fingerprint, now - options.flap_window_ns) + 1;
  alert.flapping = changes >= options.flap_changes;
  alert.fired_at = now;
  activity.Fired(alert.fingerprint, now);
  track.before.reset();
  track.since = now;
  track.changed = true;
}

AlertTrack* Lifecycle::Impl::WithSeverity(AlertTrack& track, const RuleSpec& rule,
                                          std::string_view project, const Reading& reading,
                                          UnixNanos now) {
  const AlertSeverity wanted = SeverityOf(rule, reading);
  const AlertSeverity has = SeverityOf(track.alert);
  if (wanted == has) {
    track.lower_since = 0;
    return &track;
  }
  const bool active = IsActive(track.alert.state);
  if (active && wanted < has) {
    if (track.lower_since == 0) track.lower_since = now;
    if (now - track.lower_since < options.severity_hold_ns) return &track;
  }
  Labels labels = WithSeverityLabel(track.alert.labels, wanted);
  const AlertTrack* earlier = Find(FingerprintOf(labels));
  const std::optional<AlertState> from =
      earlier == nullptr ? kNoAlert : std::optional(earlier->alert.state);
  AlertTrack* next = Add(rule, project, std::move(labels), track.series);
  if (next == nullptr) return &track;
  const Alert old = track.alert;
  next->evaluated_at = next->heard_at = track.evaluated_at;
  next->keep_firing_ns = track.keep_firing_ns;
  if (old.state == AlertState::kResolved) return next;  // Begins anew, which the caller does.
  const UnixNanos since = track.since;
  Start(*next, from, active ? AlertState::kFiring : AlertState::kPending, old.active_at, now);
  next->alert.flapping = old.flapping;
  if (!active) next->since = since;
  if (wanted < has) next->alert.ack = old.ack;
  next->added = track.added;
  next->alert.annotations = old.annotations;
  next->alert.exemplar_trace_ids = old.exemplar_trace_ids;
  activity.HandOn(old.fingerprint, next->alert.fingerprint, now);
  Resolve(track, fmt::format("it goes on with severity {}", Name(wanted)), now);
  return next;
}

void Lifecycle::Impl::Step(AlertTrack& track, const RuleSpec& rule, const Reading& reading,
                           UnixNanos now) {
  Alert& alert = track.alert;
  const int64_t gap = now - track.evaluated_at;
  track.evaluated_at = track.heard_at = now;
  track.interval_ns = rule.interval_ns;
  track.keep_firing_ns = rule.keep_firing_ns;
  const bool not_measured =
      alert.state == AlertState::kPending && reading.verdict == Verdict::kNoData;
  if (not_measured || gap > std::max(options.gap_max_ns, 2 * rule.interval_ns)) track.since += gap;
  TakeMeasurement(alert, rule, reading, now);
  // What has stood for as long as is looked back does not flap any more.
  if (alert.flapping && activity.Changes(alert.fingerprint, now - options.flap_window_ns) == 0) {
    alert.flapping = false;
    track.changed = true;
  }

  LifecycleTiming timing{rule.for_ns, rule.keep_firing_ns, options.no_data_hold_ns};
  const auto next_state = [&] {
    if (alert.flapping) {
      timing.keep_firing_ns = std::max(timing.keep_firing_ns, options.flap_keep_firing_ns);
    }
    return NextState(alert.state, now - track.since, reading.verdict, reading.urgent, timing);
  };
  std::optional<AlertState> next = next_state();
  const bool changes_state = (next == AlertState::kFiring && !IsActive(alert.state)) ||
                             (next == AlertState::kResolved && IsActive(alert.state));
  if (changes_state && !alert.flapping) {
    const int changes = activity.Changes(alert.fingerprint, now - options.flap_window_ns) + 1;
    alert.flapping = changes >= options.flap_changes;
    if (alert.flapping) {
      track.changed = true;
      next = next_state();
    }
  }
  if (next == AlertState::kResolved && alert.state == AlertState::kNoData &&
      reading.verdict != Verdict::kOk) {
    Resolve(track,
            fmt::format("it could not be measured for {}", FormatDuration(options.no_data_hold_ns)),
            now);
    return;
  }
  Move(track, next, now);
}

uint64_t Lifecycle::Impl::ApplyReading(const RuleSpec& rule, std::string_view project,
                                       const Reading& reading, UnixNanos now) {
  Labels labels = LabelsOf(rule, project, reading);
  const uint64_t series = FingerprintOf(labels);
  const auto known = current.find(series);
  AlertTrack* track = known == current.end() ? nullptr : Find(known->second);
  const bool breach = reading.verdict == Verdict::kBreach;
  // Labels of a rule that are an alert's from outside: the rule's measurement counts.
  if (track != nullptr && track->alert.rule_id != rule.id) track = nullptr;
  if (track == nullptr) {
    if (!breach) return 0;
    labels = WithSeverityLabel(std::move(labels), SeverityOf(rule, reading));
    track = Add(rule, project, std::move(labels), series);
    if (track == nullptr) return 0;
  } else if (breach) {
    track = WithSeverity(*track, rule, project, reading, now);
  }
  const bool is_new = track->alert.active_at == 0;
  if (!is_new && track->alert.state != AlertState::kResolved) {
    const uint64_t fingerprint = track->alert.fingerprint;
    Step(*track, rule, reading, now);
    return fingerprint;
  }
  if (!breach) return track->alert.fingerprint;
  const std::optional<AlertState> from = is_new ? kNoAlert : std::optional(track->alert.state);
  if (!is_new) track->before = track->alert;
  track->evaluated_at = track->heard_at = now;
  track->interval_ns = rule.interval_ns;
  track->keep_firing_ns = rule.keep_firing_ns;
  track->lower_since = 0;
  track->added.clear();
  track->alert.flapping = false;
  track->alert.annotations.clear();
  track->alert.exemplar_trace_ids.clear();
  TakeMeasurement(track->alert, rule, reading, now);
  const bool at_once = reading.urgent || rule.for_ns <= 0;
  Start(*track, from, at_once ? AlertState::kFiring : AlertState::kPending, now, now);
  return track->alert.fingerprint;
}

void Lifecycle::Impl::ApplyReadings(const RuleSpec& rule, std::string_view project,
                                    const std::vector<Reading>& readings, UnixNanos now) {
  RuleState& state = rules[{rule.id, std::string(project)}];
  state.errors = 0;
  measured |= !rule.system;
  std::map<Labels, UnixNanos> known_since;
  for (SuppressedReading& one : state.suppressed) known_since[std::move(one.labels)] = one.since;
  state.suppressed.clear();
  absl::flat_hash_set<uint64_t> mentioned;
  for (const auto& [series, reading] : BySeries(rule, project, readings)) {
    mentioned.insert(ApplyReading(rule, project, *reading, now));
    const bool silent = reading->verdict == Verdict::kSuppressed ||
                        reading->verdict == Verdict::kLearning ||
                        reading->verdict == Verdict::kNoData;
    if (!silent || state.suppressed.size() >= kSuppressedMax) continue;
    SuppressedReading& shown = state.suppressed.emplace_back();
    shown.rule_id = rule.id;
    shown.labels = WithSeverityLabel(LabelsOf(rule, project, *reading), SeverityOf(rule, *reading));
    shown.verdict = reading->verdict;
    shown.value = reading->value;
    shown.threshold = reading->threshold.value_or(rule.threshold);
    shown.unit = rule.unit;
    shown.reason = reading->reason;
    const auto since = known_since.find(shown.labels);
    shown.since = since == known_since.end() ? now : since->second;
  }
  Reading absent;
  absent.verdict = rule.absent_is_no_data ? Verdict::kNoData : Verdict::kOk;
  const std::set<uint64_t> alerts = state.alerts;
  for (const uint64_t fingerprint : alerts) {
    AlertTrack* track = Find(fingerprint);
    if (track == nullptr || mentioned.contains(fingerprint) ||
        track->alert.state == AlertState::kResolved) {
      continue;
    }
    Step(*track, rule, absent, now);
  }
}

void Lifecycle::Impl::ApplyError(const RuleKey& key, UnixNanos now) {
  RuleState& state = rules[key];
  ++state.errors;
  for (const uint64_t fingerprint : state.alerts) {
    AlertTrack& track = *Find(fingerprint);
    const int64_t gap = now - track.evaluated_at;
    track.evaluated_at = track.heard_at = now;
    // Nothing is measured: whatever waits goes on waiting, and no hold runs out.
    if (!IsActive(track.alert.state)) {
      if (track.alert.state == AlertState::kPending) track.since += gap;
    } else if (track.alert.state != AlertState::kNoData &&
               state.errors >= options.errors_until_no_data) {
      Move(track, AlertState::kNoData, now);
    } else {
      track.since += gap;
    }
  }
}

void Lifecycle::Apply(const RuleSpec& rule, std::string_view project,
                      const absl::StatusOr<std::vector<Reading>>& readings, UnixNanos now) {
  MutexLock writing(&impl_->write_mutex);
  {
    MutexLock lock(&impl_->mutex);
    now = impl_->TimeOf(now);
    if (readings.ok()) {
      impl_->ApplyReadings(rule, project, *readings, now);
    } else {
      impl_->ApplyError({rule.id, std::string(project)}, now);
    }
  }
  impl_->Persist(false);
}

void Lifecycle::Impl::AdvanceTrack(AlertTrack& track, UnixNanos now) {
  Alert& alert = track.alert;
  if (alert.ack && alert.ack->until != 0 && alert.ack->until <= now) {
    alert.ack.reset();
    track.changed = true;
  }
  if (alert.state == AlertState::kResolved) {
    if (now - alert.resolved_at >= kResolvedRetentionNs) Move(track, kNoAlert, now);
    return;
  }
  if (alert.rule_id.empty()) {
    if (alert.ends_at <= now) Move(track, AlertState::kResolved, now);
    return;
  }
  if (!measured || now - track.heard_at <= kUnheardNs + 2 * track.interval_ns) return;
  if (alert.state == AlertState::kPending ||
      (alert.state == AlertState::kNoData && now - track.since >= options.no_data_hold_ns)) {
    Resolve(track, "it is not evaluated any more", now);
  } else if (alert.state != AlertState::kNoData) {
    Move(track, AlertState::kNoData, now);
  }
}

void Lifecycle::Advance(UnixNanos now) {
  MutexLock writing(&impl_->write_mutex);
  {
    MutexLock lock(&impl_->mutex);
    now = impl_->TimeOf(now);
    const int64_t gap = impl_->advanced_at == 0 ? 0 : now - impl_->advanced_at;
    impl_->advanced_at = now;
    std::vector<uint64_t> fingerprints;
    for (auto& [fingerprint, track] : impl_->tracks) {
      fingerprints.push_back(fingerprint);
      // While nobody looked (a suspended machine, a clock set forward), nobody could report either.
      const bool is_from_outside = track.alert.rule_id.empty() && track.alert.ends_at <= now;
      if (is_from_outside && gap > impl_->options.gap_max_ns) track.alert.ends_at += gap;
    }
    for (const uint64_t fingerprint : fingerprints) {
      impl_->AdvanceTrack(*impl_->Find(fingerprint), now);
    }
    impl_->measured = false;
    impl_->activity.Collect(now);
  }
  impl_->Persist(true);
}

}  // namespace pitot
