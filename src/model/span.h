// model/span.h
//
// The canonical span: what every stage after normalize/ speaks. Field meanings: ARCHITECTURE.md,
// "The canonical span". Text and arrays are views into the arena of the batch that holds the span.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/ids.h"
#include "model/kinds.h"
#include "model/money.h"
#include "model/usage.h"

namespace pitot {

// A key and the JSON encoding of its value: `"text"`, `12`, `[1,2]`. So types survive.
struct JsonAttr {
  std::string_view key;
  std::string_view json;
};

// One piece of content: a message (canonical JSON of role and parts), a system prompt part, a tool
// definition list, a tool argument or result. Above kInlinePieceBytes it is stored once per
// project and day under its hash, and the span keeps the hash only.
struct Piece {
  std::string_view text;  // The content. Empty once `hash` stands for it and it was dropped.
  Hash128 hash;           // Set by ingest/ for pieces that go to `payloads`; absent: inline.
};
inline constexpr size_t kInlinePieceBytes = 128;

struct SpanEvent {
  int64_t time_ns = 0;
  std::string_view name;
  std::span<const JsonAttr> attributes;
};

struct SpanLink {
  TraceId trace_id;
  SpanId span_id;
  std::span<const JsonAttr> attributes;
};

// Where an attributed value came from. Explicit values inherit to descendants; fallbacks (function
// id, workflow name, root span name) are used only from the root, when nobody is explicit.
struct Feature {
  std::string_view name;
  bool explicit_ = false;
};

struct Span {
  // Identity.
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;  // Absent: a root.
  std::string_view name;
  Kind kind = Kind::kSpan;
  std::string_view op;  // The source's word for the operation, lower case.
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  SpanStatus status = SpanStatus::kUnset;
  std::string_view status_message;

  // Who and what for.
  std::string_view service;
  std::string_view environment;
  std::string_view release;
  Feature feature;
  std::string_view workflow;
  std::string_view user_id;
  std::string_view session_id;
  std::string_view agent;
  std::string_view agent_id;
  std::span<const JsonAttr> tags;  // key and plain text (not JSON); a list tag has an empty value.

  // Prompt.
  std::string_view prompt_name;
  std::string_view prompt_version;

  // Model call.
  std::string_view provider;
  std::string_view model_requested;
  std::string_view model;  // That answered, else that was asked for.
  std::string_view response_id;
  std::string_view
      service_tier;  // As the response reports it: "batch", "flex"; prices depend on it.
  FinishReason finish_reason = FinishReason::kNone;
  std::string_view finish_raw;
  std::optional<int64_t> ttft_ns;
  std::optional<bool> streaming;
  std::optional<double> temperature;
  std::optional<int64_t> max_tokens;

  // Usage. has_usage is false when the span reported none: zero tokens is a report.
  bool has_usage = false;
  Usage usage;
  UsageConvention usage_convention = UsageConvention::kNone;
  uint8_t usage_flags = 0;  // UsageFlag bits.
  // The emitter says that these are sums over descendants (AI SDK roots, aggregated usage).
  bool usage_rollup = false;
  // As reported, before taking apart. Not stored apart: the attributes have them.
  std::optional<int64_t> raw_input_tokens;
  std::optional<int64_t> raw_output_tokens;
  std::optional<int64_t> raw_total_tokens;

  // Money. cost is unset when unknown. When price_source is a table, cost_by_bucket sums to cost
  // less what was charged by the call (web and file searches, requests); else it is empty.
  std::optional<NanoUsd> cost;
  std::array<int64_t, kUsageBuckets> cost_by_bucket = {};  // Nano-USD.
  std::optional<NanoUsd> cost_reported;  // What the emitter said, also when it was not believed.
  PriceSource price_source = PriceSource::kNone;
  PriceConfidence price_confidence = PriceConfidence::kNone;
  std::string_view price_version;
  std::string_view price_rule;
  bool estimated = false;

  // Tool call.
  std::string_view tool_name;
  std::string_view tool_call_id;
  ToolStatus tool_status = ToolStatus::kNone;
  int64_t retry_count = 0;
  std::string_view mcp_server;

  // Errors.
  std::string_view error_type;
  ErrorCategory error_category = ErrorCategory::kNone;

  // Content.
  std::span<Piece> input;   // Messages; of a tool: its arguments.
  std::span<Piece> output;  // Messages; of a tool: its result.
  std::span<Piece> system;
  std::span<Piece> tool_definitions;
  std::span<Piece> reasoning;
  std::span<const SpanEvent> events;
  std::span<const SpanLink> links;

  // Rest.
  std::span<const JsonAttr> attributes;  // What no field above took, and usage as reported.
  std::string_view scope;
  std::string_view scope_version;
  std::string_view emitter;  // Which dialect matched: "otel_genai", "generic", ...
  Source source = Source::kOtlp;
};

}  // namespace pitot
