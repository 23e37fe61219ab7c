// gateway/runs/run_locator.h
//
// Which run and which conversation a call belongs to, and what of its request is new.
// Thread-safety: none; Runs guards it.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "base/clock.h"
#include "gateway/runs/message_hash.h"
#include "gateway/runs/run_book.h"
#include "gateway/runs/runs.h"
#include "gateway/runs/turns.h"
#include "wire/request.h"

namespace pitot {

// Where a call's run and conversation are looked for.
struct RunScope {
  uint64_t key = 0;       // Project and key: ids that providers give.
  uint64_t run = 0;       // The run that the caller names; 0: none.
  uint64_t response = 0;  // That the request continues; 0: none.
  ChainLink start;        // Of the conversation's chain.
};

// What was found, for the work outside the lock.
struct RunPlan {
  RunState* run = nullptr;  // Valid while the lock is held only, as is `conversation`.
  Conversation* conversation = nullptr;
  bool goes_on = false;         // The conversation was known: its detector too.
  bool again = false;           // The same step once more: nothing is new.
  bool branch = false;          // Of a known conversation.
  bool paused = false;          // It goes on where the provider stopped.
  bool has_last = false;        // The answer before the messages is `pending` and `said`.
  size_t from = 0;              // Turns are read from here on.
  size_t give_from = SIZE_MAX;  // Turns from here on bring tool calls.
  UnixNanos last_ns = 0;        // When the answer before was complete.
  uint64_t said = 0;
  std::vector<PendingCall> pending;
};

class RunLocator {
 public:
  RunLocator(const RunOptions& options, uint64_t seed)
      : random_(seed), book_(options.runs_max, options.conversations_max, options.idle_ns) {}

  static RunScope Scope(const RunCaller& caller, const WireRequest& request, uint64_t seed);
  // Key of an id that a provider gave to a tool call or a response.
  static uint64_t IdKey(uint64_t key_scope, std::string_view id);
  // Whether an id of a tool call tells it from others: short ones are used over and over.
  static bool Tells(std::string_view call_id);

  // Fills in the ids of `call`, the agents above it, and makes what is not there yet. Empty
  // `messages`: the call is no part of a conversation. `links`: their chain.
  RunPlan Locate(const RunCaller& caller, const RunScope& scope,
                 std::span<const WireMessage> messages, std::span<const ChainLink> links,
                 UnixNanos now, RunCall& call);

  RunBook& book() { return book_; }
  const RunBook& book() const { return book_; }

 private:
  RunBook::Match Match(const RunCaller& caller, const RunScope& scope,
                       std::span<const WireMessage> messages, std::span<const ChainLink> links,
                       UnixNanos now);
  RunState& RunOf(const RunCaller& caller, const RunScope& scope, const RunBook::Match& match,
                  UnixNanos now, RunCall& call);
  void Continue(const RunScope& scope, const RunBook::Match& match,
                std::span<const WireMessage> messages, std::span<const ChainLink> links,
                RunPlan& plan);
  void PlaceCall(const RunCaller& caller, RunState& run, UnixNanos now, RunCall& call);
  TraceId NewTrace();
  SpanId NewSpan();

  std::mt19937_64 random_;
  RunBook book_;
};

// Of a trace and what a span stands for: the same in every process.
SpanId DerivedSpan(const TraceId& trace, std::string_view kind, std::string_view name,
                   uint64_t place = 0);

}  // namespace pitot
