// store/tables/spans_table.h
//
// Writes rows of `spans`: what was received (schema/001_spans.sql).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model/span.h"
#include "store/tables/table_block.h"

namespace pitot {

struct SpanRow {
  std::string_view project;
  uint16_t keep_days = 0;
  uint64_t recv_ns = 0;  // Unix nanoseconds, below 2^62.
  const Span& span;
};

// Which of several rows of one span holds: any end wins over an announcement that it runs, and
// among equals the newest.
inline constexpr uint64_t kEndedVersion = uint64_t{1} << 62;
constexpr uint64_t SpanVersion(SpanStatus status, uint64_t recv_ns) {
  return recv_ns | (status == SpanStatus::kRunning ? 0 : kEndedVersion);
}
constexpr uint64_t RecvOfVersion(uint64_t version) { return version & (kEndedVersion - 1); }

class SpansBlock final : public TableBlock {
 public:
  static constexpr std::string_view kTable = "spans";

  SpansBlock();
  ~SpansBlock();

  // Cheapest in the order of (keep_days, day of start, project, trace_id, span_id).
  // Counts outside UInt32 are clamped to it (normalize/ refuses absurd ones before).
  void Append(const SpanRow& row);

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
  std::string json_;  // Scratch of events and links.
};

}  // namespace pitot
