// query/filter/fields.h
//
// The one table of what can be asked of a span: parser, SQL, completion, grouping and
// docs/filter.md follow it. To add a field is to add a row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/span.h"

namespace pitot {

enum class FieldType : uint8_t {
  kText,  // Null: empty.
  kEnum,  // One of `values`. Null: the empty value.
  kNumber,
  kDuration,  // Nanoseconds.
  kMoney,     // Nano-USD.
  kTime,      // Unix nanoseconds.
  kBool,
  kId,     // Raw bytes; written as hex. Null: all zero.
  kList,   // Of texts: any of them. Null: none.
  kKeyed,  // attr.KEY and tag.KEY: text that may be a number.
};
// "text", "enum", ... as the API says it; kKeyed is "text".
std::string_view Name(FieldType type);

// The table that knows the field, and its alias in FilterField::sql.
enum class FieldTable : uint8_t {
  kFacts,   // f
  kSpans,   // s: as the span itself said, not inherited.
  kTraces,  // t: of the span's trace.
};

// The values of a field of one span: none is null, several are meant as "any of".
using FieldValue = std::variant<std::string_view, int64_t, double>;
struct FieldValues {
  std::vector<FieldValue> values;
  std::string storage;  // Of a text that stands nowhere in the span.
};

struct FilterField {
  std::string_view name;  // A keyed field ends in a dot: "attr.".
  FieldType type;
  FieldTable table;
  std::string_view sql;                      // Of the value, Nullable when it can be unknown.
  std::string_view group_sql;                // To group facts by; empty: not groupable.
  std::span<const std::string_view> values;  // Of an enum, by its stored number.
  std::string_view example;
  std::string_view description;
  // Appends what the span itself says. Null: nothing can be known of one span alone.
  void (*own)(const Span& span, std::string_view key, FieldValues& out);

  bool groupable() const { return !group_sql.empty(); }
};

// In the order of the documentation.
std::span<const FilterField> FilterFields();

// Null when there is none. A keyed field is found by "attr.", without a key.
const FilterField* FindField(std::string_view name);

// The nearest name of all, or empty.
std::string_view NearestField(std::string_view name);

// The operators that a field's type takes, in the order of the documentation: "=", "!=", ...
std::span<const std::string_view> OperatorsOf(FieldType type);
// Units of a type's numbers: "ns", ..., "usd"; empty for others.
std::span<const std::string_view> UnitsOf(FieldType type);

}  // namespace pitot
