// store/tables/erased_table.h
//
// Writes rows of `erased` and `erased_payloads` (schema/008_erase_and_reprice.sql).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "model/ids.h"
#include "store/tables/table_block.h"

namespace pitot {

// What all rows of one erasure have in common.
struct ErasureRows {
  std::string_view id;
  std::string_view project;
  UnixNanos at_ns = 0;
  uint16_t keep_days = 0;
};

class ErasedBlock final : public TableBlock {
 public:
  static constexpr std::string_view kTable = "erased";

  ErasedBlock();
  ~ErasedBlock();

  void Append(const ErasureRows& of, const TraceId& trace_id, const SpanId& span_id,
              uint64_t recv_until);

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

class ErasedPayloadsBlock final : public TableBlock {
 public:
  static constexpr std::string_view kTable = "erased_payloads";

  ErasedPayloadsBlock();
  ~ErasedPayloadsBlock();

  void Append(const ErasureRows& of, std::string_view partition, const Hash128& hash);

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

}  // namespace pitot
