#include <re2/re2.h>

#include <algorithm>

#include "base/status.h"
#include "base/text.h"
#include "query/filter/ast.h"
#include "query/filter/filter.h"
#include "query/filter/lexer.h"
#include "query/filter/phrase.h"
#include "query/filter/value.h"

namespace pitot {
namespace {

// Of one compiled expression. One that needs more is refused when it is parsed.
constexpr int64_t kRegexMemoryBytes = 1 << 20;

FilterNodePtr Combine(FilterNodeKind kind, std::vector<FilterNodePtr> children) {
  if (children.size() == 1) return children.front();
  auto node = std::make_shared<FilterNode>();
  node->kind = kind;
  for (FilterNodePtr& child : children) {
    if (child->kind == kind) {
      node->children.insert(node->children.end(), child->children.begin(), child->children.end());
    } else {
      node->children.push_back(std::move(child));
    }
  }
  return node;
}

FilterNodePtr Negate(FilterNodePtr child) {
  if (child->kind == FilterNodeKind::kNot) return child->children.front();
  auto node = std::make_shared<FilterNode>();
  node->kind = FilterNodeKind::kNot;
  node->children.push_back(std::move(child));
  return node;
}

std::string OperatorList(FieldType type) {
  std::string list;
  for (const std::string_view op : OperatorsOf(type)) {
    list += list.empty() ? "" : " ";
    list += op;
  }
  return list;
}

class Parser {
 public:
  Parser(const FilterText& text, const std::vector<FilterToken>& tokens, const FilterLimits& limits)
      : text_(text), tokens_(tokens), limits_(limits) {}

  absl::StatusOr<FilterNodePtr> Run() {
    ASSIGN_OR_RETURN(FilterNodePtr root, Or(0));
    if (Now().kind == TokenKind::kClose) {
      return text_.Error(Now().begin, "this bracket was never opened");
    }
    if (Now().kind != TokenKind::kEnd) return Unexpected();
    return root;
  }

 private:
  const FilterToken& Now() const { return tokens_[at_]; }
  const FilterToken& Ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }

  static bool Is(const FilterToken& token, std::string_view keyword) {
    return token.kind == TokenKind::kWord && EqualsIgnoreCase(token.text, keyword);
  }

  absl::StatusOr<FilterNodePtr> Or(size_t depth) {
    std::vector<FilterNodePtr> children;
    do {
      if (!children.empty()) ++at_;
      ASSIGN_OR_RETURN(FilterNodePtr child, And(depth));
      children.push_back(std::move(child));
    } while (Is(Now(), "or"));
    return Combine(FilterNodeKind::kOr, std::move(children));
  }

  absl::StatusOr<FilterNodePtr> And(size_t depth) {
    std::vector<FilterNodePtr> children;
    while (true) {
      ASSIGN_OR_RETURN(FilterNodePtr child, Not(depth));
      children.push_back(std::move(child));
      if (Is(Now(), "and")) {
        ++at_;
      } else if (!StartsTerm()) {
        return Combine(FilterNodeKind::kAnd, std::move(children));
      }
    }
  }

  bool StartsTerm() const {
    const TokenKind kind = Now().kind;
    return kind == TokenKind::kQuoted || kind == TokenKind::kOpen ||
           (kind == TokenKind::kWord && !Is(Now(), "or"));
  }

  absl::StatusOr<FilterNodePtr> Not(size_t depth) {
    const bool negated = Is(Now(), "not");
    if (negated) ++at_;
    if (Now().kind != TokenKind::kOpen) {
      ASSIGN_OR_RETURN(FilterNodePtr term, Term());
      return negated ? Negate(std::move(term)) : std::move(term);
    }
    if (depth == limits_.depth) {
      return text_.Error(Now().begin,
                         "more than {} brackets within each other (limits.filter_depth)",
                         limits_.depth);
    }
    const size_t open = Now().begin;
    ++at_;
    ASSIGN_OR_RETURN(FilterNodePtr inner, Or(depth + 1));
    if (Now().kind == TokenKind::kEnd) return text_.Error(open, "this bracket is not closed");
    if (Now().kind != TokenKind::kClose) return Unexpected();
    ++at_;
    return negated ? Negate(std::move(inner)) : std::move(inner);
  }

  absl::StatusOr<FilterNodePtr> Term() {
    const FilterToken& token = Now();
    if (token.kind != TokenKind::kQuoted &&
        (token.kind != TokenKind::kWord || IsFilterKeyword(token.text))) {
      return Unexpected();
    }
    if (++terms_ > limits_.terms) {
      return text_.Error(token.begin, "more than {} terms (limits.filter_terms)", limits_.terms);
    }
    if (token.kind == TokenKind::kQuoted) return FullText();
    auto term = std::make_shared<FilterNode>();
    RETURN_IF_ERROR(Field(*term));
    return Comparison(std::move(term));
  }

