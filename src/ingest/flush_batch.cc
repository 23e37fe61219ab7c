#include "ingest/flush_batch.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "base/status.h"
#include "store/day.h"

namespace pitot {
namespace {

// What decides the order of nearly all rows, as numbers: comparing the rows themselves would miss the
// cache at each step. `index` makes the order stable: of equal keys the later delivery stays later,
// and holds.
struct SortKey {
  uint64_t partition = 0;  // Retention class and day.
  uint64_t id = 0;         // First bytes of trace id or hash, as a number that sorts like them.
  uint32_t index = 0;
};

uint64_t PartitionOf(const RecordHeader& header, int64_t day) {
  return static_cast<uint64_t>(header.keep_days) << 32 | static_cast<uint32_t>(day);
}

uint64_t FirstBytes(std::string_view id) {
  uint64_t number = 0;
  std::memcpy(&number, id.data(), sizeof number);
  return __builtin_bswap64(number);
}

// Sorts `rows` by partition, project, and what `rest` compares of two indices.
template <typename Row, typename Rest>
void SortRows(std::vector<SortKey>& keys, const Rest& rest, std::vector<Row>& rows) {
  std::sort(keys.begin(), keys.end(), [&](const SortKey& a, const SortKey& b) {
    if (a.partition != b.partition) return a.partition < b.partition;
    const std::string_view left = rows[a.index].header->project;
    const std::string_view right = rows[b.index].header->project;
    if (left != right) return left < right;
    if (a.id != b.id) return a.id < b.id;
    const auto order = rest(a.index, b.index);
    return order != 0 ? order < 0 : a.index < b.index;
  });
  std::vector<Row> sorted;
  sorted.reserve(rows.size());
  for (const SortKey& key : keys) sorted.push_back(rows[key.index]);
  rows = std::move(sorted);
}

}  // namespace

void FlushBatch::Add(SpoolEntry entry) {
  if (entries_.empty()) first_seq_ = entry.seq;
  last_seq_ = entry.seq;
  file_bytes_ += entry.file_bytes;
  bytes_ += entry.payload.size();
  entries_.push_back(std::move(entry.payload));
  absl::Status status = AddSpans(entries_.back());
  if (status.ok() && span_records_.back().header.signal != Signal::kTraces) {
    headers_.pop_back();
    span_records_.pop_back();
    status = AddTelemetry(entries_.back());
  }
  if (!status.ok()) {
    unreadable_.push_back({last_seq_, entries_.back(), status});
  } else if (oldest_recv_ns_ == 0) {
    oldest_recv_ns_ = headers_.back()->recv_ns;
  }
}

absl::Status FlushBatch::AddSpans(std::string_view bytes) {
  RecordItems record;
  RETURN_IF_ERROR(ReadRecordItems(bytes, &record));
  std::vector<SpanKey> keys;
  if (record.header.signal == Signal::kTraces) {
    keys.resize(record.items.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      if (!ReadSpanKey(record.items[i], &keys[i])) {
        return Internal("spool record is malformed in item {} of {}", i, keys.size());
      }
    }
  }
  const RecordItems& kept = span_records_.emplace_back(std::move(record));
  headers_.push_back(&kept.header);
  if (kept.header.signal != Signal::kTraces) return absl::OkStatus();
  for (const std::string_view item : kept.items) spans_.push_back({&kept.header, item});
  span_keys_.insert(span_keys_.end(), keys.begin(), keys.end());
  for (const PayloadRecord& payload : kept.payloads) payloads_.push_back({&kept.header, &payload});
  return absl::OkStatus();
}

absl::Status FlushBatch::AddTelemetry(std::string_view bytes) {
  Record record;
  RETURN_IF_ERROR(ReadRecord(bytes, arena_, &record));
  const Record& kept = telemetry_records_.emplace_back(std::move(record));
  headers_.push_back(&kept.header);
  for (uint32_t i = 0; i < kept.logs.size(); ++i) logs_.push_back({&kept, i});
  for (uint32_t i = 0; i < kept.points.size(); ++i) points_.push_back({&kept, i});
  return absl::OkStatus();
}

size_t FlushBatch::Remove(const ErasedRecords& erased) {
  if (!erased.any()) return 0;
  size_t removed = std::erase_if(spans_, [&](const SpanRef& ref) {
    SpanKey key;
    return ReadSpanKey(ref.item, &key) &&
           erased.Covers(ref.header->project, key.trace_id, key.span_id,
                         static_cast<uint64_t>(ref.header->recv_ns));
  });
  removed += std::erase_if(logs_, [&](const Ref& ref) {
    const RecordHeader& header = ref.record->header;
    const RawLog& log = ref.record->logs[ref.index];
    return erased.Covers(header.project, log.trace_id, log.span_id,
                         static_cast<uint64_t>(header.recv_ns));
  });
  return removed;
}

void FlushBatch::Sort() {
  std::vector<SortKey> keys;
  keys.reserve(std::max(spans_.size(), payloads_.size()));
  for (uint32_t i = 0; i < spans_.size(); ++i) {
    keys.push_back({PartitionOf(*spans_[i].header, DayOf(span_keys_[i].start_ns)),
                    FirstBytes(span_keys_[i].trace_id.view()), i});
  }
  SortRows(
      keys,
      [this](uint32_t a, uint32_t b) {
        return std::tie(span_keys_[a].trace_id, span_keys_[a].span_id) <=>
               std::tie(span_keys_[b].trace_id, span_keys_[b].span_id);
      },
      spans_);
  span_keys_ = {};
  keys.clear();
  for (uint32_t i = 0; i < payloads_.size(); ++i) {
    const PayloadRecord& payload = *payloads_[i].payload;
    keys.push_back(
        {PartitionOf(*payloads_[i].header, payload.day), FirstBytes(payload.hash.view()), i});
  }
  SortRows(
      keys,
      [this](uint32_t a, uint32_t b) {
        return payloads_[a].payload->hash <=> payloads_[b].payload->hash;
      },
      payloads_);
}

}  // namespace pitot
