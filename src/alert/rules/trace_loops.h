// alert/rules/trace_loops.h
//
// The steps of a trace as spans tell them, given to the loop detectors (measure/loops.h). What the
// gateway reads out of messages, a trace of OpenTelemetry says with its tool spans: which tool, with
// which arguments, with which result. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "measure/loops.h"

namespace pitot {

// A model call or a tool call of one trace.
struct TraceStep {
  bool is_tool = false;
  std::string agent;  // Each has a line of steps of its own.
  UnixNanos start_ns = 0;
  UnixNanos end_ns = 0;
  std::string tool;
  // Of tools: '=' and the text, or anything else that stands for it (a hash).
  std::string arguments;
  std::string result;
  bool is_error = false;
};

// What holds at the end of the trace so far and is strong enough to stop an agent: the finding with the
// largest count. `steps` in any order. Tool calls that overlap in time are siblings; without a model call
// in between, one that begins after another ended is a step of its own.
std::optional<LoopFinding> FindLoop(std::vector<TraceStep> steps, const LoopOptions& options,
                                    const LoopHashes& hashes);

}  // namespace pitot
