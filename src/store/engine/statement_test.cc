#include "store/engine/statement.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/engine/engine_error.h"
#include "store/migrate.h"
#include "store/schema.h"

namespace pitot {
namespace {

using absl::StatusCode;

TEST(Statement, QuotesArrays) {
  EXPECT_EQ(QuoteArray({}), "[]");
  EXPECT_EQ(QuoteArray({"a", "it's", "b\\c\n"}), R"(['a','it\'s','b\\c\n'])");
}

TEST(Statement, EscapesTextParametersOnly) {
  const SqlParam param{"v", "a\\b\t[1]"};
  const auto text = [&](std::string_view sql) { return ParamText(sql, param); };
  EXPECT_EQ(text("SELECT {v:String}"), "a\\\\b\\t[1]");
  EXPECT_EQ(text("SELECT {v: String}"), "a\\\\b\\t[1]");
  EXPECT_EQ(text("SELECT {v:LowCardinality(Nullable(String))}"), "a\\\\b\\t[1]");
  EXPECT_EQ(text("SELECT {v:FixedString(8)}"), "a\\\\b\\t[1]");
  EXPECT_EQ(text("SELECT {v:Array(String)}"), param.value);
  EXPECT_EQ(text("SELECT {vv:String}, {v:Int64}"), param.value);
}

TEST(Statement, Trims) {
  EXPECT_EQ(TrimStatement("SELECT 1 ;\n; "), "SELECT 1");
  EXPECT_EQ(TrimStatement(" \n;"), "");
}

TEST(Statement, DeadlinesAreSecondsAndNeverNone) {
  EXPECT_EQ(DeadlineSeconds(std::chrono::milliseconds(1500)), "1.500");
  EXPECT_EQ(DeadlineSeconds(std::chrono::milliseconds(7)), "0.007");
  EXPECT_EQ(DeadlineSeconds(std::chrono::milliseconds(0)), "0.001") << "0 would mean no limit";
  EXPECT_EQ(DeadlineSeconds(std::chrono::milliseconds(-5)), "0.001");
}

TEST(EngineError, ReadsTheCode) {
  EXPECT_EQ(EngineErrorCode("Code: 60. DB::Exception: Unknown table"), 60);
  EXPECT_EQ(EngineErrorCode("spans: Code: 159. DB"), 159);
  EXPECT_EQ(EngineErrorCode("Cannot connect"), 0);
}

TEST(EngineError, CodesDecideWhatACallerDoes) {
  const auto code = [](EngineVerb verb, int number, std::string_view message = "m") {
    return EngineError(verb, number, message).code();
  };
  EXPECT_EQ(code(EngineVerb::kQuery, 62), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(EngineVerb::kInsert, 252), StatusCode::kUnavailable) << "too many parts";
  EXPECT_EQ(code(EngineVerb::kInsert, 242), StatusCode::kUnavailable) << "read-only replica";
  EXPECT_EQ(code(EngineVerb::kQuery, 241), StatusCode::kUnavailable) << "memory";
  EXPECT_EQ(code(EngineVerb::kInsert, 999), StatusCode::kUnavailable) << "keeper";
  EXPECT_EQ(code(EngineVerb::kInsert, 516), StatusCode::kUnavailable) << "wrong password";
  EXPECT_EQ(code(EngineVerb::kQuery, 159), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code(EngineVerb::kInsert, 60), StatusCode::kInternal) << "our table is missing";
  EXPECT_EQ(code(EngineVerb::kInsert, 6), StatusCode::kInvalidArgument) << "bad data";
  EXPECT_EQ(code(EngineVerb::kInsert, 0), StatusCode::kInternal);
  EXPECT_EQ(code(EngineVerb::kInsert, 1001, "std: write: No space left on device"),
            StatusCode::kUnavailable);
}

TEST(Schema, FilesAreNumberedWithoutGaps) {
  int number = 0;
  for (const EmbeddedText& file : SchemaFiles()) {
    EXPECT_TRUE(file.name.starts_with(fmt::format("{:03}_", ++number))) << file.name;
    EXPECT_FALSE(SplitStatements(file.text).empty()) << file.name;
  }
  EXPECT_GE(number, 6);
}

TEST(Schema, SplitsStatements) {
  EXPECT_EQ(SplitStatements("-- why; not here\nA;\n\nB\n;\n"),
            (std::vector<std::string_view>{"-- why; not here\nA", "\nB"}));
  EXPECT_TRUE(SplitStatements("\n;\n").empty());
}

}  // namespace
}  // namespace pitot
