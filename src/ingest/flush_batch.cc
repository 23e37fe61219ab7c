#include "ingest/flush_batch.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "store/day.h"

namespace pitot {
namespace {

const Span& SpanOf(const FlushBatch::Ref& ref) { return ref.record->spans[ref.index]; }
const PayloadRecord& PayloadOf(const FlushBatch::Ref& ref) {
  return ref.record->payloads[ref.index];
}

// What decides the order of nearly all rows, beside the row: comparing spans themselves would miss
// the cache at each step.
struct SortKey {
  uint64_t partition = 0;  // Retention class and day.
  uint64_t id = 0;         // First bytes of trace id or hash, as a number that sorts like them.
  FlushBatch::Ref ref;
};

uint64_t PartitionOf(const Record& record, int64_t day) {
  return static_cast<uint64_t>(record.header.keep_days) << 32 | static_cast<uint32_t>(day);
}

uint64_t FirstBytes(std::string_view id) {
  uint64_t number = 0;
  std::memcpy(&number, id.data(), sizeof number);
  return __builtin_bswap64(number);
}

bool SpanBefore(const SortKey& a, const SortKey& b) {
  if (a.partition != b.partition) return a.partition < b.partition;
  const std::string_view left = a.ref.record->header.project;
  const std::string_view right = b.ref.record->header.project;
  if (left != right) return left < right;
  if (a.id != b.id) return a.id < b.id;
  return std::tie(SpanOf(a.ref).trace_id, SpanOf(a.ref).span_id) <
         std::tie(SpanOf(b.ref).trace_id, SpanOf(b.ref).span_id);
}

bool PayloadBefore(const SortKey& a, const SortKey& b) {
  if (a.partition != b.partition) return a.partition < b.partition;
  const std::string_view left = a.ref.record->header.project;
  const std::string_view right = b.ref.record->header.project;
  if (left != right) return left < right;
  if (a.id != b.id) return a.id < b.id;
  return PayloadOf(a.ref).hash < PayloadOf(b.ref).hash;
}

// Stable: of equal keys the later delivery stays later, and holds.
void SortBy(bool (*before)(const SortKey&, const SortKey&), std::vector<SortKey>& keys,
            std::vector<FlushBatch::Ref>& refs) {
  std::stable_sort(keys.begin(), keys.end(), before);
  for (size_t i = 0; i < refs.size(); ++i) refs[i] = keys[i].ref;
}

void AppendRefs(const Record& record, size_t count, std::vector<FlushBatch::Ref>& refs) {
  for (uint32_t i = 0; i < count; ++i) refs.push_back({&record, i});
}

}  // namespace

void FlushBatch::Add(SpoolEntry entry) {
  if (entries_.empty()) first_seq_ = entry.seq;
  last_seq_ = entry.seq;
  file_bytes_ += entry.file_bytes;
  bytes_ += entry.payload.size();
  entries_.push_back(std::move(entry.payload));
  Record& record = records_.emplace_back();
  if (const absl::Status status = ReadRecord(entries_.back(), arena_, &record); !status.ok()) {
    records_.pop_back();
    unreadable_.push_back({entry.seq, entries_.back(), status});
    return;
  }
  if (oldest_recv_ns_ == 0) oldest_recv_ns_ = record.header.recv_ns;
  AppendRefs(record, record.spans.size(), spans_);
  AppendRefs(record, record.payloads.size(), payloads_);
  AppendRefs(record, record.logs.size(), logs_);
  AppendRefs(record, record.points.size(), points_);
}

void FlushBatch::Sort() {
  std::vector<SortKey> keys;
  keys.reserve(std::max(spans_.size(), payloads_.size()));
  for (const Ref& ref : spans_) {
    const Span& span = SpanOf(ref);
    keys.push_back(
        {PartitionOf(*ref.record, DayOf(span.start_ns)), FirstBytes(span.trace_id.view()), ref});
  }
  SortBy(SpanBefore, keys, spans_);
  keys.clear();
  for (const Ref& ref : payloads_) {
    const PayloadRecord& payload = PayloadOf(ref);
    keys.push_back({PartitionOf(*ref.record, payload.day), FirstBytes(payload.hash.view()), ref});
  }
  SortBy(PayloadBefore, keys, payloads_);
}

}  // namespace pitot
