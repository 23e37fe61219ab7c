// alert/runbook/repetition.h
//
// Internal to alert/runbook/: does an agent run in circles? What the loop detectors (measure/loops.h) say of
// a run as it goes, told of one that is stored: which calls, how often, since when.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "alert/runbook/investigation.h"

namespace pitot {

// One tool call of a trace, in the order they began.
struct ToolStep {
  std::string tool;
  uint64_t key = 0;     // Of tool and arguments.
  uint64_t result = 0;  // Of what came back.
  bool failed = false;
  UnixNanos start_ns = 0;
};

struct Repetition {
  std::vector<std::string> tools;  // One: the same call; several: a cycle of calls.
  int64_t times = 0;               // In a row.
  bool same_result = false;        // Each time.
  bool failing = false;            // Each time.
  size_t begin = 0;                // Its first step.
  // Below this it may be chance or polling.
  static constexpr int64_t kWarn = 3;
  static constexpr int64_t kSure = 5;
};
// The longest repetition: of one call, or of a cycle of 2 to 5. Nothing under kWarn times. Pure.
std::optional<Repetition> FindRepetition(std::span<const ToolStep> steps);
// "search_web called 23 times in a row with the same arguments and the same result"
std::string RepetitionWords(const Repetition& repetition);

// A trace that did much within the time that is looked at.
struct BusyTrace {
  std::string trace_id;  // Hex.
  std::string feature;
  std::string user;
  int64_t model_calls = 0;
  int64_t tool_calls = 0;
  double cost_usd = 0;
  UnixNanos first = 0;
  UnixNanos last = 0;
  bool named = false;  // By the alert.
  std::optional<Repetition> repetition;
  UnixNanos repeats_since = 0;
};
// Those that cost most, those that call most tools, and those the alert names; with what they repeat.
absl::StatusOr<std::vector<BusyTrace>> ReadBusyTraces(const Investigation& run);

}  // namespace pitot
