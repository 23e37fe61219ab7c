// tests/bench/ingest/agent_load.h
//
// Conversations of agents that resend their whole history on each model call, as OTLP trace
// requests: what the store must not keep a copy of each time.
//
// A conversation is one trace: a root, and per turn one model call (system prompt, tool definitions
// and all messages so far as its input; its answer calls one to three tools) with one span a tool
// call. Sizes are those of a coding agent: 6 KB of system prompt, 14 tools in 12 KB of definitions,
// answers of 0.1 to 0.7 KB, tool results of mostly 0.2 to 2 KB, one in 12 of 4 to 12 KB. Prompt and
// tools are the same in all conversations. Conversations run side by side: a request holds one turn
// of one of them.
//
// The same options give the same bytes.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/ingest/prose.h"

namespace pitot {

struct AgentLoadOptions {
  uint64_t conversations = 1;
  uint64_t turns = 1;  // Model calls in each.
  uint64_t seed = 1;
  uint64_t base_unix_s = 0;  // Start of the first span.
};

class AgentLoad {
 public:
  explicit AgentLoad(const AgentLoadOptions& options);

  // The next request's body; empty once all conversations ended.
  std::string NextRequest();

  uint64_t spans() const { return spans_; }  // Of the requests made so far.

 private:
  struct Conversation {
    std::string trace_id;
    std::string root_id;
    std::string session;
    std::string user;
    std::string history;  // Messages as JSON, separated by commas.
    uint64_t history_tokens = 0;
    uint64_t start_ns = 0;
    uint64_t time_ns = 0;
  };
  struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments;
    std::string result;
  };

  void Start(Conversation& conversation);
  std::string Turn(Conversation& conversation, bool last);
  std::string CallSpan(Conversation& conversation, const std::string& answer,
                       const std::string& finish);
  std::string ToolSpan(Conversation& conversation, const ToolCall& call,
                       const std::string& parent_id);
  std::string RootSpan(const Conversation& conversation);
  std::string NewSpan(const Conversation& conversation, const std::string& id,
                      const std::string& parent_id, const std::string& name, uint64_t kind,
                      uint64_t start_ns, uint64_t end_ns);
  std::vector<ToolCall> ToolCalls();
  std::string RandomBytes(size_t bytes);
  uint64_t Between(uint64_t low, uint64_t high) { return low + random_() % (high - low + 1); }

  const AgentLoadOptions options_;
  const Prose prose_;
  std::mt19937_64 random_;
  std::string resource_;
  std::string system_;
  std::string tools_;
  std::vector<std::string> tool_names_;
  std::vector<Conversation> conversations_;
  uint64_t turn_ = 0;
  size_t next_ = 0;  // Conversation of turn_.
  uint64_t spans_ = 0;
};

}  // namespace pitot
