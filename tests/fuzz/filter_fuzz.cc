// Filters: whatever parses prints to what parses to the same, and compiles.
#include <cstdint>
#include <string>
#include <string_view>

#include "query/filter/ast.h"
#include "query/filter/filter.h"

namespace {

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

bool Same(const pitot::FilterNode& a, const pitot::FilterNode& b) {
  if (a.kind != b.kind || a.op != b.op || a.field != b.field || a.key != b.key ||
      a.pattern != b.pattern || a.tokens != b.tokens || a.values.size() != b.values.size() ||
      a.children.size() != b.children.size()) {
    return false;
  }
  for (size_t i = 0; i < a.values.size(); ++i) {
    if (a.values[i].text != b.values[i].text || a.values[i].number != b.values[i].number ||
        a.values[i].integer != b.values[i].integer) {
      return false;
    }
  }
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!Same(*a.children[i], *b.children[i])) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto filter = pitot::ParseFilter(text);
  if (!filter.ok()) {
    Check(filter.status().code() == absl::StatusCode::kInvalidArgument);
    Check(filter.status().message().size() < 500);
    return 0;
  }
  if (filter->empty()) return 0;
  const std::string printed = pitot::PrintFilter(*filter->root());
  // Spelt out, a filter may be longer and deeper than it was written.
  const auto again = pitot::ParseFilter(printed, {.bytes = 1 << 20, .depth = 1000});
  Check(again.ok());
  Check(Same(*filter->root(), *again->root()));
  Check(pitot::PrintFilter(*again->root()) == printed);

  const pitot::FilterSql sql = pitot::CompileFilter(*filter);
  Check(sql.sql.starts_with('('));
  const pitot::FilterSql doubled = pitot::CompileFilter(pitot::And(*filter, *again));
  Check(doubled.params.size() >= sql.params.size());
  pitot::MatchesFilter(*filter, pitot::Span{});
  return 0;
}
