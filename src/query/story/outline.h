// query/story/outline.h
//
// A trace as the steps of its agents, from structure alone: which model calls there were, whose they
// are, which earlier call each may continue, which tools ran after it, and what was delegated. Pure.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/facts.h"
#include "model/ids.h"
#include "model/money.h"
#include "model/span.h"

namespace pitot {

// What a story needs of a span besides its contents. Text is borrowed.
struct StorySpan {
  SpanId span_id;
  SpanId parent_span_id;
  std::string_view name;
  Kind kind = Kind::kSpan;
  SpanStatus status = SpanStatus::kUnset;
  std::string_view status_message;
  int64_t start_ns = 0;
  int64_t duration_ns = 0;
  std::string_view agent;  // Effective.
  std::string_view model;
  FinishReason finish_reason = FinishReason::kNone;
  UsageRole role = UsageRole::kNone;
  int64_t input_tokens = 0;   // All input buckets.
  int64_t output_tokens = 0;  // All output buckets.
  std::optional<int64_t> cost;
  std::string_view tool_name;
  std::string_view tool_call_id;
  ToolStatus tool_status = ToolStatus::kNone;
  int64_t retry_count = 0;
  std::string_view error_type;
  bool has_input = false;
  bool has_output = false;
};

inline constexpr uint32_t kNoSpan = std::numeric_limits<uint32_t>::max();

// One model call, seen once. Numbers are indices into the spans, if not said otherwise.
struct StoryStep {
  uint32_t span = 0;
  uint32_t contents = 0;     // Whose contents are its: its own, or those of a wrapper around it.
  uint32_t scope = kNoSpan;  // The nearest agent span above.
  std::string_view agent;
  uint32_t depth = 0;  // Agents above that agent.
  // Earlier steps, by index into the steps, whose context this call's may continue; newest first.
  std::vector<uint32_t> before;
  // Tools that ran between this call and the agent's next one, in order of start.
  std::vector<uint32_t> tools;
};

struct StoryOutline {
  std::vector<StoryStep> steps;  // In order of start.
  // Tool spans by the id that the model gave the call, in order of start.
  absl::flat_hash_map<std::string, std::vector<uint32_t>> tools_by_call_id;
  // The agent span that ran as a tool span's work, by tool span.
  absl::flat_hash_map<uint32_t, uint32_t> delegates;
};

// `spans` of one trace in order of start. Copes with missing parents and parents in a circle.
StoryOutline OutlineStory(std::span<const StorySpan> spans);

}  // namespace pitot
