// query/filter/ast.h
//
// A parsed filter. Immutable once parsed and shared between threads.
//
// `!=`, `!~`, `NOT in` and `!= null` are a kNot over the positive term: a positive term is false for
// null, and NOT is the plain complement, so that they hold for null.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/filter/fields.h"

namespace re2 {
class RE2;
}

namespace pitot {

enum class FilterNodeKind : uint8_t { kAnd, kOr, kNot, kTerm };

enum class FilterOp : uint8_t {
  kIn,  // Equal to one of the values; `=` has one value.
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kMatches,  // The regular expression `pattern` occurs in it.
  kIsNull,
  kFullText,  // No field: one of the span's texts contains `pattern`.
};

struct FilterValue {
  std::string text;  // As meant: without quotes and escapes. An id: its raw bytes.
  bool quoted = false;
  std::optional<double> number;  // Number fields; attr. and tag. when written as a number.
  int64_t integer = 0;           // Enum: its number. Nanoseconds, nano-USD, bool.
  std::string print;             // As in the normal form.
};

struct FilterNode;
using FilterNodePtr = std::shared_ptr<const FilterNode>;

struct FilterNode {
  FilterNodeKind kind = FilterNodeKind::kTerm;
  std::vector<FilterNodePtr> children;  // kAnd, kOr: two or more; kNot: one.

  // Of a term.
  FilterOp op = FilterOp::kIn;
  const FilterField* field = nullptr;
  std::string key;  // Of attr. and tag.
  std::vector<FilterValue> values;
  std::string pattern;
  std::shared_ptr<const re2::RE2> regex;  // `pattern`, compiled.
  // Full text: for each of these, a text that contains the pattern has one of the words as a token
  // of the text index on payloads. What narrows a search; empty when nothing can be said.
  std::vector<std::vector<std::string>> tokens;
};

// The normal form: parses to the same filter.
std::string PrintFilter(const FilterNode& node);

}  // namespace pitot
