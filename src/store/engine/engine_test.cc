// The same promises of both engines.
#include "store/engine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
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

class EngineTest : public StoreTestBase {
 protected:
  // Polls; false when it did not become true in time.
  static bool Until(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kStoreTestDeadline;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
    }
    return true;
  }
};
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

constexpr std::string_view kMinutes =
    "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))";

TEST_P(EngineTest, StopsWhenCancelled) {
  const std::string running =
      "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number)%' "
      "AND query NOT LIKE '%system.processes%'";
  for (const bool streamed : {false, true}) {
    QueryOptions options{.format = "TSV", .deadline = std::chrono::minutes(5)};
    options.cancel = std::make_shared<CancelToken>();
    absl::Status status;
    std::jthread asker([&] {
      status = streamed ? engine().Stream(kMinutes, options, [](std::string_view) { return true; })
                        : engine().Query(kMinutes, options).status();
    });
    ASSERT_TRUE(Until([&] { return Tsv(running) == "1"; })) << "it never ran";
    const auto cancelled = std::chrono::steady_clock::now();
    options.cancel->Cancel();
    asker.join();
    EXPECT_LT(std::chrono::steady_clock::now() - cancelled, std::chrono::seconds(3));
    EXPECT_EQ(status.code(), StatusCode::kCancelled) << status;
    EXPECT_TRUE(Until([&] { return Tsv(running) == "0"; })) << "it was left, not stopped";
    for (int i = 0; i < 16; ++i) EXPECT_EQ(Tsv("SELECT 'clean'"), "clean");
    EXPECT_EQ(engine().Query("SELECT 1", options).status().code(), StatusCode::kCancelled)
        << "cancelled before it began";
  }
}

TEST_P(EngineTest, OneCancelledStatementLeavesTheOthersAlone) {
  QueryOptions doomed{.format = "TSV", .deadline = std::chrono::minutes(5)};
  doomed.cancel = std::make_shared<CancelToken>();
  std::jthread asker([&] { (void)engine().Query(kMinutes, doomed); });
  QueryOptions other{.format = "TSV"};
  other.cancel = std::make_shared<CancelToken>();
  std::string answer;
  std::jthread neighbour([&] {
    const auto result = engine().Query("SELECT sleepEachRow(0.1) FROM numbers(10)", other);
    answer = result.ok() ? result->body : result.status().ToString();
  });
  doomed.cancel->Cancel();
  asker.join();
  neighbour.join();
  EXPECT_EQ(answer, "0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n");
}

TEST_P(EngineTest, ACancelledStatementDoesNotWaitForAConnection) {
  QueryOptions busy{.format = "TSV", .deadline = std::chrono::minutes(5)};
  busy.cancel = std::make_shared<CancelToken>();
  QueryOptions waiting = busy;
  waiting.cancel = std::make_shared<CancelToken>();
  std::vector<std::jthread> threads;
  constexpr int kMoreThanConnections = 10;
  for (int i = 0; i < kMoreThanConnections; ++i) {
    threads.emplace_back([&] { (void)engine().Query(kMinutes, busy); });
  }
  absl::Status status;
  threads.emplace_back([&] { status = engine().Query("SELECT sleep(3)", waiting).status(); });
  waiting.cancel->Cancel();
  threads.back().join();
  threads.pop_back();
  EXPECT_EQ(status.code(), StatusCode::kCancelled) << status;
  busy.cancel->Cancel();
  threads.clear();
  EXPECT_EQ(Tsv("SELECT 'clean'"), "clean");
}

