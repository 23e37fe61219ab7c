#include "pitot/tool.h"

#include <gtest/gtest.h>

#include <memory>
#include <system_error>

#include "pitot/llm_client.h"
#include "sdk/trace/pool_test_util.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

struct Calls {
  TestPool pool;

  PlainSpan Only() {
    std::vector<PlainSpan> spans = pool.Take();
    EXPECT_EQ(spans.size(), 1u);
    return spans.at(0);
  }
};

// Waits of retries, without the waiting.
ToolRetry Retry(int attempts, std::vector<milliseconds>* waits) {
  return {.attempts_max = attempts, .wait = [waits](milliseconds wait) { waits->push_back(wait); }};
}

TEST(Tool, RecordsACall) {
  Calls calls;
  const std::string result = tool("weather", R"({"city":"Bonn"})", {.call_id = "call_7"},
                                  [](const ToolArguments& arguments, Span& span) {
                                    span.set("cached", true);
                                    return arguments.text("city") + ": 21 C";
                                  });
  EXPECT_EQ(result, "Bonn: 21 C");
  const PlainSpan span = calls.Only();
  EXPECT_EQ(span.name, "execute_tool weather");
  EXPECT_EQ(span.kind, Kind::kTool);
  EXPECT_EQ(span.status, SpanStatus::kUnset);
  EXPECT_EQ(span["gen_ai.tool.name"], "weather");
  EXPECT_EQ(span["gen_ai.tool.call.id"], "call_7");
  EXPECT_EQ(span["gen_ai.tool.call.arguments"], R"({"city":"Bonn"})");
  EXPECT_EQ(span["gen_ai.tool.call.result"], "Bonn: 21 C");
  EXPECT_EQ(span["gen_ai.tool.status"], "success");
  EXPECT_EQ(span["cached"], "true");
  EXPECT_EQ(span["pitot.retry_count"], std::nullopt);
}

TEST(Tool, ReturnsWhatTheWorkReturns) {
  int number = 3;
  int& reference = tool("a", "", [&]() -> int& { return number; });
  EXPECT_EQ(&reference, &number);
  const std::unique_ptr<int> owned = tool("b", "", [] { return std::make_unique<int>(4); });
  EXPECT_EQ(*owned, 4);
  bool called = false;
  tool("c", "", [&] { called = true; });
  EXPECT_TRUE(called);
  EXPECT_EQ(tool("d", "{}", [](const ToolArguments& a) { return a.integer("x", 5); }), 5);
}

TEST(Tool, CapturesWhatItMayOnly) {
  Calls calls;
  tool("a", R"({"pin":1234})", {.capture_arguments = false, .capture_result = false},
       [] { return "secret"; });
  tool("b", "{}", [] { return 42; });
  tool("c", "{}", [] { return true; });
  tool("d", "{}", [] { return std::vector<int>{1}; });
  const std::vector<PlainSpan> spans = calls.pool.Take();
  ASSERT_EQ(spans.size(), 4u);
  EXPECT_EQ(spans[0]["gen_ai.tool.call.arguments"], std::nullopt);
  EXPECT_EQ(spans[0]["gen_ai.tool.call.result"], std::nullopt);
  EXPECT_EQ(spans[1]["gen_ai.tool.call.result"], "42");
  EXPECT_EQ(spans[2]["gen_ai.tool.call.result"], "true");
  EXPECT_EQ(spans[3]["gen_ai.tool.call.result"], std::nullopt);
}

TEST(Tool, ChecksArgumentsAgainstItsSchema) {
  Calls calls;
  ToolStats stats;
  const ToolOptions options = {
      .schema = JsonSchema(
          R"({"type":"object","properties":{"days":{"type":"integer"}},"required":["city"]})"),
      .retry = {.attempts_max = 5},
      .stats = &stats};
  bool called = false;
  try {
    tool("weather", R"({"days":"3"})", options, [&] { called = true; });
    FAIL() << "taken";
  } catch (const InvalidArguments& error) {
    EXPECT_EQ(error.path(), "");
    EXPECT_STREQ(
        error.what(),
        "arguments: expected the member \"city\", got an object without it; /days: expected a "
        "whole number, got \"3\"");
  }
  EXPECT_FALSE(called);
  const PlainSpan span = calls.Only();
  EXPECT_EQ(span.status, SpanStatus::kError);
  EXPECT_EQ(span["gen_ai.tool.status"], "invalid_args");
  EXPECT_EQ(span["pitot.error_category"], "invalid_args");
  EXPECT_EQ(span["error.type"], "pitot::InvalidArguments");
  EXPECT_EQ(span["pitot.retry_count"], std::nullopt) << "the same arguments would be refused again";
  ASSERT_EQ(span.events.size(), 1u);
  EXPECT_EQ(span.events[0].name, "exception");
  EXPECT_EQ(stats.rows()[0].invalid_args, 1u);
  EXPECT_THROW(tool("weather", "{not JSON", options, [] {}), InvalidArguments);
  EXPECT_THROW(tool("weather", "", options, [] {}), InvalidArguments) << "the city is missing";
  tool("clock", "", {.schema = JsonSchema(R"({"type":"object"})")}, [] {});
}

