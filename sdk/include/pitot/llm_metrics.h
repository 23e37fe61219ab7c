// pitot/llm_metrics.h
//
// What one model call was: the figures that every span, ledger, latency tracker and report are made of.
// Filled by the observable clients; a program with a client of its own fills it itself and calls
// record_llm_call().
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "pitot/context.h"
#include "pitot/model/kinds.h"
#include "pitot/model/money.h"
#include "pitot/model/usage.h"
#include "pitot/tags.h"

namespace pitot {
inline namespace sdk {

class CostLedger;
class LatencyTracker;
class SloMonitor;
class Span;

struct LlmCallMetrics {
  std::string provider;  // "anthropic", "openai", or the name of a compatible one.
  std::string model_requested;
  std::string model;  // That answered, else that was asked for.
  std::string response_id;
  std::string service_tier;  // As the response reports it; empty: standard.
  Tags tags;

  // False: not known. Zero tokens is a report; what a client estimated of an answer that was cut off, or
  // that told nothing, counts too, with `estimated`.
  bool has_usage = false;
  Usage usage;  // Disjoint buckets: their sum is what is billed.
  // Unset: no price is known. By the catalogue at the call's end, or as the provider reported it.
  std::optional<NanoUsd> cost;
  // "anthropic/claude-sonnet-4-5 above 200000"; "reported": by the provider; empty: no price.
  std::string price_rule;
  bool estimated = false;  // Some of usage or price was assumed.
  // As the provider reported it, where one does. price_call() believes it before the catalogue, unless
  // it is 0 for a call with tokens, or over 100 times the catalogue's figure.
  std::optional<NanoUsd> cost_reported;

  std::chrono::nanoseconds duration{0};          // Of the call with its retries.
  std::optional<std::chrono::nanoseconds> ttft;  // To the first byte of content; streamed calls.
  bool streaming = false;
  // Output with reasoning / (duration - ttft) when streamed, ttft known and at least 50 ms remain; else
  // / duration. Nothing without output.
  std::optional<double> tokens_per_second;

  FinishReason finish = FinishReason::kNone;
  std::string finish_raw;
  int retries = 0;      // Attempts beyond the first.
  int http_status = 0;  // Of the last attempt; 0: no answer came.
  ErrorCategory error = ErrorCategory::kNone;
  std::string error_type;  // As the provider names it.
  std::string error_message;

  bool ok() const { return error == ErrorCategory::kNone; }
  // Cut off at max_tokens: almost always a bug of the caller's.
  bool cut_off() const { return finish == FinishReason::kLength; }
};

// Who is told of each call. Any may be null. Borrowed: they must outlive their use. One of each may
// serve any number of clients and threads.
struct Recorders {
  CostLedger* ledger = nullptr;
  LatencyTracker* latency = nullptr;
  SloMonitor* slo = nullptr;  // A call is good when ok(); callers' own errors are not counted.
};

// The price of `usage` by the catalogue built into the SDK as of now, for calls with has_usage; else as
// cost_reported has it. Fills cost and price_rule, and sets `estimated` when something was assumed; what
// had been set stays. Thread-safe. Some 100 ns for a model seen before; the first call of a process
// reads the catalogue first: 2 ms.
void price_call(LlmCallMetrics& call);

// tokens_per_second from usage, duration, ttft and streaming.
std::optional<double> tokens_per_second(const LlmCallMetrics& call);

// Puts the figures on the span (GenAI attributes; a failed call fails it) and tells the recorders: the
// ledger of calls that used something, latency and objective of all but the callers' own failures
// (invalid_args, context_length, auth) and cancelled ones. Thread-safe as its arguments are.
void record_llm_call(const LlmCallMetrics& call, const Recorders& recorders, Span* span = nullptr);

}  // namespace sdk
}  // namespace pitot
