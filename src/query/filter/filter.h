// query/filter/filter.h
//
// The filter language: one expression over a span, the same in the API (q=), the command line and the
// pages. docs/filter.md is its description, query/filter/fields.h its table of fields.
//
//   kind = llm AND model ~ "^gpt" AND cost > 0.05usd "refund"
//
//   expr  = or ;  or = and { "OR" and } ;  and = not { ["AND"] not } ;
//   not   = [ "NOT" ] ( "(" or ")" | term ) ;
//   term  = field op value | field [ "NOT" ] "in" "(" value { "," value } ")"
//         | field ( "=" | "!=" ) "null" | quoted ;
//   op    = "=" | "!=" | ">" | ">=" | "<" | "<=" | "~" | "!~" ;
//   field = name | "attr." key | "tag." key | "trace." name ;
//   value = quoted | number [ unit ] | bare ;  bare = [A-Za-z0-9_.:/*@-]+ ;
//   unit  = ns us ms s m h d | usd
//
// Keywords in any case, fields in lower case. A bare number is milliseconds for durations, US dollars
// for cost. `~` is unanchored RE2. `!=`, `!~` and NOT hold for null. A quoted text alone is full text
// over names, messages and contents. In a list of traces, a trace matches when one of its spans
// satisfies the whole expression; trace.* is taken of that span's trace.
//
// Values never become SQL text: a filter compiles to fixed pieces and bound parameters.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/span.h"
#include "store/engine.h"

namespace pitot {

struct FilterNode;  // query/filter/ast.h

// Immutable and cheap to copy. Thread-safe.
class Filter {
 public:
  // Matches everything.
  Filter() = default;
  explicit Filter(std::string text, std::shared_ptr<const FilterNode> root)
      : text_(std::move(text)), root_(std::move(root)) {}

  bool empty() const { return root_ == nullptr; }
  const std::string& text() const { return text_; }
  const FilterNode* root() const { return root_.get(); }

 private:
  std::string text_;
  std::shared_ptr<const FilterNode> root_;
};

// kInvalidArgument: what is wrong, the position (from 1, in characters) and the nearest known name:
//   q, position 8: no field "modell"; did you mean "model"?
// Bounded: limits.filter_bytes of text, limits.filter_terms terms, limits.filter_depth parentheses,
// limits.filter_regex_bytes a pattern. Blank text is the empty filter.
struct FilterLimits {
  size_t bytes = 16 << 10;
  size_t terms = 256;
  size_t depth = 64;
  size_t regex_bytes = 1024;
  size_t texts = 16;  // Full text terms: each reads the text index of the window's contents.
};
absl::StatusOr<Filter> ParseFilter(std::string_view text, const FilterLimits& limits = {});

// Both, as "(a) AND (b)"; an empty one adds nothing.
Filter And(const Filter& a, const Filter& b);

// A condition over `facts AS f` (store/schema/003_facts.sql), in parentheses, "1" for the empty
// filter. Fields that facts has not are looked up in spans, payloads or traces by subqueries, bounded
// by the same window. Parameters are named f0, f1, ...; two filters of one statement need prefixes
// that differ.
//
// The statement that uses it binds the window too: {project:String}, {since_ns:Int64},
// {until_ns:Int64} of the END of spans.
struct FilterSql {
  std::string sql;
  std::vector<SqlParam> params;
};
FilterSql CompileFilter(const Filter& filter, std::string_view prefix = "f");

// The same over a span in memory, for the live stream: own values only, since ancestors may be
// unknown yet. trace.* and full text over contents that are not in `span` hold for null.
bool MatchesFilter(const Filter& filter, const Span& span);

}  // namespace pitot
