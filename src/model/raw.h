// model/raw.h
//
// What decode/ yields and normalize/ takes: the content of a telemetry request, format forgotten,
// meaning not yet read. Views point into the request body or `arena`, both owned by the batch.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/arena.h"
#include "model/attr.h"
#include "model/ids.h"

namespace pitot {

struct RawEvent {
  int64_t time_ns = 0;
  std::string_view name;
  std::span<const Attr> attributes;
};

struct RawLink {
  TraceId trace_id;
  SpanId span_id;
  std::span<const Attr> attributes;
};

struct RawResource {
  std::span<const Attr> attributes;
};

struct RawScope {
  std::string_view name;
  std::string_view version;
  std::span<const Attr> attributes;
};

struct Span;

struct RawSpan {
  uint32_t resource = 0;  // Index into RawBatch::resources.
  uint32_t scope = 0;     // Index into RawBatch::scopes.
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;  // Absent: a root.
  std::string_view name;
  uint8_t otel_kind = 0;    // OTLP SpanKind; unknown numbers are kept.
  uint8_t status_code = 0;  // OTLP StatusCode: 0 unset, 1 ok, 2 error.
  std::string_view status_message;
  int64_t start_ns = 0;  // Unix nanoseconds.
  int64_t end_ns = 0;    // >= start_ns: a decoder clamps and counts.
  bool running = false;  // Announced, not ended; end_ns == start_ns.
  // Set: the span in whole, as Pitot kept it when it was exported. normalize/ takes it as it is, and it
  // is not priced again. Of the fields below and above, ids, name and times are filled in too.
  const Span* whole = nullptr;
  // A trusted kind word given by formats that have one (JSON Lines): "llm", "tool", ... Empty
  // otherwise; normalize/ then finds the kind from attributes.
  std::string_view kind_word;
  std::span<const Attr> attributes;  // Duplicate keys removed: the last one won.
  std::span<const RawEvent> events;
  std::span<const RawLink> links;
};

struct RawLog {
  uint32_t resource = 0;
  uint32_t scope = 0;
  int64_t time_ns = 0;
  int64_t observed_ns = 0;
  int32_t severity = 0;
  std::string_view severity_text;
  std::string_view event_name;
  AttrValue body;
  TraceId trace_id;  // Absent when the record belongs to no trace.
  SpanId span_id;
  std::span<const Attr> attributes;
};

enum class MetricType : uint8_t { kGauge, kSum, kHistogram, kExpHistogram, kSummary };

struct RawPoint {
  uint32_t resource = 0;
  uint32_t scope = 0;
  std::string_view metric;
  std::string_view unit;
  MetricType type = MetricType::kGauge;
  uint8_t temporality = 0;  // OTLP AggregationTemporality.
  bool monotonic = false;
  int64_t start_ns = 0;
  int64_t time_ns = 0;
  double value = 0;    // Gauge and sum: the value. Distributions: the sum.
  uint64_t count = 0;  // Distributions.
  // Distributions: buckets, bounds, quantiles, min and max as one JSON object. Empty otherwise.
  std::string_view detail;
  std::span<const Attr> attributes;
};

// One request's worth. Movable: addresses of body and arena are stable.
struct RawBatch {
  std::string body;  // The bytes that were decoded; views may point into it. Heap-stable on move
                     // because bodies beyond the small-string size live on the heap and decoders
                     // copy from shorter ones into the arena.
  Arena arena;
  std::vector<RawResource> resources;
  std::vector<RawScope> scopes;
  std::vector<RawSpan> spans;
  std::vector<RawLog> logs;
  std::vector<RawPoint> points;
};

}  // namespace pitot