  absl::StatusOr<FilterNodePtr> FullText() {
    const FilterToken& token = Now();
    auto term = std::make_shared<FilterNode>();
    term->op = FilterOp::kFullText;
    term->values.push_back({.text = token.text, .print = QuoteFilterText(token.text)});
    if (TrimText(token.text).empty()) {
      return text_.Error(token.begin, "an empty text to search for");
    }
    if (++texts_ > limits_.texts) {
      return text_.Error(token.begin, "more than {} texts to search for", limits_.texts);
    }
    Phrase phrase = MakePhrase(token.text);
    term->tokens = std::move(phrase.tokens);
    RETURN_IF_ERROR(Compile(token, "text", token.text.size(), phrase.pattern, *term));
    ++at_;
    return term;
  }

  // Leaves the token after the field.
  absl::Status Field(FilterNode& term) {
    const FilterToken& token = Now();
    const std::string_view word = token.text;
    for (const std::string_view prefix : {"attr.", "tag."}) {
      if (word.starts_with(prefix)) return Keyed(prefix, term);
    }
    const bool is_field = FindField(word) != nullptr;
    const TokenKind next = Ahead().kind;
    const bool compared = next == TokenKind::kOperator || Is(Ahead(), "in") || Is(Ahead(), "not");
    if (!is_field && !compared) {
      const std::string_view nearest = NearestField(word);
      return text_.Error(token.begin,
                         "\"{}\" alone is no term; put words to search for in quotes, or compare a "
                         "field, as in {} = value",
                         Shortened(word), nearest.empty() ? "name" : nearest);
    }
    if (!is_field) {
      const std::string_view nearest = NearestField(word);
      if (nearest.empty()) {
        return text_.Error(token.begin, "no field \"{}\"; GET /api/v1/fields lists them",
                           Shortened(word));
      }
      return text_.Error(token.begin, "no field \"{}\"; did you mean \"{}\"?", Shortened(word),
                         nearest);
    }
    term.field = FindField(word);
    ++at_;
    return absl::OkStatus();
  }

  absl::Status Keyed(std::string_view prefix, FilterNode& term) {
    const FilterToken& token = Now();
    term.field = FindField(prefix);
    term.key = token.text.substr(prefix.size());
    ++at_;
    const bool quoted_key = term.key.empty() && Now().kind == TokenKind::kQuoted &&
                            Now().begin == token.begin + prefix.size();
    if (quoted_key) term.key = tokens_[at_++].text;
    if (!term.key.empty()) return absl::OkStatus();
    return text_.Error(token.begin, "after \"{}\" a key is expected, as in {}x or {}\"a b\"",
                       prefix, prefix, prefix);
  }

  absl::StatusOr<FilterNodePtr> Comparison(std::shared_ptr<FilterNode> term) {
    if (Is(Now(), "in")) {
      RETURN_IF_ERROR(List(*term));
      return term;
    }
    if (Is(Now(), "not") && Is(Ahead(), "in")) {
      ++at_;
      RETURN_IF_ERROR(List(*term));
      return Negate(std::move(term));
    }
    if (Now().kind != TokenKind::kOperator) {
      return text_.Error(Now().begin, "after {} one of {} is expected", FieldName(*term),
                         OperatorList(term->field->type));
    }
    const std::string op = Now().text;
    RETURN_IF_ERROR(CheckOperator(*term, op));
    ++at_;
    RETURN_IF_ERROR(Operand(*term, op));
    if (op.starts_with('!')) return Negate(std::move(term));
    return term;
  }

  absl::Status CheckOperator(const FilterNode& term, std::string_view op) const {
    const auto operators = OperatorsOf(term.field->type);
    if (std::ranges::find(operators, op) != operators.end()) return absl::OkStatus();
    return text_.Error(Now().begin, "{} takes {}, not {}", FieldName(term),
                       OperatorList(term.field->type), op);
  }

  absl::Status Operand(FilterNode& term, std::string_view op) {
    const FilterToken& token = Now();
    if (Is(token, "null")) {
      if (op != "=" && op != "!=") {
        return text_.Error(token.begin, "null takes = and !=, not {}", op);
      }
      term.op = FilterOp::kIsNull;
      ++at_;
      return absl::OkStatus();
    }
    if (op == "~" || op == "!~") {
      RETURN_IF_ERROR(ExpectValue(op));
      term.op = FilterOp::kMatches;
      RETURN_IF_ERROR(Compile(token, "regular expression", token.text.size(), token.text, term));
      const bool bare = !token.text.empty() && std::ranges::all_of(token.text, IsWordByte) &&
                        !IsFilterKeyword(token.text);
      term.values.push_back(
          {.text = token.text, .print = bare ? token.text : QuoteFilterText(token.text)});
      ++at_;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Value(term, op));
    term.op = op == "<"    ? FilterOp::kLess
              : op == "<=" ? FilterOp::kLessEqual
              : op == ">"  ? FilterOp::kGreater
              : op == ">=" ? FilterOp::kGreaterEqual
                           : FilterOp::kIn;
    return absl::OkStatus();
  }