TEST(Tool, AMessageTellsNoArgumentThatMayNotBeCaptured) {
  Calls calls;
  const ToolOptions options = {.schema = JsonSchema(R"({"properties":{"pin":{"type":"string"}}})"),
                               .capture_arguments = false};
  EXPECT_THROW(tool("pay", R"({"pin":1234})", options, [] {}), InvalidArguments);
  const PlainSpan span = calls.Only();
  EXPECT_EQ(span.status_message, "/pin: expected a string");
}

TEST(Tool, ClassifiesWhatIsThrown) {
  const auto status = [](std::string_view expected_status, std::string_view expected_category,
                         std::function<void()> work) {
    Calls calls;
    EXPECT_ANY_THROW(tool("t", "{}", std::move(work)));
    const PlainSpan span = calls.Only();
    EXPECT_EQ(span["gen_ai.tool.status"], expected_status);
    EXPECT_EQ(span["pitot.error_category"], expected_category);
    EXPECT_EQ(span.status, SpanStatus::kError);
  };
  status("timeout", "timeout", [] { throw ToolTimeout("slow"); });
  status("rate_limited", "rate_limit", [] { throw ToolRateLimited("busy", milliseconds(5)); });
  status("blocked", "tool", [] { throw ToolBlocked("needs approval"); });
  status("invalid_args", "invalid_args", [] { throw InvalidArguments("/a", "unknown city"); });
  status("error", "tool", [] { throw ToolError("no such order"); });
  status("error", "tool", [] { throw std::runtime_error("broken"); });
  status("error", "tool", [] { throw 42; });
  status("error", "internal", [] { throw std::bad_alloc(); });
  const auto system = [](std::errc code) {
    return [code] { throw std::system_error(std::make_error_code(code)); };
  };
  status("timeout", "timeout", system(std::errc::timed_out));
  status("error", "network", system(std::errc::connection_refused));
  status("error", "cancelled", system(std::errc::operation_canceled));
  status("error", "auth", system(std::errc::permission_denied));
  status("error", "tool", system(std::errc::no_such_file_or_directory));
  const auto llm = [](ErrorCategory category) {
    return [category] {
      LlmCallMetrics metrics;
      metrics.error = category;
      throw LlmError("failed", metrics);
    };
  };
  status("rate_limited", "rate_limit", llm(ErrorCategory::kRateLimit));
  status("timeout", "timeout", llm(ErrorCategory::kTimeout));
  status("error", "overloaded", llm(ErrorCategory::kOverloaded));
  status("error", "invalid_args", llm(ErrorCategory::kInvalidArgs));
  status("timeout", "timeout", [] {
    std::promise<int> never;
    std::future<int> future = never.get_future();
    get_within(future, milliseconds(1));
  });
}

TEST(Tool, ThrowsOnTheVeryException) {
  struct Mine : std::runtime_error {
    using std::runtime_error::runtime_error;
    int detail = 7;
  };
  try {
    tool("t", "{}", [] { throw Mine("mine"); });
    FAIL();
  } catch (const Mine& error) {
    EXPECT_EQ(error.detail, 7);
  }
}

TEST(Tool, TriesAgain) {
  Calls calls;
  ToolStats stats;
  std::vector<milliseconds> waits;
  int attempts = 0;
  const int result = tool("t", "{}", {.retry = Retry(3, &waits), .stats = &stats}, [&] {
    if (++attempts < 3) throw ToolTimeout("slow");
    return attempts;
  });
  EXPECT_EQ(result, 3);
  ASSERT_EQ(waits.size(), 2u);
  EXPECT_GE(waits[0], milliseconds(100));
  EXPECT_LE(waits[0], milliseconds(200));
  EXPECT_GE(waits[1], milliseconds(200));
  EXPECT_LE(waits[1], milliseconds(400));
  const PlainSpan span = calls.Only();
  EXPECT_EQ(span["gen_ai.tool.status"], "success");
  EXPECT_EQ(span["pitot.retry_count"], "2");
  EXPECT_EQ(span.status, SpanStatus::kUnset);
  ASSERT_EQ(span.events.size(), 2u);
  EXPECT_EQ(span.events[0].name, "retry");
  EXPECT_EQ(stats.rows()[0].retries, 2u);
  EXPECT_EQ(stats.rows()[0].calls, 1u);
}

