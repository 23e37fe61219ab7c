#include <fmt/format.h>

#include <algorithm>

#include "query/filter/ast.h"
#include "query/filter/lexer.h"

namespace pitot {
namespace {

std::string FieldText(const FilterNode& term) {
  if (term.field->type != FieldType::kKeyed) return std::string(term.field->name);
  const bool bare = std::ranges::all_of(term.key, IsWordByte);
  return fmt::format("{}{}", term.field->name, bare ? term.key : QuoteFilterText(term.key));
}

std::string List(const FilterNode& term) {
  std::string list;
  for (const FilterValue& value : term.values) {
    list += list.empty() ? "" : ", ";
    list += value.print;
  }
  return list;
}

std::string Term(const FilterNode& term, bool negated) {
  const auto compared = [&](std::string_view op, std::string_view value) {
    return fmt::format("{} {} {}", FieldText(term), op, value);
  };
  switch (term.op) {
    case FilterOp::kFullText:
      return fmt::format("{}{}", negated ? "NOT " : "", term.values.front().print);
    case FilterOp::kIsNull:
      return compared(negated ? "!=" : "=", "null");
    case FilterOp::kMatches:
      return compared(negated ? "!~" : "~", term.values.front().print);
    case FilterOp::kIn:
      if (term.values.size() == 1) {
        return compared(negated ? "!=" : "=", term.values.front().print);
      }
      return compared(negated ? "NOT in" : "in", fmt::format("({})", List(term)));
    default:
      break;
  }
  const std::string_view op = term.op == FilterOp::kLess        ? "<"
                              : term.op == FilterOp::kLessEqual ? "<="
                              : term.op == FilterOp::kGreater   ? ">"
                                                                : ">=";
  return fmt::format("{}{}", negated ? "NOT " : "", compared(op, term.values.front().print));
}

// Brackets where AND stands within OR too, so that nobody needs to know which binds tighter.
std::string Child(const FilterNode& node) {
  const bool compound = node.kind == FilterNodeKind::kAnd || node.kind == FilterNodeKind::kOr;
  return compound ? fmt::format("({})", PrintFilter(node)) : PrintFilter(node);
}

}  // namespace

std::string PrintFilter(const FilterNode& node) {
  switch (node.kind) {
    case FilterNodeKind::kTerm:
      return Term(node, false);
    case FilterNodeKind::kNot: {
      const FilterNode& child = *node.children.front();
      return child.kind == FilterNodeKind::kTerm ? Term(child, true) : "NOT " + Child(child);
    }
    default:
      break;
  }
  std::string text;
  for (const FilterNodePtr& child : node.children) {
    if (!text.empty()) text += node.kind == FilterNodeKind::kAnd ? " AND " : " OR ";
    text += Child(*child);
  }
  return text;
}

}  // namespace pitot
