// The guard alone, on trees as the engine prints them.
#include "query/sql_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace pitot {
namespace {

constexpr std::string_view kTables[] = {"spans", "traces"};
const std::string kStored[] = {"facts", "spans"};

// A SELECT of one expression FROM one table, as EXPLAIN AST prints it; `lines` stand in the list of
// expressions, indented by four.
std::string Tree(std::string_view lines, std::string_view table = "TableIdentifier spans") {
  return fmt::format(
      "SelectWithUnionQuery (children 1)\n"
      " ExpressionList (children 1)\n"
      "  SelectQuery (children 2)\n"
      "   ExpressionList (children 1)\n"
      "{}"
      "   TablesInSelectQuery (children 1)\n"
      "    TablesInSelectQueryElement (children 1)\n"
      "     TableExpression (children 1)\n"
      "      {}\n",
      lines, table);
}

class SqlGuardTest : public ::testing::Test {
 protected:
  absl::Status Check(std::string_view tree, std::string_view text = "SELECT x FROM spans") {
    SqlGuardRules rules;
    rules.tables = kTables;
    rules.stored = kStored;
    rules.functions = &functions_;
    return CheckSql(text, tree, rules);
  }
  void ExpectAllowed(const char* why, std::string_view tree,
                     std::string_view text = "SELECT x FROM spans") {
    EXPECT_TRUE(Check(tree, text).ok()) << why << ": " << Check(tree, text).ToString();
  }
  void ExpectRefused(const char* why, std::string_view tree, const std::string& words,
                     std::string_view text = "SELECT x FROM spans") {
    const absl::Status status = Check(tree, text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << why;
    EXPECT_THAT(std::string(Message(status)), ::testing::HasSubstr(words)) << why;
  }

  const absl::flat_hash_set<std::string> functions_ = {"sum", "in", "plus"};
};

TEST_F(SqlGuardTest, Allows) {
  ExpectAllowed("a column", Tree("    Identifier x\n"));
  ExpectAllowed("an alias", Tree("    Identifier x (alias file)\n"));
  ExpectAllowed("a function in any case", Tree("    Function SUM (alias n) (children 1)\n"
                                               "     ExpressionList (children 1)\n"
                                               "      Identifier x\n"));
  ExpectAllowed("combinators", Tree("    Function sumArrayIf (children 1)\n"));
  ExpectAllowed("a table's alias",
                Tree("    Identifier x\n", "TableIdentifier traces (alias facts)"));
  ExpectAllowed("a subquery of its own", Tree("    Identifier x\n", "TableIdentifier mine"),
                "WITH mine AS (SELECT 1) SELECT x FROM mine");
  ExpectAllowed("IN a view", Tree("    Function in (children 1)\n     ExpressionList (children 2)\n"
                                  "      Identifier x\n      Identifier traces\n"));
  ExpectAllowed("a column IN a list", Tree("    Function in (children 1)\n"
                                           "     ExpressionList (children 2)\n"
                                           "      Identifier facts\n      Literal Tuple_(1, 2)\n"));
}

TEST_F(SqlGuardTest, Refuses) {
  ExpectRefused("nothing", "", "empty");
  ExpectRefused("another statement", "InsertQuery   (children 2)\n Identifier a\n",
                "only one SELECT");
  ExpectRefused("an unknown node", Tree("    QueryParameter x\n"), "QueryParameter");
  ExpectRefused("settings", Tree("    Identifier x\n") + "   Set\n", "SETTINGS");
  ExpectRefused("output of a SELECT", Tree("    Identifier x\n") + " Literal '/tmp/x'\n",
                "OUTFILE");
  ExpectRefused("a stored table", Tree("    Identifier x\n", "TableIdentifier facts"), "facts");
  ExpectRefused("a qualified table", Tree("    Identifier x\n", "TableIdentifier pitot.spans"),
                "pitot.spans");
  ExpectRefused("a table function", Tree("    Identifier x\n", "Function file (children 1)"),
                "table function file");
  ExpectRefused("a table function named as an allowed function",
                Tree("    Identifier x\n", "Function sum (children 1)"), "table function sum");
  ExpectRefused("a function", Tree("    Function file (children 1)\n"), "function file");
  ExpectRefused("a function without a name", Tree("    Function (children 1)\n"), "function");
  ExpectRefused("a combinator's name alone", Tree("    Function if (children 1)\n"), "function if");
  ExpectRefused("IN a stored table",
                Tree("    Function notIn (children 1)\n     ExpressionList (children 2)\n"
                     "      Identifier x\n      Identifier facts\n"),
                "not");
  ExpectRefused("a second root", Tree("    Identifier x\n") + "Identifier y\n", "cannot be read");
  ExpectRefused("a subquery named as a stored table", Tree("    Identifier x\n"),
                "cannot be called", "WITH facts AS (SELECT 1) SELECT x FROM facts");
  ExpectRefused("a subquery named as a view", Tree("    Identifier x\n"), "cannot be called",
                "WITH a AS (SELECT 1), traces AS (SELECT 1) SELECT x FROM traces");
  ExpectRefused("recursion", Tree("    Identifier x\n"), "RECURSIVE",
                "WITH RECURSIVE a AS (SELECT 1) SELECT x FROM a");
  ExpectRefused("an escape in a name", Tree("    Identifier x\n"), "line break",
                "SELECT `a\\nb` FROM spans");
}

TEST_F(SqlGuardTest, TextsAreNotNames) {
  ExpectAllowed("an escape in a text", Tree("    Identifier x\n"), R"(SELECT 'a\n`\'' FROM spans)");
  ExpectRefused("a subquery named in a text only",
                Tree("    Identifier x\n", "TableIdentifier mine"), "mine",
                "SELECT 'mine AS (SELECT 1)' FROM mine");
}

}  // namespace
}  // namespace pitot
