// pitot/span_data.h
//
// A span as exporters get it. Everything is borrowed from the span's own memory and holds during the
// call that hands it over: copy what is to be kept. Times are Unix nanoseconds, by one clock for all
// spans of a process: end_ns is never before start_ns.
// Thread-safety: read-only during the call.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "pitot/attribute.h"
#include "pitot/model/ids.h"
#include "pitot/model/kinds.h"
#include "pitot/tags.h"

namespace pitot {
inline namespace sdk {

// Lower case, as traceparent and every receiver write ids.
template <size_t N>
std::string hex(const Id<N>& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const uint8_t byte : id.bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

struct SpanEventData {
  int64_t time_ns = 0;  // Unix nanoseconds.
  std::string_view name;
  std::span<const Attribute> attributes;
};

struct SpanLinkData {
  TraceId trace_id;
  SpanId span_id;
  std::span<const Attribute> attributes;
};

struct SpanData {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;  // Absent (all zero): a root.
  std::string_view trace_state;
  std::string_view name;
  Kind kind = Kind::kSpan;
  SpanStatus status = SpanStatus::kUnset;  // kRunning: an announcement; the end follows.
  std::string_view status_message;
  int64_t start_ns = 0;                   // Unix nanoseconds.
  int64_t end_ns = 0;                     // As start_ns while running.
  const Tags* tags = nullptr;             // Of the context it was opened in; null: none.
  std::span<const Attribute> attributes;  // Keys are unique: the last one set won.
  std::span<const SpanEventData> events;
  std::span<const SpanLinkData> links;
  // Left out for the limits of CollectorOptions. Texts that were cut are not in these counts.
  uint32_t dropped_attributes = 0;
  uint32_t dropped_events = 0;
};

}  // namespace sdk
}  // namespace pitot
