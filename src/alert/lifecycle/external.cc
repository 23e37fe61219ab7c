#include <algorithm>

#include "alert/lifecycle/impl.h"
#include "alert/lifecycle/lifecycle.h"
#include "base/status.h"

namespace pitot {
namespace {

bool IsLabelName(std::string_view name) {
  const auto is_start = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (name.empty() || !is_start(name[0])) return false;
  return std::ranges::all_of(name, [&](char c) { return is_start(c) || (c >= '0' && c <= '9'); });
}

absl::Status Check(const ReceivedAlert& received, const Labels& labels) {
  if (labels.empty()) return InvalidArgument("an alert needs at least one label with a value");
  for (const auto& [name, value] : labels) {
    if (!IsLabelName(name)) {
      return InvalidArgument(
          "label name \"{}\" must be letters, digits and _, and not begin with a digit", name);
    }
  }
  if (received.starts_at != 0 && received.ends_at != 0 && received.ends_at < received.starts_at) {
    return InvalidArgument("alert {} ends before it starts",
                           FingerprintText(FingerprintOf(labels)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Lifecycle::Impl::ReceiveOne(const ReceivedAlert& received, UnixNanos now) {
  Labels labels;
  for (const auto& [name, value] : received.labels) {
    if (!value.empty()) labels[name] = value;
  }
  RETURN_IF_ERROR(Check(received, labels));
  const uint64_t fingerprint = FingerprintOf(labels);
  AlertTrack* track = Find(fingerprint);
  if (track != nullptr && !track->alert.rule_id.empty()) {
    return InvalidArgument("alert {} is one of rule {} and cannot be set from outside",
                           FingerprintText(fingerprint), track->alert.rule_id);
  }
  const UnixNanos ends_at =
      received.ends_at == 0 ? now + options.resolve_timeout_ns : received.ends_at;
  const bool is_over = ends_at <= now;
  if (track == nullptr) {
    if (is_over) return absl::OkStatus();  // Nobody has heard of it.
    // Of no rule; its series is itself, as its severity is what its sender says.
    track = Add(RuleSpec(), "", std::move(labels), fingerprint);
    if (track == nullptr) {
      return Error(absl::StatusCode::kResourceExhausted,
                   "there are {} alerts (limits.alerts): alert {} is not taken", options.alerts_max,
                   FingerprintText(fingerprint));
    }
  }
  Alert& alert = track->alert;
  alert.ends_at = ends_at;
  alert.last_seen_at = now;
  track->evaluated_at = track->heard_at = now;
  if (!received.generator_url.empty()) alert.generator_url = received.generator_url;
  const bool is_new = alert.active_at == 0;
  const bool was_active = !is_new && IsActive(alert.state);
  if (is_over) {
    if (was_active) Move(*track, AlertState::kResolved, now);
    return absl::OkStatus();
  }
  if (alert.annotations != received.annotations) {
    alert.annotations = received.annotations;
    track->changed = true;
  }
  alert.last_breach_at = now;
  const UnixNanos starts_at = received.starts_at == 0 ? now : std::min(received.starts_at, now);
  if (was_active) {
    alert.active_at = std::min(alert.active_at, starts_at);
  } else {
    Start(*track, is_new ? kNoAlert : std::optional(AlertState::kResolved), AlertState::kFiring,
          starts_at, now);
  }
  return absl::OkStatus();
}

}  // namespace pitot
