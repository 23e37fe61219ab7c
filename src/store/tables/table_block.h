// store/tables/table_block.h
//
// What the writers of all tables share: one block of rows on its way into a table.
//
//   SpansBlock block;
//   for (const Span& span : spans) block.Append({project, keep_days, recv_ns, span});
//   engine.Insert(SpansBlock::kTable, block.Finish(), deadline);
//   block.Clear();  // Keeps the memory: reuse the block.
//
// Rows may come in any order; rows that come in the order of the table's key spare the engine a
// sort (the order stands at each Append).
// Thread-safety: none. Ownership: Append copies everything.
#pragma once

#include <cstddef>
#include <string_view>

#include "store/tables/native.h"

namespace pitot {

class TableBlock {
 public:
  TableBlock(const TableBlock&) = delete;
  TableBlock& operator=(const TableBlock&) = delete;

  size_t rows() const { return rows_; }
  // About the size of what Finish will return.
  size_t bytes() const { return block_.bytes(); }
  // The rows in Native format; valid until the next Finish or the block's end.
  std::string_view Finish() { return block_.Finish(rows_); }
  void Clear() {
    block_.Clear();
    rows_ = 0;
  }

 protected:
  TableBlock() = default;
  ~TableBlock() = default;

  NativeBlock block_;
  size_t rows_ = 0;
};

}  // namespace pitot
