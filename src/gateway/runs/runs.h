// gateway/runs/runs.h
//
// Which run a call belongs to, what its agent did since its last call, and whether it runs in circles.
//
// A run is a trace. It is found by, in this order:
//   1. traceparent: that trace, below that span;
//   2. the id of a run (x-claude-code-session-id): one trace a session, a tree of agents by their ids;
//   3. the response id that the request continues (previous_response_id);
//   4. the messages: a request that begins with a conversation that was seen here, answer included,
//      continues it. Compared by what the messages say: clients write them anew, move cache marks, and
//      turn a text into a block;
//   5. the ids of tool calls that wait for their results: the history above may have been rewritten.
// Conversations are looked for within project, key, user and session only. A request without history is
// a new run unless an SDK says that it tries again. A run idle for RunOptions::idle is over.
//
// Tool calls are those that an answer made and whose results a later request of the same conversation
// brings: each once, however often history is resent. History of a conversation that was not seen
// before counts for the detectors, not as tool calls: they were made elsewhere, or before a restart.
//
// Thread-safe. Nothing is kept of messages but hashes. Cost: a hash of each message's bytes; those seen
// before are not read again.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "measure/loops.h"
#include "model/ids.h"
#include "model/money.h"
#include "wire/api.h"
#include "wire/request.h"
#include "wire/response.h"

namespace pitot {

enum class LoopMode : uint8_t {
  kOff,      // Runs and tool calls are found, detectors do not run.
  kObserve,  // Findings only.
  kEnforce,  // The next call of an agent that loops is refused.
};

struct RunOptions {
  LoopMode mode = LoopMode::kObserve;
  LoopOptions loops;

  // Runs remembered. Above it the one idle for longest is forgotten. About 0.5 KB each and 50 bytes a
  // tool call.
  int64_t runs_max = 100'000;
  // Conversations of one run (sub-agents, side questions) remembered.
  int64_t conversations_max = 256;
  int64_t idle_ns = 30 * kNanosPerMinute;
  // A message that comes sooner after an answer is the program's, not a person's: it does not let an
  // agent that loops start anew.
  int64_t person_ns = kNanosPerSecond;

  // What a run of this feature costs at the 99th percentile (L7), and how many tokens a model takes in
  // (L9; 0: unknown). Called on I/O threads: must be quick. May be empty.
  std::function<std::optional<NanoUsd>(std::string_view project, std::string_view feature)>
      spend_p99;
  std::function<int64_t(std::string_view model)> context_tokens;

  uint64_t seed = 0;  // Of new ids. 0: random.

  absl::Status Validate() const;
};

// Who calls, as the request's headers, key and body say. Views need to live until Begin returns.
struct RunCaller {
  std::string_view project;
  std::string_view key;  // Its id.
  TraceId trace_id;      // Of traceparent; absent: none.
  SpanId parent_span_id;
  std::string_view run_id;  // x-claude-code-session-id: calls with the same id are one run.
  std::string_view session;
  std::string_view user;
  std::string_view feature;
  std::string_view agent;            // Name.
  std::string_view agent_id;         // x-claude-code-agent-id; empty: the outermost agent.
  std::string_view parent_agent_id;  // x-claude-code-parent-agent-id.
  int64_t depth = 0;            // That the caller says, of baggage; the tree's own may be more.
  int64_t sdk_retry_count = 0;  // x-stainless-retry-count.
};

// A tool call that an earlier answer made and whose result came with this request.
struct SeenTool {
  SpanId span_id;  // Of trace and call id: the same however often it is seen.
  SpanId parent;   // The agent's, or the caller's.
  std::string call_id;
  std::string name;
  std::string arguments;  // As the model wrote them.
  std::string result;
  bool is_error = false;
  UnixNanos start_ns = 0;  // The answer's end.
  UnixNanos end_ns =
      0;  // This request's start: later than the tool's own end by what the agent did.
};

// An agent above a call. `opened`: this is its first call, announce it. Its span ends with the last
// call below it: write it again at the end of each, from start_ns on.
struct RunAgent {
  SpanId span_id;
  SpanId parent_span_id;
  std::string name;  // Of the span.
  std::string agent;
  std::string agent_id;
  UnixNanos start_ns = 0;
  bool opened = false;
};

struct RunCall {
  TraceId trace_id;
  SpanId span_id;         // Of this call.
  SpanId parent_span_id;  // Absent: none, the call is the root.
  bool new_trace = false;
  bool retry = false;  // The same step again, as the client's SDK does after an error.
  std::string session;
  std::string agent;
  std::string agent_id;
  int64_t depth = 0;
  int64_t step = 0;  // Of the run's model calls, from 1.
  std::vector<SeenTool> tools;
  std::vector<RunAgent> agents;  // Outermost first. Empty below a traceparent.
  std::vector<LoopFinding> findings;
  std::optional<LoopFinding> blocked;  // Refuse the call; one of `findings`. In kEnforce only.

  // For End.
  WireApi api = WireApi::kOther;
  uint64_t run = 0;
  uint64_t conversation = 0;
  uint64_t serial = 0;
  uint64_t chain[2] = {};
};

class Runs {
 public:
  explicit Runs(RunOptions options);
  ~Runs();

  // Before the call goes out. `request` read with want_messages (without, no conversation is found).
  RunCall Begin(const RunCaller& caller, WireApi api, const WireRequest& request, UnixNanos now);

  // Once for each Begin, also when the call was refused or failed (an empty result then). `cost`:
  // nullopt when unknown.
  void End(const RunCall& call, const WireResult& result, std::optional<NanoUsd> cost,
           UnixNanos now);

  // An operator lets a stopped run go on: its counts start anew. False: no such run is remembered.
  bool Resume(const TraceId& trace);

  struct Totals {
    int64_t runs = 0;
    int64_t conversations = 0;
    int64_t bytes = 0;                     // About.
    int64_t findings[kDetectors][2] = {};  // Since the start, by detector and LoopLevel.
    int64_t blocked = 0;
  };
  Totals totals() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
