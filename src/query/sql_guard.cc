#include "query/sql_guard.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

// Node kinds of a SELECT over tables and subqueries. Not here, so refused: SETTINGS (Set), query
// parameters, EXPLAIN and SHOW as subqueries, table overrides, every statement but SELECT.
constexpr std::string_view kNodes[] = {
    "SelectWithUnionQuery",
    "SelectIntersectExceptQuery",
    "SelectQuery",
    "ExpressionList",
    "Subquery",
    "WithElement",
    "TablesInSelectQuery",
    "TablesInSelectQueryElement",
    "TableExpression",
    "TableIdentifier",
    "TableJoin",
    "ArrayJoin",
    "Function",
    "Identifier",
    "Literal",
    "Asterisk",
    "QualifiedAsterisk",
    "ColumnsTransformerList",
    "ColumnsExceptTransformer",
    "ColumnsReplaceTransformer",
    "ColumnsReplaceTransformer::Replacement",
    "OrderByElement",
    "GroupingSet",
    "WindowListElement",
    "WindowDefinition",
    "SampleRatio",
    "InterpolateElement",
};

// Written as functions by the parser, yet in no list of functions.
constexpr std::string_view kSyntax[] = {"lambda", "exists", "grouping"};

// An aggregate function's name may end in these, in any number: sumIf, uniqArrayIf.
constexpr std::string_view kCombinators[] = {
    "if",    "array",   "map",      "distinct", "ornull", "ordefault", "state",
    "merge", "foreach", "resample", "argmin",   "argmax", "mergestate"};

constexpr std::string_view kInFunctions[] = {
    "in",
    "notin",
    "globalin",
    "globalnotin",
    "nullin",
    "notnullin",
    "globalnullin",
    "globalnotnullin",
    "inignoreset",
    "notinignoreset",
    "globalinignoreset",
    "globalnotinignoreset",
    "nullinignoreset",
    "notnullinignoreset",
    "globalnullinignoreset",
    "globalnotnullinignoreset",
};

struct Node {
  size_t depth = 0;
  std::string_view kind;
  std::string_view name;  // The word after the kind; empty for most.
};

