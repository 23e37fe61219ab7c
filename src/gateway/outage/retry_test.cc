#include "gateway/outage/retry.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

using std::chrono::milliseconds;

constexpr UnixNanos kNow = 1'800'000'000 * kNanosPerSecond;  // Fri, 15 Jan 2027 08:00:00 GMT

TEST(ReadRetryHints, Cases) {
  struct Case {
    const char* why;
    HttpHeaders headers;
    std::optional<bool> should_retry;
    std::optional<int64_t> retry_after_ms;
  };
  const Case kCases[] = {
      {"none", {}, {}, {}},
      {"seconds", {{"Retry-After", " 7 "}}, {}, 7'000},
      {"seconds with a fraction", {{"retry-after", "0.25"}}, {}, 250},
      {"milliseconds win", {{"retry-after", "7"}, {"retry-after-ms", "120.5"}}, {}, 121},
      {"milliseconds unreadable", {{"retry-after", "7"}, {"retry-after-ms", "soon"}}, {}, 7'000},
      {"date", {{"retry-after", "Fri, 15 Jan 2027 08:00:09 GMT"}}, {}, 9'000},
      {"date in the past", {{"retry-after", "Fri, 15 Jan 2027 07:00:09 GMT"}}, {}, 0},
      {"negative", {{"retry-after", "-3"}}, {}, {}},
      {"nonsense", {{"retry-after", "later"}}, {}, {}},
      {"not a number", {{"retry-after", "nan"}}, {}, {}},
      {"longer than time itself", {{"retry-after", "1e300"}}, {}, 1'000'000'000'000},
      {"says yes", {{"x-should-retry", "true"}}, true, {}},
      {"says no", {{"x-should-retry", "false"}, {"retry-after", "1"}}, false, 1'000},
      {"says neither", {{"x-should-retry", "maybe"}}, {}, {}},
  };
  for (const Case& c : kCases) {
    const RetryHints hints = ReadRetryHints(c.headers, kNow);
    EXPECT_EQ(hints.should_retry, c.should_retry) << c.why;
    const std::optional<int64_t> ms =
        hints.retry_after ? std::optional(hints.retry_after->count()) : std::nullopt;
    EXPECT_EQ(ms, c.retry_after_ms) << c.why;
  }
}

TEST(ClientRetries, Cases) {
  const auto count = [](const char* why, std::string_view text, int want) {
    EXPECT_EQ(ClientRetries({{"X-Stainless-Retry-Count", text}}), want) << why;
  };
  EXPECT_EQ(ClientRetries({}), 0) << "no header";
  count("first", "0", 0);
  count("second retry", "2", 2);
  count("spaces", " 1 ", 1);
  count("empty", "", 0);
  count("words", "two", 0);
  count("negative", "-4", 0);
  count("huge", "4000", 100);
  count("beyond an int", "99999999999", 0);
}

TEST(DecideRetry, WhenItIsSafe) {
  struct Case {
    const char* name;
    AttemptOutcome outcome;
    bool retry;
    std::string_view why;  // Part of.
  };
  const Case kCases[] = {
      {"connection refused", {.nothing_sent = true}, true, "connection failed"},
      {"connecting timed out", {.nothing_sent = true, .timed_out = true}, true, ""},
      {"reset after the request was sent", {}, false, "may have been done"},
      {"no first byte in time", {.timed_out = true}, false, "may have been done"},
      {"reset, but it only reads", {.idempotent = true}, true, ""},
      {"429", {.status = 429}, true, "asked again"},
      {"408", {.status = 408}, true, ""},
      {"500", {.status = 500}, true, ""},
      {"503", {.status = 503}, true, ""},
      {"529", {.status = 529, .error_type = "overloaded_error"}, true, ""},
      {"400", {.status = 400}, false, "final"},
      {"401", {.status = 401}, false, "final"},
      {"404", {.status = 404}, false, "final"},
      {"409", {.status = 409}, false, "final"},
      {"an error event within a 200",
       {.status = 200, .error_type = "overloaded_error"},
       false,
       "its answer had begun"},
      {"a 200 that broke off", {.status = 200}, false, "its answer had begun"},
      {"a 200 that broke off, of a call that only reads",
       {.status = 200, .idempotent = true},
       true,
       "connection failed"},
      {"the provider says not to",
       {.status = 503, .hints = {.should_retry = false}},
       false,
       "says not to"},
      {"the provider says to", {.status = 409, .hints = {.should_retry = true}}, true, ""},
      {"monthly cap",
       {.status = 429,
        .error_type = "rate_limit_error",
        .error_code = "enforced_spend_limit_reached"},
       false,
       "quota"},
      {"OpenAI quota, although it says to",
       {.status = 429,
        .hints = {.should_retry = true},
        .error_type = "insufficient_quota",
        .error_code = "insufficient_quota"},
       false,
       "quota"},
      {"content went out", {.status = 503, .forwarded = true}, false, "went to the caller"},
      {"content went out, then a reset",
       {.idempotent = true, .forwarded = true},
       false,
       "went to the caller"},
      {"the caller left", {.nothing_sent = true, .client_gone = true}, false, "gone"},
      {"a wait that fits", {.status = 429, .hints = {.retry_after = milliseconds(900)}}, true, ""},
      {"a wait over the bound",
       {.status = 429, .hints = {.retry_after = milliseconds(10'001)}},
       false,
       "longer wait"},
      {"a wait over the deadline",
       {.status = 429, .hints = {.retry_after = milliseconds(900)}, .time_left = milliseconds(900)},
       false,
       "deadline"},
      {"backoff over the deadline",
       {.status = 500, .time_left = milliseconds(10)},
       false,
       "deadline"},
  };
  const RetryOptions options;
  for (const Case& c : kCases) {
    const RetryDecision decision = DecideRetry(options, c.outcome, 1, 0, 0);
    EXPECT_EQ(decision.retry, c.retry) << c.name;
    EXPECT_NE(decision.why.find(c.why), std::string_view::npos) << c.name << ": " << decision.why;
    EXPECT_FALSE(decision.why.empty()) << c.name;
    if (c.outcome.hints.retry_after && decision.retry) {
      EXPECT_EQ(decision.wait, *c.outcome.hints.retry_after) << c.name;
    }
  }
}

TEST(DecideRetry, AttemptsOfClientAndGatewayAreBounded) {
  const RetryOptions options;  // 3 of ours, 4 with the client's.
  const AttemptOutcome outcome{.status = 503};
  const auto retries = [&](int attempt, int client) {
    return DecideRetry(options, outcome, attempt, client, 0).retry;
  };
  EXPECT_TRUE(retries(1, 0));
  EXPECT_TRUE(retries(2, 0));
  EXPECT_FALSE(retries(3, 0)) << "attempts";
  EXPECT_FALSE(retries(1, 1)) << "the client's first attempt may have been three of ours";

  // Whatever the client does, the calls at the provider stay under the cap, its own retries aside.
  for (int own = 1; own <= 10; ++own) {
    RetryOptions any{.attempts = own, .attempts_with_client = own + 2};
    int calls = 0;
    for (int client = 0; client < 10; ++client) {
      int attempt = 1;
      ++calls;
      while (DecideRetry(any, outcome, attempt, client, 0).retry) ++attempt, ++calls;
    }
    EXPECT_LE(calls, any.attempts_with_client + 10) << own << " attempts";
  }
}

TEST(DecideRetry, BackoffDoublesWithJitter) {
  const RetryOptions options{.attempts = 10, .attempts_with_client = 30};
  const AttemptOutcome outcome{.status = 500};
  const auto wait = [&](int attempt, uint64_t random) {
    return DecideRetry(options, outcome, attempt, 0, random).wait.count();
  };
  EXPECT_EQ(wait(1, 0), 250);
  EXPECT_EQ(wait(2, 0), 500);
  EXPECT_EQ(wait(3, 0), 1'000);
  EXPECT_EQ(wait(6, 0), 8'000);
  EXPECT_EQ(wait(9, 0), 8'000) << "never above backoff_max";
  EXPECT_NEAR(static_cast<double>(wait(1, ~0ULL)), 187.5, 1) << "a quarter off at most";
  for (uint64_t i = 0; i < 1000; ++i) {
    const int64_t ms = wait(2, i * 0x9E3779B97F4A7C15ULL);
    ASSERT_GE(ms, 375);
    ASSERT_LE(ms, 500);
  }
}

TEST(MayFallBack, TheProvidersFaultOnly) {
  const auto may = [](const char* why, bool want, const AttemptOutcome& outcome) {
    EXPECT_EQ(MayFallBack(outcome), want) << why;
  };
  may("refused", true, {.nothing_sent = true});
  may("reset", true, {});
  may("timed out", true, {.timed_out = true});
  may("an error inside a 200, or one that broke off", true, {.status = 200});
  may("500", true, {.status = 500});
  may("529", true, {.status = 529});
  may("429", true, {.status = 429});
  may("402", true, {.status = 402});
  may("quota", true, {.status = 403, .error_code = "insufficient_quota"});
  may("400", false, {.status = 400});
  may("401", false, {.status = 401});
  may("404", false, {.status = 404});
  may("413", false, {.status = 413});
  may("forwarded", false, {.status = 500, .forwarded = true});
  may("caller gone", false, {.nothing_sent = true, .client_gone = true});
}

TEST(RetryOptions, Validate) {
  EXPECT_TRUE(RetryOptions().Validate().ok());
  const auto bad = [](RetryOptions options, std::string_view names) {
    const absl::Status status = options.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << names;
    EXPECT_NE(status.ToString().find(names), std::string::npos) << status;
  };
  bad({.attempts = 0}, "retries.attempts is 0");
  bad({.attempts = 11}, "retries.attempts is 11");
  bad({.attempts_with_client = 2}, "retries.attempts_with_client is 2");
  bad({.backoff = milliseconds(0)}, "retries.backoff is 0");
  bad({.backoff = milliseconds(100), .backoff_max = milliseconds(50)}, "retries.backoff_max is 50");
  bad({.retry_after_max = milliseconds(-1)}, "retries.retry_after_max is -1");
}

}  // namespace
}  // namespace pitot
