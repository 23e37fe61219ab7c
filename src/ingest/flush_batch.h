// ingest/flush_batch.h
//
// Spool entries on their way into the store as one batch, in the order of the tables' keys. Spans
// stay encoded until they are written: decoded, a batch would take twice the memory.
// Not thread-safe; handed from the thread that builds it to the one that writes it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/history/erased.h"
#include "ingest/spool/record.h"
#include "ingest/spool/spool.h"
#include "model/arena.h"

namespace pitot {

class FlushBatch {
 public:
  struct SpanRef {
    const RecordHeader* header;
    std::string_view item;  // See ReadSpan.
  };
  struct PayloadRef {
    const RecordHeader* header;
    const PayloadRecord* payload;
  };
  // A log record or a metric point: a place in one of the records.
  struct Ref {
    const Record* record;
    uint32_t index;
  };
  // An entry that is not a record this program can read.
  struct Unreadable {
    uint64_t seq;
    std::string payload;
    absl::Status status;
  };

  // Entries come in order.
  void Add(SpoolEntry entry);

  // Leaves out the spans and logs that `erased` has; the number of them.
  size_t Remove(const ErasedRecords& erased);

  // Sorts the rows by their tables' keys. Call once, after the last Add.
  void Sort();

  bool empty() const { return entries_.empty(); }
  size_t rows() const { return spans_.size() + logs_.size() + points_.size(); }
  size_t bytes() const { return bytes_; }
  uint64_t first_seq() const { return first_seq_; }
  uint64_t last_seq() const { return last_seq_; }
  uint64_t file_bytes() const { return file_bytes_; }
  int64_t oldest_recv_ns() const { return oldest_recv_ns_; }

  const std::vector<SpanRef>& spans() const { return spans_; }
  const std::vector<PayloadRef>& payloads() const { return payloads_; }
  const std::vector<Ref>& logs() const { return logs_; }
  const std::vector<Ref>& points() const { return points_; }
  const std::vector<const RecordHeader*>& headers() const { return headers_; }
  const std::vector<Unreadable>& unreadable() const { return unreadable_; }

 private:
  absl::Status AddSpans(std::string_view bytes);
  absl::Status AddTelemetry(std::string_view bytes);

  Arena arena_;
  std::deque<std::string> entries_;  // The bytes that everything points into.
  std::deque<RecordItems> span_records_;
  std::deque<Record> telemetry_records_;
  std::vector<const RecordHeader*> headers_;
  std::vector<SpanRef> spans_;
  std::vector<SpanKey> span_keys_;  // Of spans_, until sorted.
  std::vector<PayloadRef> payloads_;
  std::vector<Ref> logs_;
  std::vector<Ref> points_;
  std::vector<Unreadable> unreadable_;
  size_t bytes_ = 0;
  uint64_t first_seq_ = 0;
  uint64_t last_seq_ = 0;
  uint64_t file_bytes_ = 0;
  int64_t oldest_recv_ns_ = 0;
};

}  // namespace pitot
