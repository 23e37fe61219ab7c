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

bool SpanBefore(const FlushBatch::Ref& a, const FlushBatch::Ref& b) {
  const auto head = [](const FlushBatch::Ref& ref) {
    return std::tuple(ref.record->header.keep_days, DayOf(SpanOf(ref).start_ns),
                      ref.record->header.project);
  };
  if (const auto left = head(a), right = head(b); left != right) return left < right;
  return std::tie(SpanOf(a).trace_id, SpanOf(a).span_id) <
         std::tie(SpanOf(b).trace_id, SpanOf(b).span_id);
}

bool PayloadBefore(const FlushBatch::Ref& a, const FlushBatch::Ref& b) {
  const auto key = [](const FlushBatch::Ref& ref) {
    return std::tuple(ref.record->header.keep_days, PayloadOf(ref).day, ref.record->header.project,
                      PayloadOf(ref).hash.view());
  };
  return key(a) < key(b);
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
  // Stable: of equal keys the later delivery stays later, and holds.
  std::stable_sort(spans_.begin(), spans_.end(), SpanBefore);
  std::stable_sort(payloads_.begin(), payloads_.end(), PayloadBefore);
}

}  // namespace pitot
