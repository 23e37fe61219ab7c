// alert/runbook/actions.h
//
// What a runbook offers to do, and whoever carries it out. An action is bounded (it ends by itself),
// reversible, and confined to what offends: these are data, so that they can be shown before they are
// done, and logged after.
//
// Plain values and an interface. The server implements Actuator over the gateway's overrides, budgets
// and keys; without a gateway there is none, and runbooks only suggest.
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace pitot {

enum class ActionKind : uint8_t {
  kAdvice,        // Nothing that Pitot does itself: roll a prompt back, open a ticket.
  kReroute,       // A share of new runs' calls goes to another model.
  kTimeout,       // A shorter deadline for calls.
  kCap,           // The most one call may cost, or write.
  kThrottle,      // The most calls a minute.
  kBlockTrace,    // A run gets no further model calls.
  kDisableScope,  // A feature, user or model gets no further model calls.
  kDisableKey,    // A key gets no further model calls.
  kBreaker,  // A model's circuit breaker is held open: calls go to the fallbacks, or fail at once.
  kEnd,
};
inline constexpr std::array<std::string_view, static_cast<size_t>(ActionKind::kEnd)>
    kActionKindNames = {"advice",      "reroute",       "timeout",     "cap",    "throttle",
                        "block_trace", "disable_scope", "disable_key", "breaker"};
inline std::string_view Name(ActionKind v) { return kActionKindNames[static_cast<size_t>(v)]; }

enum class ActionMode : uint8_t {
  kSuggest,  // A person does it.
  kConfirm,  // Pitot does it when a person says so.
  kAuto,     // Pitot does it.
  kEnd,
};
inline constexpr std::array<std::string_view, static_cast<size_t>(ActionMode::kEnd)>
    kActionModeNames = {"suggest", "confirm", "auto"};
inline std::string_view Name(ActionMode v) { return kActionModeNames[static_cast<size_t>(v)]; }

enum class ActionState : uint8_t {
  kOffered,
  kActive,
  kReverted,  // By a person, or by its guard.
  kExpired,   // Its time is over, and it was undone; or nobody took the offer.
  kFailed,    // It could not be done: `result` says why.
  kEnd,
};
inline constexpr std::array<std::string_view, static_cast<size_t>(ActionState::kEnd)>
    kActionStateNames = {"offered", "active", "reverted", "expired", "failed"};
inline std::string_view Name(ActionState v) { return kActionStateNames[static_cast<size_t>(v)]; }

// Which calls it concerns: those that have all that is not empty. Exact values, no globs.
struct ActionTarget {
  std::string project;
  std::string upstream;  // Of the gateway; a provider's name where spans say no more.
  std::string model;
  std::string feature;
  std::string user;
  std::string key;       // An id or a name.
  std::string trace_id;  // Hex.

  bool operator==(const ActionTarget&) const = default;
};

// What of its kind. 0 and empty: not said.
struct ActionSettings {
  std::string to_upstream;      // kReroute; empty: the same.
  std::string to_model;         // kReroute
  double share = 0;             // kReroute: of new runs, up to 1.
  int64_t timeout_ns = 0;       // kTimeout: everything together, retries included.
  int64_t output_tokens = 0;    // kCap: the most a call may ask for.
  double request_usd = 0;       // kCap: the most a call may cost.
  double calls_per_minute = 0;  // kThrottle

  bool operator==(const ActionSettings&) const = default;
};

struct Action {
  std::string id;  // Of what it does and to whom: offered again, it is the same.
  ActionKind kind = ActionKind::kAdvice;
  ActionMode mode = ActionMode::kSuggest;  // The most that this step and the configuration allow.
  ActionTarget target;
  ActionSettings settings;
  int64_t ttl_ns = 30 * kNanosPerMinute;  // Then it is undone.
  std::string words;                      // What it does, one sentence.
  std::string guard;                      // When it is undone before its time, in words.
  std::string rollback;                   // How it is undone, in words.

  // Where it comes from.
  std::string runbook;
  std::string step;
  uint64_t alert = 0;  // Fingerprint; 0: run by hand.

  // What became of it.
  ActionState state = ActionState::kOffered;
  UnixNanos offered_at = 0;
  UnixNanos applied_at = 0;
  UnixNanos expires_at = 0;  // Active: when it is undone.
  UnixNanos changed_at = 0;  // Of its last change: also of a share.
  UnixNanos ended_at = 0;
  std::string actor;  // Who confirmed or reverted; "pitot": by itself.
  std::string before;
  std::string after;
  std::string result;
};

// Whether Pitot can do it at all.
inline bool IsDoable(ActionKind kind) { return kind != ActionKind::kAdvice; }

struct ActionEffect {
  std::string before;  // In words, for the log: "no cap".
  std::string after;   // "at most 0.50 USD a call".
};

// Thread-safe; does not block for long.
class Actuator {
 public:
  virtual ~Actuator() = default;
  // Does it, until action.expires_at. Again with the same id: replaces what was done before (another
  // share, or after a restart). kInvalidArgument: it cannot be done here; the message says why.
  virtual absl::StatusOr<ActionEffect> Apply(const Action& action, UnixNanos now) = 0;
  // Undoes it. What is not (any more) in force is no error.
  virtual absl::Status Revert(const Action& action, UnixNanos now) = 0;
};

}  // namespace pitot
