// ingest/spool/record.h
//
// The content of one spool record: spans (or logs, or metric points) of one request, decoded,
// redacted and priced, with the payloads that are not known to be stored yet.
//
// Our own format, version 1. All integers are little-endian base-128 varints (signed ones zigzag),
// strings are a length and bytes, fixed fields are raw. Records of a version this program does not
// know are refused, never guessed at.
//
//   record   = version project source signal keep_days recv_ns flags [request_hash]
//              n_payloads payload* n_items item*
//   payload  = day hash content
//   item     = length bytes, so that a reader can skip one it cannot use
//
// Readers are bounded: no count or length is believed beyond the bytes that are there.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/request.h"
#include "model/arena.h"
#include "model/ids.h"
#include "model/raw.h"
#include "model/span.h"

namespace pitot {

// The fields of a span that hold content, in the record's order: what is deduplicated is what is
// written.
inline constexpr std::span<Piece> Span::*kContentFields[] = {
    &Span::input, &Span::output, &Span::system, &Span::tool_definitions, &Span::reasoning};

struct PayloadRecord {
  int32_t day = 0;  // Days since 1970 of the referring span's start.
  Hash128 hash;
  std::string_view content;
};

struct RecordHeader {
  std::string_view project;
  Source source = Source::kOtlp;
  Signal signal = Signal::kTraces;
  uint16_t keep_days = 0;
  int64_t recv_ns = 0;
  Hash128 request_hash;  // Of the whole request; only on its last record, absent on others.
  int64_t accepted = 0;  // With request_hash: what the reply said, to be said again.
  int64_t rejected = 0;
};

// Builds one record. Reusable: Start() forgets what was there.
class RecordWriter {
 public:
  void Start(const RecordHeader& header);
  void AddPayload(int32_t day, const Hash128& hash, std::string_view content);
  void AddSpan(const Span& span);
  void AddLog(const RawLog& log, const RawResource& resource, const RawScope& scope);
  void AddPoint(const RawPoint& point, const RawResource& resource, const RawScope& scope);
  // Marks the record as the last of its request.
  void SetRequestHash(const Hash128& hash, int64_t accepted, int64_t rejected);

  // Bytes so far, for splitting large requests.
  size_t bytes() const { return payloads_.size() + items_.size(); }
  size_t items() const { return item_count_; }

  // Appends the record to `out`.
  void Finish(std::string& out);

 private:
  RecordHeader header_;
  std::string payloads_;
  std::string items_;
  std::string scratch_;
  size_t payload_count_ = 0;
  size_t item_count_ = 0;
};

// One record, read. Views point into the bytes given to ReadRecord and into `arena`.
struct Record {
  RecordHeader header;
  std::vector<PayloadRecord> payloads;
  std::vector<Span> spans;
  // Logs and points share one RawBatch shape: each has its own resource and scope entry.
  std::vector<RawLog> logs;
  std::vector<RawPoint> points;
  std::vector<RawResource> resources;
  std::vector<RawScope> scopes;
};

// kInternal on bytes that no writer of this version wrote. `bytes` and `arena` must outlive
// `record`.
absl::Status ReadRecord(std::string_view bytes, Arena& arena, Record* record);

// The same record with its items not yet read: a batch of spans is sorted by their keys and read one
// by one, instead of being in memory whole.
struct RecordItems {
  RecordHeader header;
  std::vector<PayloadRecord> payloads;
  std::vector<std::string_view> items;
};
absl::Status ReadRecordItems(std::string_view bytes, RecordItems* record);

struct SpanKey {
  TraceId trace_id;
  SpanId span_id;
  int64_t start_ns = 0;
};
// False when the item is no span.
[[nodiscard]] bool ReadSpanKey(std::string_view item, SpanKey* key);
// `item` and `arena` must outlive `span`, which is overwritten.
absl::Status ReadSpan(std::string_view item, Arena& arena, Span* span);

}  // namespace pitot
