// store/tables/points_table.h
//
// Writes rows of `metric_points`: metric points as received (schema/005_telemetry.sql).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model/raw.h"
#include "store/tables/table_block.h"

namespace pitot {

struct PointRow {
  std::string_view project;
  uint16_t keep_days = 0;
  uint64_t recv_ns = 0;
  const RawPoint& point;
  const RawResource& resource;
  const RawScope& scope;
};

class PointsBlock final : public TableBlock {
 public:
  static constexpr std::string_view kTable = "metric_points";

  PointsBlock();
  ~PointsBlock();

  // A point without a time gets that of receipt.
  void Append(const PointRow& row);

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

}  // namespace pitot
