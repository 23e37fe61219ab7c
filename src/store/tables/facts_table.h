// store/tables/facts_table.h
//
// Writes rows of `facts`: what the resolver made of each span (schema/003_facts.sql).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model/facts.h"
#include "store/tables/table_block.h"

namespace pitot {

class FactsBlock final : public TableBlock {
 public:
  static constexpr std::string_view kTable = "facts";

  FactsBlock();
  ~FactsBlock();

  // Cheapest in the order of (keep_days, day of end, project, is_call, minute of end, trace_id,
  // span_id).
  void Append(std::string_view project, uint16_t keep_days, const FactRow& row);

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

}  // namespace pitot