// "   Function count (alias n) (children 1)" -> {3, "Function", "count"}.
Node ParseNode(std::string_view line) {
  Node node;
  node.depth = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(node.depth);
  const size_t space = line.find(' ');
  node.kind = line.substr(0, space);
  if (space == std::string_view::npos) return node;
  std::string_view rest = line.substr(space + 1);
  if (rest.starts_with('(')) return node;
  if (const size_t children = rest.rfind(" (children "); children != std::string_view::npos) {
    rest = rest.substr(0, children);
  }
  if (const size_t alias = rest.find(" (alias "); alias != std::string_view::npos) {
    rest = rest.substr(0, alias);
  }
  node.name = rest;
  return node;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Quoted names with escapes could hold line breaks, which would forge lines of the printed tree.
bool HasEscapedName(std::string_view sql) {
  for (size_t at = 0; at < sql.size(); ++at) {
    const char quote = sql[at];
    if (quote != '\'' && quote != '`' && quote != '"') continue;
    for (++at; at < sql.size() && sql[at] != quote; ++at) {
      if (sql[at] != '\\') continue;
      if (quote != '\'') return true;
      ++at;
    }
  }
  return false;
}

// Names that the statement itself gives to subqueries: NAME in `WITH NAME AS (`. The formatted text
// has one space between tokens. More names than are in scope may be found: that only lets the
// engine look for a table that is in no database it knows (see RunSql).
std::vector<std::string_view> NamedSubqueries(std::string_view sql) {
  std::vector<std::string_view> names;
  std::string_view word;
  std::string_view before;
  for (size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    if (c == '\'' || c == '`' || c == '"') {
      for (++at; at < sql.size() && sql[at] != c; ++at) at += sql[at] == '\\' ? 1 : 0;
      ++at;
      before = word = {};
    } else if (IsWordByte(c)) {
      const size_t begin = at;
      while (at < sql.size() && IsWordByte(sql[at])) ++at;
      before = word;
      word = sql.substr(begin, at - begin);
    } else {
      if (c == '(' && word == "AS" && !before.empty()) names.push_back(before);
      if (c != ' ') before = word = {};
      ++at;
    }
  }
  return names;
}

class Checker {
 public:
  Checker(std::string_view formatted, const SqlGuardRules& rules)
      : rules_(rules), named_(NamedSubqueries(formatted)) {}

  absl::Status Check(std::string_view ast) {
    std::vector<Node> path;  // Ancestors of the node at hand.
    bool first = true;
    for (const std::string_view line : SplitText(ast, '\n')) {
      if (line.empty()) continue;
      const Node node = ParseNode(line);
      if (first && node.kind != "SelectWithUnionQuery") {
        return InvalidArgument("only one SELECT is allowed, this is {}", line);
      }
      if (!first && node.depth == 0) {
        return InvalidArgument("a name in this statement cannot be read: {}", line);
      }
      first = false;
      path.resize(std::min(path.size(), node.depth));
      RETURN_IF_ERROR(CheckNode(node, path));
      path.push_back(node);
    }
    if (first) return InvalidArgument("the statement is empty");
    return absl::OkStatus();
  }

 private:
  absl::Status CheckNode(const Node& node, const std::vector<Node>& path) {
    const std::string_view parent = path.empty() ? "" : path.back().kind;
    if (parent == "SelectWithUnionQuery" && node.kind != "ExpressionList") {
      return InvalidArgument("INTO OUTFILE, FORMAT and SETTINGS are not allowed");
    }
    if (node.kind == "Set") return InvalidArgument("SETTINGS are not allowed");
    if (std::ranges::find(kNodes, node.kind) == std::end(kNodes)) {
      return InvalidArgument("{} is not allowed in a query", node.kind);
    }
    if (node.kind == "TableIdentifier") return CheckTable(node.name);
    if (node.kind == "Function") {
      if (parent == "TableExpression") {
        return InvalidArgument("table function {} is not allowed; the tables are {}", node.name,
                               fmt::join(rules_.tables, ", "));
      }
      return CheckFunction(node.name);
    }
    // `x IN name` reads the table of that name.
    if (node.kind == "Identifier" && path.size() >= 2 && parent == "ExpressionList" &&
        path[path.size() - 2].kind == "Function" &&
        std::ranges::find(kInFunctions, LowerCase(path[path.size() - 2].name)) !=
            std::end(kInFunctions)) {
      return CheckInOperand(node);
    }
    return absl::OkStatus();
  }

  absl::Status CheckTable(std::string_view name) const {
    if (std::ranges::find(rules_.tables, name) != rules_.tables.end()) return absl::OkStatus();
    if (std::ranges::find(named_, name) != named_.end()) return absl::OkStatus();
    return InvalidArgument("table {} does not exist here; the tables are {}{}", name,
                           fmt::join(rules_.tables, ", "), DidYouMean(name, rules_.tables));
  }

  absl::Status CheckFunction(std::string_view name) const {
    const std::string lower = LowerCase(name);
    if (std::ranges::find(kSyntax, lower) != std::end(kSyntax) || IsAllowed(lower)) {
      return absl::OkStatus();
    }
    return InvalidArgument("function {} is not allowed", name);
  }

  bool IsAllowed(const std::string& lower) const {
    if (rules_.functions->contains(lower)) return true;
    return std::ranges::any_of(kCombinators, [&](std::string_view suffix) {
      return lower.size() > suffix.size() && lower.ends_with(suffix) &&
             IsAllowed(lower.substr(0, lower.size() - suffix.size()));
    });
  }

  // Columns are plain names, tables may be any: an operand with a dot could be either.
  absl::Status CheckInOperand(const Node& node) const {
    if (node.name.find('.') == std::string_view::npos) return absl::OkStatus();
    return InvalidArgument("IN with {} is not allowed: write IN (SELECT ...)", node.name);
  }

  const SqlGuardRules& rules_;
  const std::vector<std::string_view> named_;
};

}  // namespace

absl::Status CheckSql(std::string_view formatted, std::string_view ast,
                      const SqlGuardRules& rules) {
  if (HasEscapedName(formatted)) {
    return InvalidArgument("quoted names with a backslash or a line break are not allowed");
  }
  return Checker(formatted, rules).Check(ast);
}

}  // namespace pitot