TEST(Tool, GivesUp) {
  Calls calls;
  std::vector<milliseconds> waits;
  int attempts = 0;
  const auto fail = [&](const std::function<void()>& how, ToolOptions options) {
    attempts = 0;
    waits.clear();
    EXPECT_ANY_THROW(tool("t", "{}", options, [&] {
      ++attempts;
      how();
    }));
    return attempts;
  };
  const auto timeout = [] { throw ToolTimeout("slow"); };
  EXPECT_EQ(fail(timeout, {.retry = Retry(4, &waits)}), 4);
  EXPECT_EQ(calls.Only()["pitot.retry_count"], "3");
  EXPECT_EQ(fail(timeout, {}), 1) << "one attempt unless asked for more";
  EXPECT_EQ(fail([] { throw std::runtime_error("x"); }, {.retry = Retry(4, &waits)}), 1)
      << "an unknown error may have had its effect";
  EXPECT_EQ(fail([] { throw ToolBlocked("no"); }, {.retry = Retry(4, &waits)}), 1);
  ToolRetry every = Retry(4, &waits);
  every.again = [](const ToolFailure& failure) { return failure.message == "x"; };
  EXPECT_EQ(fail([] { throw std::runtime_error("x"); }, {.retry = every}), 4);
  EXPECT_EQ(fail(timeout, {.retry = every}), 1);
  EXPECT_EQ(fail([] { throw ToolBlocked("x"); }, {.retry = every}), 1) << "never after a no";
  every.again = [](const ToolFailure&) -> bool { throw std::runtime_error("a bug"); };
  EXPECT_EQ(fail(timeout, {.retry = every}), 1);
}

TEST(Tool, WaitsAsLongAsTheServiceSays) {
  std::vector<milliseconds> waits;
  int attempts = 0;
  const auto limited = [&](milliseconds retry_after) {
    attempts = 0;
    waits.clear();
    return [&attempts, retry_after] {
      if (++attempts == 1) throw ToolRateLimited("busy", retry_after);
    };
  };
  tool("t", "{}", {.retry = Retry(2, &waits)}, limited(milliseconds(1'234)));
  EXPECT_EQ(waits, std::vector<milliseconds>{milliseconds(1'234)});
  EXPECT_THROW(tool("t", "{}", {.retry = Retry(2, &waits)}, limited(milliseconds(60'000))),
               ToolRateLimited)
      << "longer than backoff_max";
  EXPECT_TRUE(waits.empty());
  EXPECT_THROW(tool("t", "{}", {.retry = Retry(2, &waits), .budget = milliseconds(1'000)},
                    limited(milliseconds(1'234))),
               ToolRateLimited)
      << "the budget would be over";
}

TEST(Tool, WhatIsThrownBeyondTheBudgetIsATimeout) {
  Calls calls;
  const auto slow = [](auto error) {
    return [error] {
      const auto end = std::chrono::steady_clock::now() + milliseconds(2);
      while (std::chrono::steady_clock::now() < end) {
      }
      throw error;
    };
  };
  EXPECT_THROW(tool("t", "{}", {.budget = milliseconds(1)}, slow(std::runtime_error("reset"))),
               std::runtime_error);
  EXPECT_EQ(calls.Only()["gen_ai.tool.status"], "timeout");
  EXPECT_THROW(tool("t", "{}", {.budget = milliseconds(1)}, slow(InvalidArguments("", "x"))),
               InvalidArguments);
  EXPECT_EQ(calls.Only()["gen_ai.tool.status"], "invalid_args") << "slowness changes nothing there";
}

TEST(Tool, NestsInTheSpanAround) {
  Calls calls;
  {
    const Span turn = traced("turn", Kind::kAgent);
    tool("outer", "{}", [] { tool("inner", "{}", [] {}); });
  }
  const std::vector<PlainSpan> spans = calls.pool.Take();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[0].parent_span_id, spans[1].span_id);
  EXPECT_EQ(spans[1].parent_span_id, spans[2].span_id);
}

TEST(Tool, WorksWithoutACollector) {
  EXPECT_EQ(tool("t", "{}", [] { return 1; }), 1);
  EXPECT_THROW(tool("t", "{}", [] { throw std::runtime_error("x"); }), std::runtime_error);
  EXPECT_EQ(classify_tool_error(nullptr).type, "unknown");
}

}  // namespace
}  // namespace pitot
