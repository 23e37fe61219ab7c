// store/tables/traces_table.h
//
// Writes rows of `traces`: one row a trace, for the list page (schema/004_traces.sql).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model/facts.h"
#include "store/tables/table_block.h"

namespace pitot {

class TracesBlock final : public TableBlock {
 public:
  static constexpr std::string_view kTable = "traces";

  TracesBlock();
  ~TracesBlock();

  // Cheapest in the order of (keep_days, day of start, project, hour of start, trace_id).
  void Append(std::string_view project, uint16_t keep_days, const TraceRow& row);

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

}  // namespace pitot
