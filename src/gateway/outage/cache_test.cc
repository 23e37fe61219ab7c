#include "gateway/outage/cache.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace pitot {
namespace {

constexpr UnixNanos kNow = 1'800'000'000 * kNanosPerSecond;
constexpr int64_t kTtl = 60 * kNanosPerSecond;

TEST(CanonicalJson, Cases) {
  const auto same = [](const char* why, std::string_view json, std::string_view want) {
    const std::optional<std::string> got = CanonicalJson(json);
    ASSERT_TRUE(got.has_value()) << why;
    EXPECT_EQ(*got, want) << why;
    EXPECT_EQ(CanonicalJson(*got), *got) << why << ": not a fixed point";
  };
  same("spaces", " { \"a\" : [ 1 , 2 ] }\n", R"({"a":[1,2]})");
  same("order", R"({"b":1,"a":2})", R"({"a":2,"b":1})");
  same("order, deep", R"({"z":[{"d":{"y":1,"x":2},"c":"}"}],"a":{}})",
       R"({"a":{},"z":[{"c":"}","d":{"x":2,"y":1}}]})");
  same("order, longer names last", R"({"aa":1,"a":2,"":3})", R"({"":3,"a":2,"aa":1})");
  same("escapes", R"({"a":"\u00e9\/"})", "{\"a\":\"\xC3\xA9/\"}");
  same("escapes in names", R"({"\u0062":1,"a":2})", R"({"a":2,"b":1})");
  same("numbers stay as written", "[1.0,1,1e0]", "[1.0,1,1e0]");
  same("scalars", " true ", "true");
  same("empty containers", "[ [ ] , { } ]", "[[],{}]");
  same("string with brackets", R"(["]",","])", R"(["]",","])");
}

TEST(CanonicalJson, Rejects) {
  const auto bad = [](const char* why, std::string_view json) {
    EXPECT_EQ(CanonicalJson(json), std::nullopt) << why;
  };
  bad("empty", "");
  bad("not JSON", "hello");
  bad("cut", R"({"a":[1,2)");
  bad("trailing comma", "[1,]");
  bad("trailing text", "{} {}");
  bad("a name twice", R"({"a":1,"b":2,"a":3})");
  bad("a name twice, escaped", R"({"a":1,"\u0061":3})");
  bad("name without quotes", "{a:1}");
  bad("too deep", std::string(600, '[') + std::string(600, ']'));
  EXPECT_TRUE(CanonicalJson(std::string(500, '[') + std::string(500, ']')).has_value());
}

TEST(CacheKeyOf, WhatMakesRequestsDiffer) {
  const HttpHeaders version{{"Anthropic-Version", "2023-06-01"}, {"user-agent", "a"}};
  const CacheRequest base{.project = "p",
                          .upstream = "anthropic",
                          .method = "POST",
                          .target = "/v1/messages",
                          .body = R"({"model":"m","n":1})",
                          .headers = &version};
  const CacheKey key = CacheKeyOf(base);
  const auto differs = [&](const char* why, auto change) {
    CacheRequest other = base;
    change(other);
    EXPECT_NE(CacheKeyOf(other), key) << why;
  };
  differs("project", [](CacheRequest& r) { r.project = "q"; });
  differs("upstream", [](CacheRequest& r) { r.upstream = "other"; });
  differs("credential", [](CacheRequest& r) { r.credential = "sk-1"; });
  differs("method", [](CacheRequest& r) { r.method = "GET"; });
  differs("target", [](CacheRequest& r) { r.target = "/v1/messages?beta=true"; });
  differs("body", [](CacheRequest& r) { r.body = R"({"model":"m","n":2})"; });
  differs("body, not JSON", [](CacheRequest& r) { r.body = R"({"model":"m","n":1)"; });
  differs("no headers", [](CacheRequest& r) { r.headers = nullptr; });
  differs("parts that run into one another", [](CacheRequest& r) {
    r.project = "pa";
    r.upstream = "nthropic";
  });
  const HttpHeaders beta{{"anthropic-version", "2023-06-01"}, {"anthropic-beta", "x"}};
  differs("beta", [&](CacheRequest& r) { r.headers = &beta; });

  CacheRequest same = base;
  const HttpHeaders other_agent{{"user-agent", "b"}, {"anthropic-version", "2023-06-01"}};
  same.headers = &other_agent;
  same.body = "{ \"n\": 1, \"model\": \"m\" }";
  EXPECT_EQ(CacheKeyOf(same), key) << "spaces, order and other headers mean nothing";
}

TEST(MayCache, WholeAndGoodAnswersOnly) {
  WireResult good;
  good.terminal = true;
  good.finish = FinishReason::kStop;
  EXPECT_TRUE(MayCache(200, good, 100, 100));
  EXPECT_FALSE(MayCache(200, good, 101, 100)) << "too large";
  EXPECT_FALSE(MayCache(201, good, 1, 100)) << "not 200";
  EXPECT_FALSE(MayCache(500, good, 1, 100));
  WireResult cut = good;
  cut.terminal = false;
  EXPECT_FALSE(MayCache(200, cut, 1, 100)) << "cut";
  WireResult error = good;
  error.error.category = ErrorCategory::kOverloaded;
  EXPECT_FALSE(MayCache(200, error, 1, 100)) << "an error event inside the stream";
  for (FinishReason finish : {FinishReason::kContentFilter, FinishReason::kRefusal,
                              FinishReason::kError, FinishReason::kCancelled}) {
    WireResult bad = good;
    bad.finish = finish;
    EXPECT_FALSE(MayCache(200, bad, 1, 100)) << Name(finish);
  }
  for (FinishReason finish :
       {FinishReason::kNone, FinishReason::kLength, FinishReason::kToolUse, FinishReason::kOther}) {
    WireResult fine = good;
    fine.finish = finish;
    EXPECT_TRUE(MayCache(200, fine, 1, 100)) << Name(finish);
  }
}