  absl::Status ExpectValue(std::string_view after) const {
    const FilterToken& token = Now();
    const bool is_value = token.kind == TokenKind::kQuoted ||
                          (token.kind == TokenKind::kWord && !IsFilterKeyword(token.text));
    if (is_value) return absl::OkStatus();
    if (token.kind == TokenKind::kWord) {
      return text_.Error(token.begin, "after {} a value is expected; the word itself is \"{}\"",
                         after, token.text);
    }
    return text_.Error(token.begin, "after {} a value is expected", after);
  }

  absl::Status Value(FilterNode& term, std::string_view after) {
    RETURN_IF_ERROR(ExpectValue(after));
    ASSIGN_OR_RETURN(FilterValue value, ReadFilterValue(*term.field, Now(), text_));
    term.values.push_back(std::move(value));
    ++at_;
    return absl::OkStatus();
  }

  absl::Status List(FilterNode& term) {
    RETURN_IF_ERROR(CheckOperator(term, "in"));
    ++at_;
    if (Now().kind != TokenKind::kOpen) {
      return text_.Error(Now().begin, "after in a list is expected, as in {} in (a, b)",
                         FieldName(term));
    }
    const size_t open = Now().begin;
    std::string_view after = "(";
    do {
      ++at_;
      if (Now().kind == TokenKind::kEnd) return text_.Error(open, "this list is not closed");
      RETURN_IF_ERROR(Value(term, after));
      after = ",";
    } while (Now().kind == TokenKind::kComma);
    if (Now().kind == TokenKind::kEnd) return text_.Error(open, "this list is not closed");
    if (Now().kind != TokenKind::kClose) {
      return text_.Error(Now().begin, "in a list, a comma or a closing bracket is expected");
    }
    ++at_;
    return absl::OkStatus();
  }

  absl::Status Compile(const FilterToken& token, std::string_view what, size_t bytes,
                       const std::string& pattern, FilterNode& term) const {
    if (bytes > limits_.regex_bytes) {
      return text_.Error(token.begin, "a {} of {} bytes; at most {} (limits.filter_regex_bytes)",
                         what, bytes, limits_.regex_bytes);
    }
    // As the engine's match() does: UTF-8, and a dot matches line breaks.
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_max_mem(kRegexMemoryBytes);
    auto regex = std::make_shared<const re2::RE2>(pattern, options);
    if (!regex->ok()) {
      return text_.Error(token.begin, "this is no {}: {}", what, Shortened(regex->error()));
    }
    term.pattern = pattern;
    term.regex = std::move(regex);
    return absl::OkStatus();
  }

  std::string FieldName(const FilterNode& term) const {
    return fmt::format("{}{}", term.field->name, Shortened(term.key));
  }

  absl::Status Unexpected() const {
    const FilterToken& token = Now();
    switch (token.kind) {
      case TokenKind::kEnd:
        return text_.Error(token.begin, "a term is expected, but the filter ends here");
      case TokenKind::kOperator:
        return text_.Error(token.begin, "before {} a field is expected, as in model = gpt-4o",
                           token.text);
      default:
        return text_.Error(token.begin, "a term is expected, not {}", Shortened(token.written));
    }
  }

  const FilterText& text_;
  const std::vector<FilterToken>& tokens_;
  const FilterLimits& limits_;
  size_t at_ = 0;
  size_t terms_ = 0;
  size_t texts_ = 0;
};

}  // namespace

absl::StatusOr<Filter> ParseFilter(std::string_view text, const FilterLimits& limits) {
  if (text.size() > limits.bytes) {
    return InvalidArgument("q has {} bytes; at most {} (limits.filter_bytes)", text.size(),
                           limits.bytes);
  }
  const FilterText source(text);
  ASSIGN_OR_RETURN(const std::vector<FilterToken> tokens, LexFilter(source));
  if (tokens.size() == 1) return Filter();
  ASSIGN_OR_RETURN(FilterNodePtr root, Parser(source, tokens, limits).Run());
  return Filter(std::string(text), std::move(root));
}

Filter And(const Filter& a, const Filter& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  auto node = std::make_shared<FilterNode>();
  node->kind = FilterNodeKind::kAnd;
  const auto add = [&](const Filter& filter) {
    auto root = std::make_shared<FilterNode>(*filter.root());
    if (root->kind == FilterNodeKind::kAnd) {
      std::ranges::move(root->children, std::back_inserter(node->children));
    } else {
      node->children.push_back(std::move(root));
    }
  };
  add(a);
  add(b);
  return Filter(fmt::format("({}) AND ({})", a.text(), b.text()), std::move(node));
}

}  // namespace pitot
