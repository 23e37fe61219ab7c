// gateway/outage/plan.h
//
// Where a call may go, in which order: one of several equal targets, chosen by how fast they have
// been, then the others, then the fallbacks as configured. Targets whose breaker is open are passed
// over.
// Choice among equals: two are drawn at random and the one with the lower ProviderHealth::Score is
// taken ("power of two choices"), so that load spreads and nobody is starved by one slow answer; one
// call in 32 takes a target at random, so that a recovered one is noticed.
// Thread-safety: a FallbackPlan is const after construction; a PlanWalk belongs to one call.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/outage/health.h"

namespace pitot {

struct PlanTarget {
  std::string upstream;
  std::string model;  // Empty: the one that the request names.
  bool operator==(const PlanTarget&) const = default;
};

struct FallbackPlan {
  std::vector<PlanTarget>
      equal;  // At least one: the call's own upstream when nothing is configured.
  std::vector<PlanTarget> fallback;  // In order.

  // All targets, as a budget must bound them.
  std::vector<PlanTarget> Targets() const;
  // No empty names, no target twice, at most 16.
  absl::Status Validate() const;
};

// One call's way through its plan.
class PlanWalk {
 public:
  // Borrowed; both must outlive the walk.
  PlanWalk(const FallbackPlan& plan, ProviderHealth& health, std::string_view request_model,
           bool streamed);

  struct Pick {
    const PlanTarget* target = nullptr;
    std::string_view model;     // The target's, else the request's. Valid as long as the walk.
    bool fallback = false;      // Not the first target tried: the answer is to be marked.
    ProviderHealth::Call call;  // To be ended with the attempt's outcome.
  };
  // The next target whose breaker lets the call through. None: the plan is exhausted.
  std::optional<Pick> Next(UnixNanos now, uint64_t random);

  // Why the last pick did not answer, for the message: "HTTP 529 overloaded_error".
  void Failed(std::string_view why);

  // What became of every target: `anthropic/claude-x: HTTP 529 overloaded_error; openai/gpt-y:
  // breaker open for another 12 s`.
  std::string Why(UnixNanos now) const;
  // The earliest time at which a breaker lets a call through; 0: none was open.
  UnixNanos retry_at() const { return retry_at_; }
  // Every target was passed over: nothing was asked.
  bool all_open() const { return picked_ == 0; }

 private:
  struct Step {
    const PlanTarget* target;
    std::string why;
    UnixNanos open_until = 0;
  };
  std::string_view ModelOf(const PlanTarget& target) const;
  size_t ChooseEqual(UnixNanos now, uint64_t random) const;

  const FallbackPlan& plan_;
  ProviderHealth& health_;
  const std::string request_model_;
  const bool streamed_;
  std::vector<const PlanTarget*> equal_;  // Not yet asked.
  size_t next_fallback_ = 0;
  size_t picked_ = 0;
  std::vector<Step> steps_;
  UnixNanos retry_at_ = 0;
};

}  // namespace pitot