TEST(CacheableHeaders, WithoutThoseOfOneExchange) {
  const HttpHeaders kept = CacheableHeaders({{"Content-Type", "application/json"},
                                             {"Content-Encoding", "br"},
                                             {"openai-version", "2020-10-01"},
                                             {"Date", "now"},
                                             {"Set-Cookie", "a=1"},
                                             {"request-id", "r"},
                                             {"x-request-id", "r"},
                                             {"anthropic-ratelimit-requests-remaining", "1"},
                                             {"X-RateLimit-Limit-Tokens", "1"},
                                             {"retry-after", "1"},
                                             {"x-pitot-trace-id", "t"}});
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].name, "Content-Type");
  EXPECT_EQ(kept[1].name, "Content-Encoding");
  EXPECT_EQ(kept[2].name, "openai-version");
}

CacheKey KeyNumber(int n) {
  CacheKey key = {};
  key[0] = static_cast<uint8_t>(n);
  key[1] = static_cast<uint8_t>(n >> 8);
  return key;
}

CachedAnswer Answer(std::string body, UnixNanos made_at = kNow) {
  return {.body = std::move(body), .made_at = made_at, .ttl_ns = kTtl, .cost = NanoUsd{5}};
}

TEST(AnswerCache, FreshAndStale) {
  AnswerCache cache(1 << 20);
  cache.Put(KeyNumber(1), Answer("a"));
  const auto fresh = [&](UnixNanos now) { return cache.Fresh(KeyNumber(1), now) != nullptr; };
  const auto stale = [&](UnixNanos now, int64_t ns) {
    return cache.Stale(KeyNumber(1), now, ns) != nullptr;
  };
  EXPECT_TRUE(fresh(kNow));
  EXPECT_TRUE(fresh(kNow + kTtl - 1));
  EXPECT_FALSE(fresh(kNow + kTtl));
  EXPECT_TRUE(fresh(kNow - kTtl)) << "a clock that jumped back";
  EXPECT_TRUE(stale(kNow, 0)) << "fresh will do too";
  EXPECT_TRUE(stale(kNow + kTtl, 10));
  EXPECT_TRUE(stale(kNow + kTtl + 9, 10));
  EXPECT_FALSE(stale(kNow + kTtl + 10, 10));
  EXPECT_FALSE(stale(kNow + kTtl, 0));
  EXPECT_EQ(cache.Fresh(KeyNumber(2), kNow), nullptr);
  EXPECT_EQ(cache.Fresh(KeyNumber(1), kNow)->body, "a");
  EXPECT_EQ(cache.stats().hits, 4);
  EXPECT_EQ(cache.stats().misses, 2);
  EXPECT_EQ(cache.stats().stale_hits, 3);
}

TEST(AnswerCache, PutReplaces) {
  AnswerCache cache(1 << 20);
  cache.Put(KeyNumber(1), Answer("old"));
  const auto held = cache.Fresh(KeyNumber(1), kNow);
  cache.Put(KeyNumber(1), Answer("new", kNow + kTtl));
  EXPECT_EQ(cache.Fresh(KeyNumber(1), kNow + kTtl)->body, "new");
  EXPECT_EQ(held->body, "old") << "who holds an answer keeps it";
  EXPECT_EQ(cache.stats().answers, 1);
}

TEST(AnswerCache, WhatWasUsedLongestAgoLeaves) {
  AnswerCache cache(100'000);
  const std::string body(10'000, 'x');
  for (int i = 0; i < 9; ++i) cache.Put(KeyNumber(i), Answer(body));
  EXPECT_NE(cache.Fresh(KeyNumber(0), kNow), nullptr);
  for (int i = 9; i < 12; ++i) cache.Put(KeyNumber(i), Answer(body));
  EXPECT_LE(cache.stats().bytes, 100'000);
  EXPECT_EQ(cache.stats().evicted, 3);
  EXPECT_NE(cache.Fresh(KeyNumber(0), kNow), nullptr) << "it was used";
  EXPECT_EQ(cache.Fresh(KeyNumber(1), kNow), nullptr);
  EXPECT_EQ(cache.Fresh(KeyNumber(3), kNow), nullptr);
  EXPECT_NE(cache.Fresh(KeyNumber(4), kNow), nullptr);
  cache.Clear();
  EXPECT_EQ(cache.stats().bytes, 0);
  EXPECT_EQ(cache.Fresh(KeyNumber(4), kNow), nullptr);
}

TEST(AnswerCache, TooLargeAndOff) {
  AnswerCache cache(80'000);
  cache.Put(KeyNumber(1), Answer(std::string(10'000, 'x')));
  EXPECT_EQ(cache.stats().answers, 0) << "over an eighth, its own cost counted";
  AnswerCache off(0);
  off.Put(KeyNumber(1), Answer(""));
  EXPECT_EQ(off.stats().answers, 0);
}

TEST(AnswerCache, ManyThreads) {
  AnswerCache cache(50'000);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 5'000; ++i) {
        const CacheKey key = KeyNumber((i * 7 + t) % 50);
        if (i % 3 == 0) cache.Put(key, Answer(std::string(static_cast<size_t>(i % 4000), 'x')));
        if (const auto answer = cache.Fresh(key, kNow)) {
          ASSERT_LT(answer->body.size(), 4000u);
        }
      }
    });
  }
  threads.clear();
  EXPECT_LE(cache.stats().bytes, 50'000);
}

}  // namespace
}  // namespace pitot
