// gateway/runs/run_book.h
//
// The runs that are remembered, and the conversations in them, found by what requests begin with.
// Thread-safety: none; Runs guards it.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/container/inlined_vector.h>
#include <absl/functional/function_ref.h>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/runs/message_hash.h"
#include "gateway/runs/turns.h"
#include "measure/loops.h"
#include "model/ids.h"
#include "model/money.h"

namespace pitot {

struct RunState;

// One agent's line of messages.
struct Conversation {
  uint64_t id = 0;
  RunState* run = nullptr;
  uint64_t serial = 0;  // Of its last call: a late end of an earlier one changes nothing.
  uint64_t scope = 0;   // Project and key, for ids that providers give.

  ChainLink request;        // What the last call sent.
  uint64_t tip = 0;         // With the answer to it; 0: unknown.
  uint64_t tip_before = 0;  // That the last call continued: a branch of it is the same run.
  bool in_flight = false;
  bool paused = false;  // The provider stopped in the middle and is to be called again.
  UnixNanos last_ns = 0;
  int64_t step = 0;      // Of its last call.
  bool counted = false;  // As a step: not when it was refused.

  uint64_t said = 0;
  std::vector<PendingCall> pending;
  uint64_t response = 0;                   // Its key among the responses.
  bool continued = false;                  // A request has brought what came of its last answer.
  std::unique_ptr<LoopDetector> detector;  // From the second step on.
};

struct AgentState {
  std::string id;  // Empty: the outermost.
  std::string name;
  SpanId span_id;
  size_t parent = 0;  // Index; the first one's is itself.
  int64_t depth = 0;
  int64_t children = 0;  // Since a person last spoke.
  UnixNanos start_ns = 0;
  bool announced = false;
};

struct RunState {
  uint64_t id = 0;
  TraceId trace;
  uint64_t key = 0;          // Of a trace or run id that the caller gave; 0: none.
  bool given_trace = false;  // The caller's: it has spans of its own above the calls.
  UnixNanos last_ns = 0;
  int64_t steps = 0;          // Model calls.
  int64_t counted_steps = 0;  // Since an operator let it go on; so is what was spent.
  NanoUsd spent;
  NanoUsd spent_turn;
  RunWarned warned;
  std::vector<AgentState> agents;                            // The outermost first.
  int64_t fan_out = 0;                                       // The most children.
  std::vector<std::unique_ptr<Conversation>> conversations;  // Oldest first.
  absl::flat_hash_set<uint64_t> tools;                       // That were given out.
  std::list<RunState*>::iterator place;

  // A person spoke, or an operator let it go on.
  void StartTurn() {
    spent_turn = {};
    warned = {};
    fan_out = 0;
    for (AgentState& agent : agents) agent.children = 0;
  }
};

class RunBook {
 public:
  RunBook(int64_t runs_max, int64_t conversations_max, int64_t idle_ns)
      : runs_max_(runs_max), conversations_max_(conversations_max), idle_ns_(idle_ns) {}

  RunState& Add(const TraceId& trace, uint64_t key, UnixNanos now);
  RunState* Find(uint64_t id);
  RunState* FindByKey(uint64_t key, UnixNanos now);
  // Every run of that trace, in whatever project.
  std::vector<RunState*> FindByTrace(const TraceId& trace);
  void Touch(RunState& run, UnixNanos now);
  // Forgets what is idle for too long, a bounded number of runs.
  void Expire(UnixNanos now);

  Conversation& AddConversation(RunState& run, uint64_t scope);
  static Conversation* FindConversation(RunState& run, uint64_t id);

  // How a request's chain continues something known.
  struct Match {
    Conversation* conversation = nullptr;
    size_t at = 0;  // Messages that were known.
    bool answered =
        false;           // They end with the answer; else with a request whose answer is not known.
    bool again = false;  // The request is the conversation's last once more.
    bool branch = false;  // Something else has continued it already.
  };
  // The longest one; `links` of the whole request. Null conversation: none. `retry`: the client says
  // that it sent this before; without that, only a request with history that failed is the same again.
  Match Find(std::span<const ChainLink> links, bool has_history, bool retry, UnixNanos now);

  Conversation* FindResponse(uint64_t key, UnixNanos now);
  Conversation* FindPending(uint64_t key, UnixNanos now);

  // The conversation's last call now sends `request`, from `tip_before` (0: from nothing) on.
  void SetRequest(Conversation& conversation, const ChainLink& request, uint64_t tip_before);
  void SetAnswer(Conversation& conversation, uint64_t tip, uint64_t response,
                 std::vector<PendingCall> pending);

  int64_t runs() const { return static_cast<int64_t>(runs_.size()); }
  int64_t conversations() const { return conversations_; }
  int64_t Bytes() const;

 private:
  using Candidates = absl::InlinedVector<Conversation*, 1>;
  // All runs together may have so many conversations, and bytes of arguments that wait, for each run
  // that is remembered: most have one and none.
  static constexpr int64_t kConversationsPerRun = 2;
  static constexpr int64_t kPendingBytesPerRun = 512;
  // Conversations alike to the last word (a probe, a load test) are told apart no further.
  static constexpr size_t kCandidatesMax = 8;

  static uint64_t RequestKey(uint64_t hash);
  bool Over(const RunState& run, UnixNanos now) const;
  Conversation* Best(uint64_t key, UnixNanos now, absl::FunctionRef<int(const Conversation&)> rank);
  Conversation* Alive(Conversation* conversation, UnixNanos now);
  void Index(uint64_t key, Conversation* conversation);
  void Unindex(uint64_t key, Conversation* conversation);
  void DropPending(Conversation& conversation);
  void Forget(Conversation& conversation);
  void Remove(RunState& run);

  const int64_t runs_max_;
  const int64_t conversations_max_;
  const int64_t idle_ns_;
  uint64_t next_id_ = 1;
  int64_t conversations_ = 0;
  int64_t pending_bytes_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<RunState>> runs_;
  absl::flat_hash_map<uint64_t, RunState*> by_key_;
  absl::flat_hash_map<uint64_t, Candidates> index_;
  absl::flat_hash_map<uint64_t, Conversation*> responses_;
  absl::flat_hash_map<uint64_t, Conversation*> pending_;
  std::list<RunState*> by_age_;  // Idle for longest first.
};

}  // namespace pitot
