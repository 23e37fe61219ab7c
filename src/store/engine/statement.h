// store/engine/statement.h
//
// What both engines do to a statement before it is sent: fixed session settings, quoting, and the
// text form of bound values.
#pragma once

#include <absl/status/status.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/engine.h"

namespace pitot {

// Set for every statement of either engine, so that both answer alike.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kSessionSettings = {{
    // A reply means written: the server must not collect inserts of its own.
    {"async_insert", "0"},
    // Merging rows of equal keys inside a block would double the CPU of an insert; merges do it.
    {"optimize_on_insert", "0"},
    // The text index is built by merges, once, not at every insert.
    {"materialize_skip_indexes_on_insert", "0"},
    // A row's partition depends on its key alone, so versions of one row never cross partitions. But
    // those of `spans`, by day of start: a span received again may start on another day, and whoever
    // reads spans by FINAL must tell its newest start or version from the rest.
    {"do_not_merge_across_partitions_select_final", "1"},
    // Imports of history touch more days at once than the default of 100 admits.
    {"max_partitions_per_insert_block", "1000"},
    {"output_format_json_quote_64bit_integers", "0"},
    // A block with a column its table lacks is refused, not stored without it.
    {"input_format_skip_unknown_fields", "0"},
    {"session_timezone", "UTC"},
    {"allow_introspection_functions", "0"},
}};

// 'it\'s' : a ClickHouse string literal.
std::string QuoteLiteral(std::string_view text);

// A table, column, setting or format name of ours: letters, digits and _.
bool IsPlainName(std::string_view name);

// The text of `param` as the engine reads it for the type it has in `sql`. Text types are read with
// backslash escapes, all others as they are.
std::string ParamText(std::string_view sql, const SqlParam& param);

// As many rows at a time make a piece of a stream: some megabytes of wide ones.
inline constexpr std::string_view kStreamBlockRows = "4096";

// Whether results of a format, written block by block, are together the result of all blocks: no head,
// no end, nothing around the rows.
bool IsRowFormat(std::string_view format);

absl::Status NobodyWaits();

inline bool IsCancelled(const QueryOptions& options) {
  return options.cancel != nullptr && options.cancel->cancelled();
}

// Without trailing white space and semicolons.
std::string_view TrimStatement(std::string_view sql);

// Seconds with milliseconds, as max_execution_time takes them; at least 0.001.
std::string DeadlineSeconds(std::chrono::milliseconds deadline);

// kInvalidArgument when a setting, format or parameter has a name that is not plain.
absl::Status CheckNames(const QueryOptions& options);

// options.settings, and before them what options.table_filters make: nothing can be set after
// `readonly`.
std::vector<SqlSetting> SettingsOf(const QueryOptions& options);

// "INSERT INTO spans": kInvalidArgument unless `table` is a plain name.
absl::StatusOr<std::string> InsertStatement(std::string_view table);

}  // namespace pitot
