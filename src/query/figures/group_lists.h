// query/figures/group_lists.h
//
// What each list of groups shows: keys, columns, and which spans belong. A column is a row of a table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "query/figures/groups.h"

namespace pitot {

enum class ColumnType : uint8_t {
  kText,
  kNumber,
  kTime,    // Unix nanoseconds; 0 is null.
  kJson,    // As the engine writes it.
  kCounts,  // Two arrays, names and how often: an object.
  kHealth,  // When the last success was. The next column is the same of errors, and not shown itself.
  kHidden,
};

struct ListColumn {
  std::string_view name;
  std::string_view sql;  // An aggregate over facts AS f.
  ColumnType type = ColumnType::kNumber;
};

struct ListKey {
  std::string_view name;
  std::string_view sql;
};

// A column in milliseconds or tokens a second that is a quantile.
struct ListQuantile {
  std::string_view name;
  int permille;
};

// Quantiles of one value, from one scan.
struct ListQuantiles {
  std::string_view alias;
  std::string_view value;
  std::string_view condition;
  std::span<const ListQuantile> shown;
  double divisor;  // 1e6 makes milliseconds of nanoseconds.
};

struct ListSpec {
  std::string_view name;
  std::span<const ListKey> keys;  // One or two.
  std::string_view where;         // Which spans belong.
  bool calls_only;                // All of them are calls or count.
  std::string_view default_order;
  std::span<const ListColumn> before;  // Shown before the figures of money.
  std::span<const ListQuantiles> quantiles;
  std::span<const ListColumn> after;
};

const ListSpec& SpecOf(GroupList list);

}  // namespace pitot
