// gateway/overrides.h
//
// What an operator, or a runbook, changes for a while: calls that match are sent elsewhere, held to a
// shorter deadline or a cap, slowed down, or refused. Each ends by itself. Not persistent: whoever puts
// them remembers them (alert/runbook/action_book.h puts them again after a restart).
//
// A reroute takes whole runs: whether one is taken is decided at its first model call, by a hash of its
// trace id, and stays so until the run has been idle for kRunIdleNs, also when the override ends.
// Runs of which the first call was not seen here are left alone.
//
// Thread-safe. For() takes well under a microsecond when there is none, a few with a hundred.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "gateway/outage/plan.h"
#include "model/ids.h"
#include "model/money.h"

namespace pitot {

struct Override {
  std::string id;

  // Calls that have all of these; empty: any. Exact, no globs.
  std::string project;
  std::string upstream;  // Its name, or its provider's as spans have it.
  std::string model;     // That the request names.
  std::string feature;
  std::string user;
  std::string key;       // Id or name.
  std::string trace_id;  // Hex.

  // At least one of these.
  std::optional<PlanTarget> reroute;  // An empty upstream: the call's own.
  double share = 1;                   // Of runs that `reroute` takes.
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<int64_t>
      output_tokens;                 // A call that asks for more, or for no limit, gets this one.
  std::optional<NanoUsd> call_cost;  // Calls that may cost more are refused.
  std::optional<double> calls_per_minute;  // Calls beyond are refused, for a while.
  bool block = false;                      // Calls are refused.

  std::string reason;   // For the caller: why, and until when. One or two sentences.
  UnixNanos until = 0;  // Exclusive.
};

// One call, as overrides see it.
struct OverrideCall {
  std::string_view project;
  std::string_view upstream;
  std::string_view provider;
  std::string_view model;
  std::string_view feature;
  std::string_view user;
  std::string_view key_id;
  std::string_view key_name;
  TraceId trace;
  bool first_of_run = false;  // The run's first model call.
};

struct OverrideEffect {
  std::vector<std::string> ids;       // Of what changed the call.
  std::optional<PlanTarget> reroute;  // With its upstream.
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<int64_t> output_tokens;
  std::optional<NanoUsd> call_cost;
  std::string call_cost_reason;
  struct Stop {
    std::string id;
    std::string reason;
    std::optional<std::chrono::milliseconds>
        retry_after;  // Set: too many calls, not forbidden ones.
  };
  std::optional<Stop> stop;
  bool any() const { return !ids.empty(); }
};

class GatewayOverrides {
 public:
  static constexpr size_t kMax = 1'000;
  static constexpr size_t kRunsMax = 100'000;  // Rerouted runs that are remembered.
  static constexpr int64_t kRunIdleNs = 30 * kNanosPerMinute;

  // Adds it, or replaces the one of the same id. kInvalidArgument: it changes nothing, concerns every
  // call of everybody, or a figure is out of range. kResourceExhausted: kMax.
  absl::Status Put(Override given, UnixNanos now);
  // False: there is none of that id.
  bool Remove(std::string_view id);
  std::vector<Override> List(UnixNanos now) const;

  // What holds for a call. The smallest of several limits; the first of several reroutes.
  OverrideEffect For(const OverrideCall& call, UnixNanos now);

 private:
  struct Entry {
    Override spec;
    double tokens = 0;  // Of calls_per_minute: calls that may go now.
    UnixNanos filled_at = 0;
  };
  struct Run {
    PlanTarget to;
    std::string id;
    UnixNanos last_ns = 0;
  };

  static bool Matches(const Override& spec, const OverrideCall& call);
  void Expire(UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Reroute(const OverrideCall& call, UnixNanos now, OverrideEffect& out)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static bool Take(Entry& entry, UnixNanos now, std::chrono::milliseconds& wait);

  std::atomic<bool> idle_{true};  // Neither entries nor rerouted runs.
  mutable Mutex mutex_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // In the order they were put.
  absl::flat_hash_map<std::string, Run> runs_ ABSL_GUARDED_BY(mutex_);  // By trace id.
  UnixNanos swept_at_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace pitot
