// wire/trace_context.h
//
// The headers that carry a trace from one program to the next: traceparent, tracestate (W3C Trace
// Context, level 2) and baggage (W3C Baggage). Pure. Callers join repeated tracestate and baggage
// headers with "," before they parse; what a caller sends is never proof of who it is.
//
// `problem` and `problems`, where given, get what was wrong in words, with at most a short piece of
// what came; they stay as they are when nothing was.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

struct TraceParent {
  std::array<uint8_t, 16> trace_id = {};  // Not all zero.
  std::array<uint8_t, 8> parent_id = {};  // Not all zero.
  bool sampled = false;
  bool random_trace_id = false;

  bool operator==(const TraceParent&) const = default;
};

// Empty: invalid, and a tracestate beside it must not be used.
std::optional<TraceParent> ParseTraceParent(std::string_view header,
                                            std::string* problem = nullptr);

// Always version 00; 55 characters.
std::string FormatTraceParent(const TraceParent& parent);

struct TraceStateMember {
  std::string key;
  std::string value;
  bool operator==(const TraceStateMember&) const = default;
};

// At most 32 members; empty when there is none, one is malformed, or a key is repeated: the whole
// list is then dropped, which never invalidates the traceparent.
std::vector<TraceStateMember> ParseTraceState(std::string_view header,
                                              std::string* problem = nullptr);

// Whole members only, up to `chars_max`: those over 128 characters are left out first, then from the
// right.
std::string FormatTraceState(std::span<const TraceStateMember> members, size_t chars_max = 512);

struct TraceContext {
  TraceParent parent;
  std::vector<TraceStateMember> state;
};

// `traceparents`: each header of that name. Empty unless there is exactly one, and valid.
std::optional<TraceContext> ParseTraceContext(std::span<const std::string_view> traceparents,
                                              std::string_view tracestate);

struct BaggageMember {
  std::string key;         // Case-sensitive.
  std::string value;       // Decoded; valid UTF-8.
  std::string properties;  // As they came, without the leading ";".
  bool operator==(const BaggageMember&) const = default;
};

// Malformed members are skipped. At most 64 members from the first 8192 bytes' worth of members.
// Repeated keys stay, in order; FindBaggage takes the last. Of problems the first few are told.
std::vector<BaggageMember> ParseBaggage(std::string_view header,
                                        std::vector<std::string>* problems = nullptr);

// The value of `key`, valid as long as `members`; absent when there is none.
std::optional<std::string_view> FindBaggage(std::span<const BaggageMember> members,
                                            std::string_view key);

// Members whose key is not a token are left out; limits as for ParseBaggage.
std::string FormatBaggage(std::span<const BaggageMember> members);

}  // namespace pitot
