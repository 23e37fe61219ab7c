// store/tables/state_table.h
//
// Writes rows of `state` (schema/006_state.sql).
#pragma once

#include <memory>
#include <string_view>

#include "store/state.h"
#include "store/tables/table_block.h"

namespace pitot {

class StateBlock final : public TableBlock {
 public:
  static constexpr std::string_view kTable = "state";

  StateBlock();
  ~StateBlock();

  // In any order: they are few.
  void Append(const StateEvent& event);

 private:
  struct Columns;
  std::unique_ptr<Columns> columns_;
};

}  // namespace pitot
