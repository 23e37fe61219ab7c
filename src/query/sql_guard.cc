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
  size_t children = 0;    // Seen so far.
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

// What the formatted text says and the tree does not.
struct TextFacts {
  // Names that the statement gives to subqueries: NAME in `WITH NAME AS (`. Also those of windows,
  // which look alike; no harm, since a table of that name must not exist.
  std::vector<std::string_view> subqueries;
  bool recursive = false;  // WITH RECURSIVE
};

// The formatted text has one space between tokens and keywords in upper case.
TextFacts ReadText(std::string_view sql) {
  TextFacts facts;
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
      if (before == "WITH" && word == "RECURSIVE") facts.recursive = true;
    } else {
      if (c == '(' && word == "AS" && !before.empty()) facts.subqueries.push_back(before);
      if (c != ' ') before = word = {};
      ++at;
    }
  }
  return facts;
}

class Checker {
 public:
  Checker(std::string_view formatted, const SqlGuardRules& rules)
      : rules_(rules), text_(ReadText(formatted)) {}

  absl::Status Check(std::string_view ast) {
    RETURN_IF_ERROR(CheckText());
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
      if (!path.empty()) ++path.back().children;
      RETURN_IF_ERROR(CheckNode(node, path));
      path.push_back(node);
    }
    if (first) return InvalidArgument("the statement is empty");
    return absl::OkStatus();
  }

 private:
  absl::Status CheckText() const {
    if (text_.recursive) return InvalidArgument("WITH RECURSIVE is not allowed");
    for (const std::string_view name : text_.subqueries) {
      if (IsView(name) || std::ranges::find(rules_.stored, name) != rules_.stored.end()) {
        return InvalidArgument("a subquery cannot be called {}: choose another name", name);
      }
    }
    return absl::OkStatus();
  }

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
    if (node.kind == "Identifier" && IsInOperand(path)) return CheckInOperand(node.name);
    return absl::OkStatus();
  }

  absl::Status CheckTable(std::string_view name) const {
    if (IsView(name) || IsNamed(name)) return absl::OkStatus();
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

  // `x IN name` reads the table of that name.
  static bool IsInOperand(const std::vector<Node>& path) {
    if (path.size() < 2 || path.back().kind != "ExpressionList" || path.back().children != 2) {
      return false;
    }
    const Node& function = path[path.size() - 2];
    return function.kind == "Function" &&
           std::ranges::find(kInFunctions, LowerCase(function.name)) != std::end(kInFunctions);
  }

  absl::Status CheckInOperand(std::string_view name) const {
    if (IsView(name) || IsNamed(name)) return absl::OkStatus();
    return InvalidArgument(
        "IN {} is not allowed: write has({}, ...) for an array, IN (SELECT ...) "
        "for a table",
        name, name);
  }

  bool IsView(std::string_view name) const {
    return std::ranges::find(rules_.tables, name) != rules_.tables.end();
  }
  bool IsNamed(std::string_view name) const {
    return std::ranges::find(text_.subqueries, name) != text_.subqueries.end();
  }

  const SqlGuardRules& rules_;
  const TextFacts text_;
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
