// model/facts.h
//
// What the resolver makes of a whole trace: one narrow row a span with everything inherited and
// decided (effective attribution, role, whether its usage counts), and one row for the trace.
// Every list, figure, SLO and alert reads these. Text is borrowed from the resolver's input.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/money.h"
#include "model/span.h"
#include "model/usage.h"

namespace pitot {

// What a span's usage is, seen in its trace. See ARCHITECTURE.md, "What counts once".
// Inner: a second sight, without figures, of a model call or tool call that another span stands for.
enum class UsageRole : uint8_t { kNone, kLeaf, kRollup, kWrapper, kDuplicate, kInner, kEnd };
inline constexpr std::array<std::string_view, 6> kUsageRoleNames = {
    "", "leaf", "rollup", "wrapper", "duplicate", "inner"};
inline std::string_view Name(UsageRole v) { return kUsageRoleNames[static_cast<size_t>(v)]; }

struct FactRow {
  // Key: (project, is_call, minute of end, trace_id, span_id). project is the caller's.
  // Kind llm, embedding or reranker, or usage or a cost of its own: all that money is spent on.
  bool is_call = false;
  int64_t end_ns = 0;  // Of a running span: its start.
  TraceId trace_id;
  SpanId span_id;
  uint64_t rev = 0;         // Newest wins.
  bool is_deleted = false;  // A tombstone for a key the span no longer has.

  int64_t start_ns = 0;
  Kind kind = Kind::kSpan;
  bool is_root = false;  // No parent, or an orphan: the root of its fragment.
  bool is_orphan = false;
  SpanStatus status = SpanStatus::kUnset;
  std::string_view name;

  // Effective attribution: own, else nearest ancestor's, else the root's.
  std::string_view service;
  std::string_view environment;
  std::string_view release;
  std::string_view feature;
  std::string_view workflow;
  std::string_view user_id;
  std::string_view session_id;
  std::string_view agent;
  std::string_view prompt_name;
  std::string_view prompt_version;

  std::string_view provider;
  std::string_view model;
  FinishReason finish_reason = FinishReason::kNone;
  std::optional<int64_t> ttft_ns;
  bool streaming = false;

  UsageRole role = UsageRole::kNone;
  bool counted = false;
  std::string_view counted_reason;  // Why not, or by which rule: "leaf", "has_leaf_below", ...
  SpanId counted_by;                // The span that counts instead; absent otherwise.
  Usage usage;                      // The span's own, also when it does not count.
  std::optional<NanoUsd> cost;
  bool unpriced = false;  // It counts, tokens are known to have passed, the cost is not known.
  bool estimated = false;
  PriceConfidence price_confidence = PriceConfidence::kNone;

  std::string_view tool_name;
  ToolStatus tool_status = ToolStatus::kNone;
  int64_t retry_count = 0;
  ErrorCategory error_category = ErrorCategory::kNone;
};

struct TraceRow {
  // Key: (project, hour of started, trace_id).
  TraceId trace_id;
  uint64_t rev = 0;
  bool is_deleted = false;
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  std::string_view root_name;  // Without a root the earliest span names it.
  SpanStatus status = SpanStatus::kUnset;
  std::string_view status_message;
  uint32_t spans = 0;
  uint32_t errors = 0;
  uint32_t orphans = 0;
  uint32_t llm_calls = 0;
  uint32_t tool_calls = 0;
  int64_t input_tokens = 0;  // Counted spans only, all input buckets.
  int64_t output_tokens = 0;
  NanoUsd cost;  // Sum over counted spans with a known cost.
  uint32_t unpriced_calls = 0;
  std::string_view service;
  std::string_view environment;
  std::string_view feature;
  std::string_view workflow;
  std::string_view user_id;
  std::string_view session_id;
  std::string_view agent;
  std::vector<std::string_view> models;  // Of counted calls, sorted, each once.
};

}  // namespace pitot
