// The list of traces with filters, over both kinds of store.
#include "query/trace_list.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "base/status.h"
#include "store/testing/store_test_base.h"

namespace pitot {
namespace {

namespace json = boost::json;

// A trace every 40 minutes of the 40 days before now, of three spans each: an agent, a call, a tool.
// Every 5th call is of model "rare"; every 7th tool failed; the root of every 3rd trace says feature
// "search". The tool of every 11th trace ends two days after the trace began.
constexpr int kTraces = 1440;
constexpr std::string_view kInsertTraces =
    "INSERT INTO traces (keep_days, day, project, trace_id, rev, is_deleted, start_ns, "
    "duration_ns, "
    "root_name, spans, errors, status) SELECT 30, toDate(intDiv(at, 86400000000000)), 'list', "
    "unhex(leftPad(hex(number), 32, '0')), 1, 0, at, if(number % 11 = 0, 172800000000000, "
    "9000000000), "
    "concat('run ', toString(number)), 3, number % 7 = 0, 'unset' "
    "FROM (SELECT number, NOW - number * 2400000000000 AS at FROM "
    "numbers(TRACES))";
constexpr std::string_view kInsertFacts =
    "INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, "
    "is_deleted, "
    "duration_ns, kind, is_root, status, name, feature, model, tool_name) "
    "SELECT 30, toDate(intDiv(end, 86400000000000)), 'list', s = 1, end, "
    "unhex(leftPad(hex(number), 32, '0')), unhex(leftPad(hex(number * 3 + s), 16, '0')), 1, 0, "
    "1000000000, multiIf(s = 0, 'agent', s = 1, 'llm', 'tool'), s = 0, "
    "if(s = 2 AND number % 7 = 0, 'error', 'unset'), 'span', "
    "if(number % 3 = 0, 'search', 'checkout'), "
    "multiIf(s != 1, '', number % 5 = 0, 'rare', 'usual'), if(s = 2, 'find', '') "
    "FROM (SELECT number, s, NOW - number * 2400000000000 + "
    "if(s = 2 AND number % 11 = 0, 172800000000000, (s + 1) * 1000000000) AS end "
    "FROM numbers(TRACES) ARRAY JOIN [0, 1, 2] AS s)";

class TraceListTest : public StoreTestBase {
 protected:
  void SetUp() override {
    StoreTestBase::SetUp();
    now_ = clock_.Now();
    for (std::string sql : {std::string(kInsertTraces), std::string(kInsertFacts)}) {
      sql.replace(sql.find("NOW"), 3, fmt::to_string(now_));
      sql.replace(sql.find("TRACES"), 6, fmt::to_string(kTraces));
      const absl::Status done = Execute(sql);
      ASSERT_TRUE(done.ok()) << done;
    }
  }

  QueryContext Context() {
    return {.engine = engine(),
            .limits = limits_,
            .now = now_,
            .deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30)};
  }
  TraceListRequest Request(std::string_view q, std::string since = "60d", uint32_t limit = 50) {
    auto filter = ParseFilter(q);
    EXPECT_TRUE(filter.ok()) << filter.status();
    return {.project = "list", .since = std::move(since), .filter = *filter, .limit = limit};
  }

  // Numbers of the traces of all pages, in order.
  std::vector<int> All(TraceListRequest request) {
    std::vector<int> numbers;
    for (int page = 0; page < 1000; ++page) {
      const auto answer = ListTraces(Context(), request);
      EXPECT_TRUE(answer.ok()) << answer.status();
      if (!answer.ok()) return numbers;
      const json::value list = json::parse(*answer);
      EXPECT_LE(list.at("traces").as_array().size(), request.limit);
      for (const json::value& trace : list.at("traces").as_array()) {
        numbers.push_back(std::stoi(std::string(trace.at("root_name").as_string()).substr(4)));
      }
      if (list.at("next").is_null()) return numbers;
      request.cursor = list.at("next").as_string();
    }
    ADD_FAILURE() << "the pages do not end";
    return numbers;
  }

  static std::vector<int> Where(const std::function<bool(int)>& wanted, int first = 0,
                                int last = kTraces) {
    std::vector<int> numbers;
    for (int n = first; n < last; ++n) {
      if (wanted(n)) numbers.push_back(n);
    }
    return numbers;
  }

  Limits limits_;
  UnixNanos now_ = 0;
};

TEST_P(TraceListTest, PagesHoldEveryTraceOnceNewestFirst) {
  struct Case {
    std::string_view q;
    std::function<bool(int)> wanted;
  };
  const Case cases[] = {
      {"", [](int) { return true; }},
      {"feature = search", [](int n) { return n % 3 == 0; }},
      {"model = rare AND feature = search", [](int n) { return n % 15 == 0; }},
      {"status = error", [](int n) { return n % 7 == 0; }},
      {"trace.errors = 1 AND kind = llm", [](int n) { return n % 7 == 0; }},
      {"model = rare AND tool_name = find", [](int) { return false; }},
      {"model = nothing", [](int) { return false; }},
      {"kind = tool AND trace.duration > 1d", [](int n) { return n % 11 == 0; }},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(All(Request(one.q, "60d", 97)), Where(one.wanted)) << one.q;
  }
  EXPECT_EQ(All(Request("model = rare", "2d", 7)), Where([](int n) { return n % 5 == 0; }, 0, 73));
}

TEST_P(TraceListTest, ATraceIsFoundByASpanThatEndedLongAfter) {
  // Its start is in the window, the end of the span that matches is not.
  TraceListRequest request = Request("kind = tool");
  request.since = "10d";
  request.until = "9d";
  std::vector<int> numbers = All(request);
  EXPECT_EQ(numbers.size(), 36u);
  EXPECT_TRUE(std::ranges::any_of(numbers, [](int n) { return n % 11 == 0; }));
}

TEST_P(TraceListTest, ThePageAfterTheLastIsAsOldAsTheFirst) {
  TraceListRequest request = Request("feature = checkout", "24h", 5);
  const json::value first = json::parse(ListTraces(Context(), request).value());
  request.cursor = first.at("next").as_string();
  now_ += 12 * 60 * kNanosPerMinute;  // Reading takes long; the window stays.
  std::vector<int> rest = All(request);
  EXPECT_EQ(rest.size() + 5, Where([](int n) { return n % 3 != 0; }, 0, 37).size());
}

TEST_P(TraceListTest, RefusesWhatIsNoCursorOrTime) {
  const auto bad = [&](TraceListRequest request) {
    EXPECT_EQ(ListTraces(Context(), request).status().code(), absl::StatusCode::kInvalidArgument);
  };
  TraceListRequest request = Request("");
  request.since = "yesterday";
  bad(request);
  request = Request("");
  for (const char* cursor : {"1.2.3", "1.2.3.zz", "-5.2.3.00000000000000000000000000000000"}) {
    request.cursor = cursor;
    bad(request);
  }
}

PITOT_FOR_EACH_STORE(TraceListTest);

}  // namespace
}  // namespace pitot
