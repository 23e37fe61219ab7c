// sdk/trace/record.h
//
// A span while it is being filled and until it is exported. A record has room for an ordinary span in
// itself: 12 attributes and 700 bytes of texts; what goes beyond is in chunks of memory that are charged
// to the pool (pool.h) before they are taken and freed with the span. Records are kept and filled again,
// so that a warm program allocates nothing for an ordinary span.
//
// Errors: nothing throws. What the limits or the memory do not allow is left out or cut, and counted.
// Thread-safety: one owner at a time: the Span, then the pool's queue, then the collector's thread. While
// the span is open that thread may look at it, to announce it: it holds the shard's mutex, and so does
// the owner while it changes what is looked at (marked below). New text is copied before, unseen.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/arena.h"
#include "pitot/span_data.h"
#include "sdk/trace/extras.h"

namespace pitot {
inline namespace sdk {

class SpanPool;
struct SpanShard;

struct SpanLimits {
  size_t attribute_bytes_max = size_t{1} << 20;
  size_t attributes_max = 256;
  size_t events_max = 256;
};

// Bump allocator of a record.
class RecordMemory {
 public:
  RecordMemory() { Reset(nullptr); }
  RecordMemory(const RecordMemory&) = delete;
  RecordMemory& operator=(const RecordMemory&) = delete;
  ~RecordMemory() { Reset(nullptr); }

  // Uninitialised; `align` is 1 or 8. Null when `pool` or the system has no more.
  char* Allocate(size_t bytes, size_t align, SpanPool& pool);
  // Frees everything but the memory inside; gives back what `pool` was charged.
  void Reset(SpanPool* pool);
  // The pool does not count this memory any more.
  void ForgetCharge() { charged_ = 0; }

 private:
  struct alignas(8) Chunk {
    Chunk* next;
  };
  static constexpr size_t kChunkBytesMin = 2048;
  static constexpr size_t kChunkBytesMax = 16 * 1024;

  char* at_ = nullptr;
  char* end_ = nullptr;
  Chunk* chunks_ = nullptr;
  size_t charged_ = 0;
  size_t chunk_bytes_ = kChunkBytesMin;  // Of the next one.
  alignas(8) char inside_[768];
};

// A growing array in a record's memory. Its items stay valid when it grows: old ones are left behind.
template <typename T>
struct RecordArray {
  T* items = nullptr;
  uint32_t size = 0;
  uint32_t capacity = 0;
};

struct alignas(64) SpanRecord {
  static constexpr uint32_t kAttributesInside = 12;

  // Of the pool; guarded by the shard's mutex.
  SpanRecord* next = nullptr;
  SpanRecord* previous = nullptr;
  SpanShard* shard = nullptr;
  SpanPool* pool = nullptr;
  uint32_t epoch = 0;               // The shard's when it was opened; another one: before a fork.
  std::atomic<bool> filled{false};  // What the span was opened with stands in it.

  // Set when it is opened.
  Kind kind = Kind::kSpan;
  SpanStatus status = SpanStatus::kUnset;
  uint32_t truncated = 0;
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;
  int64_t start_monotonic_ns = 0;
  int64_t start_ns = 0;
  int64_t end_ns = 0;

  std::string_view name;              // Changed under the shard's mutex.
  RecordArray<Attribute> attributes;  // Changed under the shard's mutex.
  ContextAccess::Extras extras;
  std::string_view status_message;
  RecordArray<SpanEventData> events;
  RecordArray<SpanLinkData> links;
  uint32_t dropped_attributes = 0;
  uint32_t dropped_events = 0;

  Attribute inside[kAttributesInside];
  RecordMemory memory;

  // Before the span is seen by anybody.
  void Open(std::string_view span_name, Attributes own);

  void Set(std::string_view key, const AttributeValue& value);
  void Rename(std::string_view span_name);
  void SetStatus(SpanStatus status, std::string_view message);
  // Nothing when the key is not set.
  const AttributeValue* Find(std::string_view key) const;
  void AddEvent(int64_t time_ns, std::string_view event_name, Attributes own);
  void AddLink(const TraceId& trace, const SpanId& span, Attributes own);

  // What an exporter gets; holds as long as the record is not changed.
  SpanData Data() const;
  // What is told of an open span: its short attributes, all of it copied into `memory` but for its
  // extras, which the caller keeps. REQUIRES: the shard's mutex is held; `filled`.
  SpanData Running(Arena& memory) const;

  // Empty again, for another span.
  void Clear();

 private:
  std::string_view CopyText(std::string_view text, size_t bytes_max);
  bool CopyValue(const AttributeValue& from, size_t bytes_more, AttributeValue* to);
  std::span<const Attribute> CopyAttributes(Attributes own);
  void Replace(Attribute& attribute, const AttributeValue& value);
  void Add(std::string_view key, const AttributeValue& value);
  void LeaveOutAttribute();
};

}  // namespace sdk
}  // namespace pitot
