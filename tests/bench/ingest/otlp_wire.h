// tests/bench/ingest/otlp_wire.h
//
// Writes protobuf bytes of OTLP trace requests: just the messages that the load generators send.
// Field numbers: opentelemetry-proto 1.x, trace.proto and common.proto.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace pitot {

enum class WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2 };

inline void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

inline void AppendTag(uint32_t field, WireType type, std::string& out) {
  AppendVarint(field << 3 | static_cast<uint32_t>(type), out);
}

inline void AppendBytesField(uint32_t field, std::string_view bytes, std::string& out) {
  AppendTag(field, WireType::kBytes, out);
  AppendVarint(bytes.size(), out);
  out += bytes;
}

inline void AppendVarintField(uint32_t field, uint64_t value, std::string& out) {
  AppendTag(field, WireType::kVarint, out);
  AppendVarint(value, out);
}

// The machine's byte order is little-endian, as the wire's.
inline void AppendFixed64Field(uint32_t field, uint64_t value, std::string& out) {
  AppendTag(field, WireType::kFixed64, out);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

// KeyValue{key = 1, value = 2: AnyValue} as field `field`.
inline void AppendAttr(uint32_t field, std::string_view key, std::string_view any_value,
                       std::string& out) {
  std::string key_value;
  AppendBytesField(1, key, key_value);
  AppendBytesField(2, any_value, key_value);
  AppendBytesField(field, key_value, out);
}

inline void AppendTextAttr(uint32_t field, std::string_view key, std::string_view text,
                           std::string& out) {
  std::string any;
  AppendBytesField(1, text, any);
  AppendAttr(field, key, any, out);
}

inline void AppendIntAttr(uint32_t field, std::string_view key, uint64_t value, std::string& out) {
  std::string any;
  AppendVarintField(3, value, any);
  AppendAttr(field, key, any, out);
}

// An ArrayValue of one text.
inline void AppendListAttr(uint32_t field, std::string_view key, std::string_view only_item,
                           std::string& out) {
  std::string item;
  AppendBytesField(1, only_item, item);
  std::string array;
  AppendBytesField(1, item, array);
  std::string any;
  AppendBytesField(5, array, any);
  AppendAttr(field, key, any, out);
}

// Fields of Span, Resource and the envelope around them.
inline constexpr uint32_t kSpanTraceId = 1;
inline constexpr uint32_t kSpanId = 2;
inline constexpr uint32_t kSpanParentId = 4;
inline constexpr uint32_t kSpanName = 5;
inline constexpr uint32_t kSpanKind = 6;
inline constexpr uint32_t kSpanStart = 7;
inline constexpr uint32_t kSpanEnd = 8;
inline constexpr uint32_t kSpanAttribute = 9;
inline constexpr uint32_t kSpanStatus = 15;
inline constexpr uint32_t kResourceAttribute = 1;
inline constexpr uint32_t kScopeSpansScope = 1;
inline constexpr uint32_t kScopeSpansSpan = 2;

inline constexpr uint64_t kSpanKindInternal = 1;
inline constexpr uint64_t kSpanKindClient = 3;

// An ExportTraceServiceRequest of one resource (its attributes as a Resource message) and one scope.
inline std::string TraceRequest(std::string_view resource, std::string_view scope_spans) {
  std::string resource_spans;
  AppendBytesField(1, resource, resource_spans);
  AppendBytesField(2, scope_spans, resource_spans);
  std::string request;
  AppendBytesField(1, resource_spans, request);
  return request;
}

}  // namespace pitot
