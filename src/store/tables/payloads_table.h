// store/tables/payloads_table.h
//
// Writes rows of `payloads`: contents kept once a project, retention class and day
// (schema/002_payloads.sql).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model/ids.h"
#include "store/tables/table_block.h"

namespace pitot {

struct PayloadRow {
  std::string_view project;
  uint16_t keep_days = 0;
  int32_t day = 0;  // Days since 1970 of the start of the span that refers to it; clamped (day.h).
  Hash128 hash;
  std::string_view content;
};

class PayloadsBlock final : public TableBlock {
 public:
  static constexpr std::string_view kTable = "payloads";

  PayloadsBlock();
  ~PayloadsBlock();

  // Cheapest in the order of (keep_days, day, project, hash).
  void Append(const PayloadRow& row);

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

}  // namespace pitot
