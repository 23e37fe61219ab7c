// alert/alert.h
//
// What every part of alerting speaks of: labels, an alert, a notification. Plain values.
//
// Identity. An alert is its labels: their fingerprint (measure/fingerprint.h, as Prometheus computes
// it) is its name everywhere. What changes while it lasts (a value, a trace id, words of an error) is
// never a label but an annotation, or it would be a new alert each time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace pitot {

// Name -> value; no value is empty: a label that is not there and an empty one are the same.
using Labels = std::map<std::string, std::string, std::less<>>;
using Annotations = std::map<std::string, std::string, std::less<>>;

// Labels that every alert of ours has. `project` is missing on alerts about Pitot itself.
inline constexpr std::string_view kAlertNameLabel = "alertname";
inline constexpr std::string_view kSeverityLabel = "severity";
inline constexpr std::string_view kProjectLabel = "project";

// How loudly. `page` wakes somebody; `ticket` is for working hours.
enum class AlertSeverity : uint8_t { kInfo, kTicket, kWarning, kPage, kEnd };
inline constexpr std::array<std::string_view, static_cast<size_t>(AlertSeverity::kEnd)>
    kSeverityNames = {"info", "ticket", "warning", "page"};
inline std::string_view Name(AlertSeverity v) { return kSeverityNames[static_cast<size_t>(v)]; }

enum class AlertState : uint8_t {
  kPending,     // Breaching, for less than `for`.
  kFiring,      // Breaching.
  kKeepFiring,  // No longer breaching, and held for keep_firing_for.
  kNoData,      // Was firing or held, and cannot be measured now: held as it is.
  kResolved,    // Over; kept for kResolvedRetention so that receivers hear of it.
  kEnd,
};
inline constexpr std::array<std::string_view, static_cast<size_t>(AlertState::kEnd)>
    kAlertStateNames = {"pending", "firing", "keep_firing", "no_data", "resolved"};
inline std::string_view Name(AlertState v) { return kAlertStateNames[static_cast<size_t>(v)]; }
// Firing to those who are told: firing, held, or not measurable.
inline bool IsActive(AlertState v) {
  return v == AlertState::kFiring || v == AlertState::kKeepFiring || v == AlertState::kNoData;
}

struct Acknowledgement {
  std::string by;
  UnixNanos at = 0;
  UnixNanos until = 0;  // 0: until it resolves.
  std::string comment;
  bool operator==(const Acknowledgement&) const = default;
};

struct Alert {
  uint64_t fingerprint = 0;
  std::string rule_id;  // Empty: received from outside (POST /api/v2/alerts).
  Labels labels;        // alertname, severity and project among them.
  Annotations annotations;
  AlertState state = AlertState::kPending;
  std::optional<double> value;
  std::optional<double> threshold;
  std::string unit;         // "ms", "usd", "ratio", "x", "": of value and threshold.
  UnixNanos active_at = 0;  // Since when it breaches.
  UnixNanos fired_at = 0;   // 0: never yet.
  UnixNanos last_breach_at = 0;
  UnixNanos last_seen_at = 0;  // The last evaluation that measured it.
  UnixNanos resolved_at = 0;   // 0: it is not.
  UnixNanos ends_at = 0;  // Of alerts from outside: when they resolve unless repeated. 0: ours.
  UnixNanos last_sent_at = 0;  // Of the last notification it was part of.
  bool flapping = false;
  std::optional<Acknowledgement> ack;
  std::vector<std::string> silenced_by;         // Ids of silences.
  std::vector<uint64_t> inhibited_by;           // Fingerprints.
  int64_t occurrences = 0;                      // Times it fired within the last day.
  std::vector<std::string> exemplar_trace_ids;  // At most kExemplarsMax; hex.
  std::string runbook;                          // "latency", "errors", "cost" or empty.
  std::string generator_url;                    // Where a person sees more.

  std::string_view Label(std::string_view name) const;  // Empty when it has none.
  std::string_view AlertName() const { return Label(kAlertNameLabel); }
};

inline constexpr size_t kExemplarsMax = 5;
inline constexpr int64_t kResolvedRetentionNs = 15 * kNanosPerMinute;

// By its label; kInfo where that is none of ours.
AlertSeverity SeverityOf(const Alert& alert);

// "%016x"
std::string FingerprintText(uint64_t fingerprint);
uint64_t FingerprintOf(const Labels& labels);
// Nothing: not 16 hex digits.
std::optional<uint64_t> ParseFingerprint(std::string_view text);

// Why a notification is sent now; of the webhook's notification_reason.
enum class NotifyReason : uint8_t {
  kFirst,
  kNewAlerts,
  kResolvedSome,
  kAllResolved,
  kRepeat,
  kFlapping,
  kEnd
};
inline constexpr std::array<std::string_view, static_cast<size_t>(NotifyReason::kEnd)>
    kNotifyReasonNames = {"first",        "new_alerts", "resolved_some",
                          "all_resolved", "repeat",     "flapping"};
inline std::string_view Name(NotifyReason v) { return kNotifyReasonNames[static_cast<size_t>(v)]; }

// What one receiver is told of one group.
struct Notification {
  std::string receiver;
  std::string group_key;  // `{ROUTE}:{a="b", c="d"}`: stable over the life of the group.
  Labels group_labels;
  NotifyReason reason = NotifyReason::kFirst;
  std::vector<Alert> alerts;  // Firing ones first, each by fingerprint.
  uint64_t alerts_left_out = 0;
  UnixNanos at = 0;
  uint64_t sequence = 0;  // Of this group and receiver, from 1.

  bool firing() const;             // Whether any of its alerts does.
  AlertSeverity severity() const;  // The highest of those that fire, else of all.
};

}  // namespace pitot
