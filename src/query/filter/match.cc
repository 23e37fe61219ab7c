#include <re2/re2.h>

#include <algorithm>

#include "base/hex.h"
#include "query/filter/ast.h"
#include "query/filter/filter.h"
#include "query/filter/json_scalar.h"

namespace pitot {
namespace {

bool Occurs(const FilterNode& term, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *term.regex);
}

bool ContentsMatch(const FilterNode& term, const Span& span) {
  for (const auto pieces :
       {span.input, span.output, span.system, span.tool_definitions, span.reasoning}) {
    for (const Piece& piece : pieces) {
      // A content that was moved away is unknown here.
      const bool known = !piece.text.empty() || piece.hash.empty();
      if (known && Occurs(term, piece.text)) return true;
    }
  }
  return false;
}

template <typename T>
bool Ordered(const T& left, FilterOp op, const T& right) {
  switch (op) {
    case FilterOp::kLess:
      return left < right;
    case FilterOp::kLessEqual:
      return left <= right;
    case FilterOp::kGreater:
      return left > right;
    case FilterOp::kGreaterEqual:
      return left >= right;
    default:
      return left == right;
  }
}

double Real(const FieldValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  return std::get<double>(value);
}

bool KeyedHolds(std::string_view text, FilterOp op, const FilterValue& right) {
  if (op == FilterOp::kIn && text == right.text) return true;
  if (right.number) {
    const std::optional<double> left = ReadNumber(text);
    return left && Ordered(*left, op, *right.number);
  }
  return op != FilterOp::kIn && !text.empty() && Ordered<std::string_view>(text, op, right.text);
}

bool ValueHolds(const FilterNode& term, const FieldValue& left, const FilterValue& right) {
  switch (term.field->type) {
    case FieldType::kText:
    case FieldType::kEnum:
    case FieldType::kId:
    case FieldType::kList:
      return std::get<std::string_view>(left) == right.text;
    case FieldType::kKeyed:
      return KeyedHolds(std::get<std::string_view>(left), term.op, right);
    case FieldType::kNumber:
      return Ordered(Real(left), term.op, *right.number);
    default:
      return Ordered(std::get<int64_t>(left), term.op, right.integer);
  }
}

// Empty texts are null: where one is asked for, null is meant.
bool NullHolds(const FilterNode& term) {
  if (term.op == FilterOp::kIsNull) return true;
  const bool empty_is_null =
      term.field->type == FieldType::kText || term.field->type == FieldType::kKeyed;
  return term.op == FilterOp::kIn && empty_is_null &&
         std::ranges::any_of(term.values,
                             [](const FilterValue& value) { return value.text.empty(); });
}

bool TermHolds(const FilterNode& term, const Span& span) {
  if (term.op == FilterOp::kFullText) {
    return Occurs(term, span.name) || Occurs(term, span.status_message) ||
           ContentsMatch(term, span);
  }
  FieldValues own;
  if (term.field->own != nullptr) term.field->own(span, term.key, own);
  if (own.values.empty()) return NullHolds(term);
  return std::ranges::any_of(own.values, [&](const FieldValue& value) {
    if (term.op == FilterOp::kIsNull) return false;
    if (term.op == FilterOp::kMatches) {
      const std::string_view text = std::get<std::string_view>(value);
      return Occurs(term, term.field->type == FieldType::kId ? ToHex(text) : std::string(text));
    }
    return std::ranges::any_of(
        term.values, [&](const FilterValue& right) { return ValueHolds(term, value, right); });
  });
}

bool Holds(const FilterNode& node, const Span& span) {
  const auto holds = [&](const FilterNodePtr& child) { return Holds(*child, span); };
  switch (node.kind) {
    case FilterNodeKind::kAnd:
      return std::ranges::all_of(node.children, holds);
    case FilterNodeKind::kOr:
      return std::ranges::any_of(node.children, holds);
    case FilterNodeKind::kNot:
      return !holds(node.children.front());
    case FilterNodeKind::kTerm:
      break;
  }
  return TermHolds(node, span);
}

}  // namespace

bool MatchesFilter(const Filter& filter, const Span& span) {
  return filter.empty() || Holds(*filter.root(), span);
}

}  // namespace pitot
