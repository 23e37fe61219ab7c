// query/export/exported_span.h
//
// One row of `spans` as exports read it. Internal to query/export/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/arena.h"
#include "model/span.h"
#include "store/tables/row_binary.h"

namespace pitot {

// Texts are views into the row; arrays live in the arena. Pieces with a hash have no text yet.
struct ExportedSpan {
  Span span;
  // What the columns hold: JSON arrays, or nothing.
  std::string_view events;
  std::string_view links;
  bool has_cost_by_bucket = false;
};

// The columns in the order in which ReadExportedSpan reads them.
extern const std::string_view kExportedColumns;

// False when the row is cut or cannot be read.
bool ReadExportedSpan(RowBinaryReader& in, Arena& arena, ExportedSpan& out);

}  // namespace pitot