TEST_P(EngineTest, StreamsWhatAQueryGives) {
  constexpr std::string_view kSql =
      "SELECT number, repeat('x', number % 100) AS text, {v:String} AS v FROM numbers(60000)";
  for (const char* format : {"JSONEachRow", "JSONCompact", "TSV", "RowBinary", "Parquet"}) {
    QueryOptions options{.params = {{"v", "bound"}}, .format = format};
    // Else the statistics of JSONCompact differ.
    if (options.format == "JSONCompact")
      options.settings = {{"output_format_write_statistics", "0"}};
    std::string streamed;
    int pieces = 0;
    const absl::Status status = engine().Stream(kSql, options, [&](std::string_view piece) {
      streamed += piece;
      ++pieces;
      return true;
    });
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_GT(pieces, 1) << format;
    if (options.format == "Parquet") {
      EXPECT_TRUE(streamed.starts_with("PAR1") && streamed.ends_with("PAR1"));
      continue;  // Its row groups follow the blocks.
    }
    const auto whole = engine().Query(kSql, options);
    ASSERT_TRUE(whole.ok()) << whole.status();
    // Not EXPECT_EQ: it would look for the edits between megabytes.
    const auto [at, other] = std::ranges::mismatch(streamed, whole->body);
    EXPECT_TRUE(streamed == whole->body)
        << format << ": " << streamed.size() << " bytes, not " << whole->body.size()
        << ", different from here: " << std::string(at, streamed.end()).substr(0, 200) << "\n---\n"
        << std::string(other, whole->body.end()).substr(0, 200);
  }
  EXPECT_TRUE(engine()
                  .Stream("SELECT 1 WHERE 0", {.format = "TSV"},
                          [](std::string_view) {
                            ADD_FAILURE() << "an empty result has no pieces";
                            return true;
                          })
                  .ok());
}

TEST_P(EngineTest, AStreamSaysWhatWentWrong) {
  const auto ignore = [](std::string_view) { return true; };
  EXPECT_EQ(engine().Stream("SELECT nonsense", {}, ignore).code(), StatusCode::kInvalidArgument);
  size_t bytes = 0;
  std::string tail;
  const absl::Status status = engine().Stream(
      "SELECT number, throwIf(number = 3000000, 'right here') FROM numbers(4000000)",
      {.format = "TSV"}, [&](std::string_view piece) {
        bytes += piece.size();
        tail = piece.substr(piece.size() - std::min<size_t>(piece.size(), 10));
        return true;
      });
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
  EXPECT_NE(status.message().find("right here"), std::string_view::npos) << status;
  EXPECT_GT(bytes, 1'000'000u) << "it came in the middle";
  EXPECT_TRUE(tail.ends_with("\t0\n")) << "the error must not look like result: " << tail;
  EXPECT_EQ(
      engine().Stream(kMinutes, {.format = "TSV", .deadline = milliseconds(300)}, ignore).code(),
      StatusCode::kDeadlineExceeded);
  for (int i = 0; i < 16; ++i) EXPECT_EQ(Tsv("SELECT 'clean'"), "clean");
}

TEST_P(EngineTest, ASinkThatHasEnoughStopsTheStream) {
  for (int i = 0; i < 10; ++i) {
    int pieces = 0;
    const absl::Status status =
        engine().Stream("SELECT number, sipHash64(number) FROM numbers(1000000000000)",
                        {.format = "RowBinary"}, [&](std::string_view) { return ++pieces < 3; });
    EXPECT_EQ(status.code(), StatusCode::kCancelled) << status;
    EXPECT_EQ(pieces, 3);
    EXPECT_EQ(Tsv("SELECT 'clean'"), "clean");
  }
  EXPECT_TRUE(Until([&] {
    return Tsv("SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number)%' "
               "AND query NOT LIKE '%system.processes%'") == "0";
  })) << "it was left, not stopped";
}

TEST_P(EngineTest, SlowStreamsLeaveConnectionsToOthers) {
  CancelToken enough;
  std::atomic<int> reading = 0;
  std::vector<std::jthread> threads;
  constexpr int kMoreThanConnections = 10;
  for (int i = 0; i < kMoreThanConnections; ++i) {
    threads.emplace_back([&] {
      (void)engine().Stream("SELECT number FROM numbers(10000000)", {.format = "TSV"},
                            [&](std::string_view) {
                              ++reading;
                              while (!enough.cancelled()) std::this_thread::yield();
                              return false;
                            });
    });
  }
  EXPECT_TRUE(Until([&] { return reading > 0; }));
  EXPECT_EQ(Tsv("SELECT 'free'"), "free");
  enough.Cancel();
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
