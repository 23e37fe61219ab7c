// query/figures/answer.h
//
// From rows of the engine to the JSON of an answer.
#pragma once

#include <absl/status/statusor.h>

#include <boost/json/array.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/scope.h"

namespace pitot {

// The rows of a statement.
struct Table {
  boost::json::array rows;    // Of arrays: the columns.
  boost::json::array totals;  // The row of WITH TOTALS; empty without it.
  uint64_t rows_before_limit = 0;
};

// Runs `sql` and reads its answer. `columns` is how many columns each row has: another number is
// kInternal, so that whoever reads the rows need not check.
absl::StatusOr<Table> ReadTable(const QueryContext& context, std::string_view sql,
                                std::vector<SqlParam> params, size_t columns);

// A column of numbers; what is no number is 0.
int64_t IntAt(const boost::json::array& row, size_t column);
double DoubleAt(const boost::json::array& row, size_t column);
// A column of text; what is none is empty.
std::string_view TextAt(const boost::json::array& row, size_t column);

// 2026-11-20T07:00:43.820000000Z, as the engine writes times.
std::string IsoTime(UnixNanos time);
// {"since":"...","until":"..."}
std::string WindowJson(const Window& window);
// Text as a JSON string.
std::string JsonText(std::string_view text);
// Nanoseconds as milliseconds; null when there is no value.
std::string MillisJson(std::optional<double> ns);
// A number, or null.
std::string NumberJson(std::optional<double> value);

}  // namespace pitot
