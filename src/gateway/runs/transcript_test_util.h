// gateway/runs/transcript_test_util.h
//
// Plays what an agent does to Runs, as requests and answers in a provider's own words. A transcript is
// a list of events, each an object:
//
//   {"user": "text", "after_ms": 20000}     a person speaks, so long after what came before
//   {"say": "text", "calls": [{"tool": "read", "args": {}, "result": "x", "error": true}],
//    "cost_usd": 0.01, "input": 1000}        a model call, its answer, and what its tools gave
//   {"fail": 2}                              the next model call fails so often; the SDK tries again
//   {"pause": "text"}                        a model call that the provider interrupts (pause_turn)
//   {"compact": "summary"}                   the history is replaced
//   {"clear_results": true}                  old results in the history are replaced
//   {"agent": "id", "parent": "id", "events": []}  a sub-agent, with a history of its own
//   {"repeat": 5, "events": []}              "$i" in any text within is 0, 1, ...
//   {"idle_s": 1900}
//   {"resume": true}                         an operator lets the run go on
//
// A stopped agent does nothing until a person speaks.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/runs/client_shape_test_util.h"
#include "gateway/runs/runs.h"
#include "wire/api.h"

namespace pitot::testing {

struct TranscriptPlayer {
  WireApi api = WireApi::kAnthropicMessages;
  ClientStyle style = ClientStyle::kVerbatim;
  RunOptions options;
  RunCaller caller;  // Of the outermost agent.

  // {"traces", "steps", "tools", "agents", "findings": ["3:L1 warn"], "blocked": [5]}; steps are of the
  // run of each call.
  boost::json::object Play(const boost::json::array& events);

  // Of the last Play.
  std::vector<RunCall> calls;
};

}  // namespace pitot::testing
