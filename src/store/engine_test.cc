// The same promises of both engines.
#include "store/engine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/hex.h"
#include "store/testing/store_test_base.h"

namespace pitot {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;

class EngineTest : public StoreTestBase {};
PITOT_FOR_EACH_STORE(EngineTest);

std::string PayloadRows(int from, int count) {
  return fmt::format(
      "SELECT toUInt16(30) AS keep_days, toDate('2026-11-18') AS day, 'p' AS project, "
      "toFixedString(leftPad(toString(number), 16, '0'), 16) AS hash, "
      "repeat('text ', 50) AS content FROM numbers({}, {})",
      from, count);
}

TEST_P(EngineTest, BindsTextAsItIs) {
  using namespace std::string_literals;
  const std::string cases[] = {
      "",
      "plain",
      "it's \"quoted\" `and` {name:Type}",
      "' OR 1=1 --",
      "back\\slash \\n \\N \\t",
      "\\N",
      "tab\tnewline\nreturn\r",
      "nul\0inside"s,
      "['looks','like an array']",
      "žluťoučký kůň 🐎",
      "\xff\xfe invalid UTF-8",
      "?&=%41+%",
      std::string(100'000, 'x'),
  };
  for (const std::string& text : cases) {
    EXPECT_EQ(Tsv("SELECT lower(hex({text:String}))", {{"text", text}}), ToHex(text)) << text;
    EXPECT_EQ(Tsv("SELECT lower(hex({text:LowCardinality(String)}))", {{"text", text}}),
              ToHex(text))
        << text;
    EXPECT_EQ(Tsv("SELECT lower(hex({texts:Array(String)}[2]))",
                  {{"texts", QuoteArray({"first", text, "last"})}}),
              ToHex(text))
        << text;
  }
}

TEST_P(EngineTest, BindsOtherTypes) {
  const auto value = [&](std::string type, std::string text) {
    return Tsv("SELECT {v:" + type + "}", {{"v", std::move(text)}});
  };
  EXPECT_EQ(value("UInt64", "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(value("Int64", "-5"), "-5");
  EXPECT_EQ(value("Date", "2026-01-31"), "2026-01-31");
  EXPECT_EQ(value("Array(UInt16)", "[1,2]"), "[1,2]");
  EXPECT_EQ(value("Float64", "0.5"), "0.5");
  EXPECT_EQ(Tsv("SELECT hex({v:FixedString(4)})", {{"v", "a\n\\'"}}), "610A5C27");
  EXPECT_EQ(Tsv("SELECT {a:UInt8} + {b:UInt8}", {{"b", "2"}, {"a", "1"}, {"unused", "x"}}), "3");
}

TEST_P(EngineTest, RefusesWhatIsNoName) {
  const auto code = [&](const QueryOptions& options) {
    return engine().Query("SELECT 1", options).status().code();
  };
  EXPECT_EQ(code({.format = "TSV; DROP TABLE spans"}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.settings = {{"a = 1, b", "1"}}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.params = {{"a&b", "1"}}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(Insert("spans VALUES", "").code(), StatusCode::kInvalidArgument);
}

TEST_P(EngineTest, AnswersInTheFormatAskedFor) {
  const auto json = engine().Query("SELECT toUInt64(1) AS n, 'a' AS s -- why\n;\n", {});
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_NE(json->body.find(R"([1, "a"])"), std::string::npos) << json->body;
  const auto lines = engine().Query("SELECT number FROM numbers(3) SETTINGS max_threads = 1",
                                    {.format = "JSONEachRow"});
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(lines->body, "{\"number\":0}\n{\"number\":1}\n{\"number\":2}\n");
  EXPECT_EQ(lines->rows_read, 3u);
  EXPECT_EQ(Tsv("SELECT toDateTime(0)"), "1970-01-01 00:00:00") << "the time zone is UTC";
}

TEST_P(EngineTest, SettingsHoldForOneStatement) {
  constexpr std::string_view kSql = "SELECT getSetting('max_result_rows')";
  const auto with = engine().Query(
      kSql, {.settings = {{"max_result_rows", "7"}, {"readonly", "1"}}, .format = "TSV"});
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_EQ(with->body, "7\n");
  EXPECT_EQ(Tsv(kSql), "0");
  EXPECT_TRUE(Execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a").ok())
      << "readonly outlived its statement";
}

TEST_P(EngineTest, InsertsABlockAndReadsItBack) {
  const std::string rows =
      "SELECT toUInt16(30) AS keep_days, toDate('2026-11-18') AS day, 'p' AS project, "
      "toFixedString(leftPad(toString(number), 16, '0'), 16) AS trace_id, "
      "toFixedString(leftPad(toString(number), 8, '0'), 8) AS span_id, number + 1 AS version, "
      "'name ' || toString(number % 3) AS name, toInt64(number * 1000) AS start_ns, "
      "if(number % 2 = 0, NULL, toInt64(number)) AS cost, "
      "['=' || toString(number), '#0123456789abcdef'] AS input, "
      "map('key', toString(number)) AS attributes FROM numbers(1000)";
  ASSERT_TRUE(Insert("spans", Block(rows)).ok());
  EXPECT_EQ(Tsv("SELECT count(), sum(start_ns), sum(cost), countIf(cost IS NULL), uniq(name), "
                "countIf(input[1] = '=' || attributes['key']), max(recv_ns), max(end_ns) "
                "FROM spans"),
            "1000\t499500000\t250000\t500\t3\t1000\t1000\t999000");
  EXPECT_EQ(Tsv("SELECT status, kind, tags, cost_by_bucket FROM spans LIMIT 1"),
            "unset\tspan\t{}\t[]")
      << "columns left out of the block have their defaults";
}

TEST_P(EngineTest, ReplayedBlocksAreHarmless) {
  const std::string first = Block(PayloadRows(0, 600));
  const std::string second = Block(PayloadRows(600, 400));
  ASSERT_TRUE(Insert("payloads", first).ok());
  ASSERT_TRUE(Insert("payloads", second).ok());
  ASSERT_TRUE(Insert("payloads", first).ok()) << "the same block";
  ASSERT_TRUE(Insert("payloads", Block(PayloadRows(0, 1000))).ok()) << "cut anew";
  ASSERT_TRUE(Insert("payloads", Block(PayloadRows(100, 300))).ok());
  EXPECT_EQ(Tsv("SELECT count(), uniqExact(hash) FROM payloads FINAL"), "1000\t1000")
      << "each key once";
}

TEST_P(EngineTest, AnEndWinsOverALaterAnnouncement) {
  const auto span = [&](std::string_view status, std::string_view version) {
    return Block(
        fmt::format("SELECT toUInt16(30) AS keep_days, toDate('2026-11-18') AS day, "
                    "'p' AS project, toFixedString('t', 16) AS trace_id, "
                    "toFixedString('s', 8) AS span_id, '{}' AS status, "
                    "toUInt64({}) AS version",
                    status, version));
  };
  ASSERT_TRUE(Insert("spans", span("ok", "4611686018427387904 + 10")).ok());
  ASSERT_TRUE(Insert("spans", span("running", "20")).ok());
  const std::string sql =
      "SELECT status, recv_ns FROM spans WHERE project = 'p' AND trace_id = toFixedString('t', 16) "
      "ORDER BY version DESC LIMIT 1 BY span_id";
  EXPECT_EQ(Tsv(sql), "ok\t10");
  ASSERT_TRUE(Insert("spans", span("error", "4611686018427387904 + 30")).ok());
  EXPECT_EQ(Tsv(sql), "error\t30");
  EXPECT_EQ(Tsv("SELECT count(), any(status) FROM spans FINAL"), "1\terror");
}

TEST_P(EngineTest, SaysWhatKindOfErrorItIs) {
  const auto query = [&](std::string_view sql) {
    return engine().Query(sql, {.format = "TSV"}).status().code();
  };
  EXPECT_EQ(query("SELECT FROM WHERE"), StatusCode::kInvalidArgument);
  EXPECT_EQ(query("SELECT * FROM no_such_table"), StatusCode::kInvalidArgument);
  EXPECT_EQ(query("SELECT no_such_column FROM spans"), StatusCode::kInvalidArgument);
  EXPECT_EQ(query("SELECT {missing:String}"), StatusCode::kInvalidArgument);
  EXPECT_EQ(query("SELECT throwIf(number = 5) FROM numbers(10)"), StatusCode::kInvalidArgument);
  EXPECT_EQ(Execute("ALTER TABLE spans ADD COLUMN").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(engine()
                .Query("SELECT groupArray(number) FROM numbers(100000000)",
                       {.settings = {{"max_memory_usage", "10000000"}}})
                .status()
                .code(),
            StatusCode::kUnavailable)
      << "no memory now";

  const std::string good = Block(PayloadRows(0, 10));
  EXPECT_EQ(Insert("payloads", "this is no block").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Insert("payloads", good.substr(0, good.size() / 2)).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Insert("payloads", Block("SELECT 'not a date' AS day")).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Insert("no_such_table", good).code(), StatusCode::kInternal)
      << "no block may be given up because a table is missing";
  const absl::Status unknown = Insert("payloads", Block("SELECT 1 AS no_such_column"));
  EXPECT_EQ(unknown.code(), StatusCode::kInternal) << unknown;
  EXPECT_EQ(Tsv("SELECT count() FROM payloads"), "0") << "nothing of the above was written";
  ASSERT_TRUE(Insert("payloads", good).ok()) << "the engine works on after errors";
  EXPECT_EQ(Tsv("SELECT count() FROM payloads"), "10");
}

TEST_P(EngineTest, StopsAtTheDeadline) {
  const auto start = std::chrono::steady_clock::now();
  const auto slow = engine().Query(
      "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))",
      {.deadline = milliseconds(300)});
  EXPECT_EQ(slow.status().code(), StatusCode::kDeadlineExceeded) << slow.status();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(engine().Query("SELECT 1", {.deadline = milliseconds(0)}).status().code(),
            StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Insert("payloads", "").code(), StatusCode::kOk) << "an empty block is no rows";
  EXPECT_EQ(Tsv("SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number)%' "
                "AND query NOT LIKE '%system.processes%'"),
            "0")
      << "the statement was stopped, not only left";
}

TEST_P(EngineTest, AFailedStatementLeavesNothingToTheNext) {
  for (int i = 0; i < 20; ++i) {
    const auto failed = engine().Query("SELECT number, throwIf(number = 5000) FROM numbers(10000)",
                                       {.settings = {{"max_block_size", "10"}}});
    EXPECT_EQ(failed.status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(Tsv("SELECT 'next'"), "next");
  }
}

TEST_P(EngineTest, StatementsRunInParallel) {
  constexpr int kThreads = 12;  // More than connections.
  constexpr int kRounds = 10;
  std::vector<std::string> blocks;
  for (int i = 0; i < kThreads; ++i) blocks.push_back(Block(PayloadRows(i * 100, 100)));
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < kRounds; ++round) {
          const std::string text = std::to_string(i * 1000 + round);
          const auto result =
              engine().Query("SELECT {v:String}", {.params = {{"v", text}}, .format = "TSV"});
          if (!result.ok() || result->body != text + "\n") ++failures;
          if (!Insert("payloads", blocks[i]).ok()) ++failures;
          if (engine().Query("SELECT nonsense", {}).ok()) ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(Tsv("SELECT count() FROM payloads FINAL"), std::to_string(kThreads * 100));
}

TEST_P(EngineTest, DescribesItself) {
  const std::string text = engine().Describe();
  EXPECT_TRUE(text.starts_with(GetParam() == StoreMode::kEmbedded ? "embedded 26." : "remote http"))
      << text;
  EXPECT_NE(text.find(" 26."), std::string::npos) << text;
}

}  // namespace
}  // namespace pitot
