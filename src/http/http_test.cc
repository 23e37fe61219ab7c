// Headers, URLs, JSON strings, guard, memory budget: the parts of http/ without a socket.
#include <gtest/gtest.h>

#include <vector>

#include "http/guard.h"
#include "http/headers.h"
#include "http/memory_budget.h"
#include "http/message.h"
#include "http/url.h"

namespace pitot {
namespace {

TEST(Headers, AreFoundInAnyCaseAndKeepTheirOrder) {
  HttpHeaders headers = {{"Content-Type", "a"}, {"X-Two", "1"}, {"x-two", "2"}};
  EXPECT_EQ(headers.Get("content-TYPE"), "a");
  EXPECT_EQ(headers.Join("X-TWO"), "1,2");
  EXPECT_EQ(headers.Count("x-two"), 2u);
  EXPECT_FALSE(headers.Has("x-tw"));
  headers.Set("X-Two", "3");
  EXPECT_EQ(headers.Join("x-two"), "3");
  headers.Remove("content-type");
  ASSERT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers[0].name, "X-Two");
}

TEST(Headers, ListTokens) {
  EXPECT_TRUE(ListHasToken("keep-alive, Upgrade", "upgrade"));
  EXPECT_TRUE(ListHasToken("100-continue", "100-continue"));
  EXPECT_FALSE(ListHasToken("gzipped", "gzip"));
  EXPECT_FALSE(ListHasToken("", "gzip"));
}

TEST(Url, PercentCodingGoesBothWays) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  EXPECT_EQ(PercentDecode(PercentEncode(every_byte)), every_byte);
  EXPECT_EQ(PercentDecode("a+b%20c%zz%4"), "a+b c%zz%4");
  EXPECT_EQ(PercentDecode("a+b", true), "a b");
}

TEST(Url, QueryParams) {
  const QueryParams params = ParseQuery("a=1&b=x%20y+z&flag&&e==");
  const QueryParams expected = {{"a", "1"}, {"b", "x y z"}, {"flag", ""}, {"e", "="}};
  EXPECT_EQ(params, expected);
  EXPECT_EQ(ParseQuery(FormatQuery(expected)), expected);
}

TEST(Url, Parses) {
  const auto good = [](const char* text, const char* authority, const char* target) {
    const absl::StatusOr<Url> url = ParseUrl(text);
    ASSERT_TRUE(url.ok()) << text << ": " << url.status();
    EXPECT_EQ(url->Authority(), authority) << text;
    EXPECT_EQ(url->target, target) << text;
  };
  good("http://LocalHost", "localhost:80", "/");
  good("https://ch1:8443/?database=x#frag", "ch1:8443", "/?database=x");
  good("https://[2001:db8::1]/a", "[2001:db8::1]:443", "/a");
  good("http://h?x=1", "h:80", "/?x=1");
  EXPECT_EQ(ParseUrl("https://h/")->HostHeader(), "h");
  EXPECT_EQ(ParseUrl("https://h:80/")->HostHeader(), "h:80");
}

TEST(Url, Rejects) {
  const auto bad = [](const char* why, const char* text) {
    EXPECT_EQ(ParseUrl(text).status().code(), absl::StatusCode::kInvalidArgument) << why;
  };
  bad("no scheme", "localhost:8123");
  bad("another scheme", "ftp://h/");
  bad("no host", "http:///x");
  bad("a password", "http://u:p@h/");
  bad("port not a number", "http://h:8x/");
  bad("port too large", "http://h:65536/");
  bad("port 0", "http://h:0/");
  bad("a line break would end the header", "http://h/a\r\nx: y");
  bad("open bracket", "http://[::1/");
}

TEST(Url, HostPort) {
  EXPECT_EQ(ParseHostPort("[::1]:4318")->host, "::1");
  EXPECT_EQ(ParseHostPort("127.0.0.1:0")->port, 0);
  EXPECT_EQ(ParseHostPort(":4318")->host, "");
  for (const char* bad : {"", "4318", "localhost", "::1", "a:b", "[::1]", "h:1:2"}) {
    EXPECT_FALSE(ParseHostPort(bad).ok()) << bad;
  }
}

TEST(Message, QuoteJsonEscapesAndMendsUtf8) {
  EXPECT_EQ(QuoteJson("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\u000a\\u0001\"");
  EXPECT_EQ(QuoteJson("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
  EXPECT_EQ(QuoteJson("\xC3"), "\"\uFFFD\"");
  EXPECT_EQ(QuoteJson("\xED\xA0\x80x"), "\"\uFFFD\uFFFD\uFFFDx\"");
  EXPECT_EQ(ErrorResponse(404, "no").body, R"({"error":{"code":"not_found","message":"no"}})");
}

HttpRequest Get(HttpHeaders headers, std::string method = "GET") {
  return {.method = std::move(method), .target = "/", .path = "/", .headers = std::move(headers)};
}

TEST(Guard, LoopbackRule) {
  const GuardOptions options = {.loopback_rule = true, .cors_origins = {"https://ui.example.com"}};
  const auto verdict = [&](const char* why, HttpHeaders headers, bool passes) {
    const GuardVerdict v = Guard(options, Get(std::move(headers)));
    EXPECT_EQ(!v.answer.has_value(), passes) << why;
    EXPECT_EQ(v.answer.value_or(HttpResponse{.status = 403}).status, 403) << why;
  };
  verdict("plain client", {{"Host", "localhost:4318"}}, true);
  verdict("no port", {{"Host", "127.0.0.1"}}, true);
  verdict("IPv6", {{"Host", "[::1]:80"}}, true);
  verdict("upper case", {{"Host", "LOCALHOST:1"}}, true);
  verdict("rebound name", {{"Host", "evil.example:4318"}}, false);
  verdict("prefix of a name", {{"Host", "localhost.evil.example"}}, false);
  verdict("name behind a port", {{"Host", "localhost:4318.evil.example"}}, false);
  verdict("no host", {}, false);
  verdict("own page", {{"Host", "localhost:4318"}, {"Origin", "http://localhost:4318"}}, true);
  verdict("own page behind TLS", {{"Host", "localhost"}, {"Origin", "https://localhost"}}, true);
  verdict("page on another port", {{"Host", "localhost:4318"}, {"Origin", "http://localhost:3000"}},
          false);
  verdict("foreign page", {{"Host", "localhost:4318"}, {"Origin", "https://evil.example"}}, false);
  verdict("sandboxed page", {{"Host", "localhost:4318"}, {"Origin", "null"}}, false);
  verdict("allowed page",
          {{"Host", "localhost:4318"},
           {"Origin", "https://ui.example.com"},
           {"Sec-Fetch-Site", "cross-site"}},
          true);
  verdict("image on a foreign page", {{"Host", "localhost:4318"}, {"Sec-Fetch-Site", "cross-site"}},
          false);
  verdict("typed address", {{"Host", "localhost:4318"}, {"Sec-Fetch-Site", "none"}}, true);
}

TEST(Guard, LinksToPagesMayBeFollowed) {
  const GuardOptions options = {.loopback_rule = true};
  const auto passes = [&](const char* path, const char* mode, const char* dest,
                          const char* method = "GET") {
    HttpRequest request = Get({{"Host", "localhost:4318"},
                               {"Sec-Fetch-Site", "cross-site"},
                               {"Sec-Fetch-Mode", mode},
                               {"Sec-Fetch-Dest", dest}},
                              method);
    request.path = path;
    return !Guard(options, request).answer.has_value();
  };
  EXPECT_TRUE(passes("/traces/1", "navigate", "document"));
  EXPECT_FALSE(passes("/traces/1", "navigate", "iframe"));
  EXPECT_FALSE(passes("/traces/1", "no-cors", "script"));
  EXPECT_FALSE(passes("/traces/1", "navigate", "document", "POST"));
  EXPECT_FALSE(passes("/api/v1/traces", "navigate", "document"));
}

TEST(Guard, Preflight) {
  const GuardOptions options = {.loopback_rule = false, .cors_origins = {"https://ui.example.com"}};
  const auto ask = [&](const char* origin) {
    return Guard(options, Get({{"Host", "pitot.example.com"},
                               {"Origin", origin},
                               {"Access-Control-Request-Method", "POST"},
                               {"Access-Control-Request-Headers", "content-type,x-pitot-key"}},
                              "OPTIONS"));
  };
  const GuardVerdict allowed = ask("https://ui.example.com");
  ASSERT_TRUE(allowed.answer.has_value());
  EXPECT_EQ(allowed.answer->status, 204);
  EXPECT_EQ(allowed.answer->headers.Get("Access-Control-Allow-Headers"),
            "content-type,x-pitot-key");
  EXPECT_EQ(allowed.reply_headers.Get("Access-Control-Allow-Origin"), "https://ui.example.com");
  const GuardVerdict other = ask("https://evil.example");
  EXPECT_FALSE(other.answer.has_value());
  EXPECT_FALSE(other.reply_headers.Has("Access-Control-Allow-Origin"));
}

TEST(MemoryBudget, ServesWaitersInOrder) {
  MemoryBudget budget(100);
  std::vector<int> order;
  ASSERT_TRUE(budget.TryAcquire(60));
  const uint64_t first = budget.AcquireOrWait(80, [&] { order.push_back(1); });
  const uint64_t second = budget.AcquireOrWait(10, [&] { order.push_back(2); });
  EXPECT_NE(first, 0u);
  EXPECT_NE(second, 0u) << "a small request must not overtake a large one for ever";
  EXPECT_FALSE(budget.TryAcquire(1));
  budget.Release(60);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_EQ(budget.used(), 90);
  EXPECT_FALSE(budget.Cancel(first)) << "it was granted already";
}

TEST(MemoryBudget, CancelLetsTheNextPass) {
  MemoryBudget budget(100);
  bool granted = false;
  ASSERT_TRUE(budget.TryAcquire(50));
  const uint64_t large = budget.AcquireOrWait(90, [] { FAIL() << "cancelled"; });
  ASSERT_NE(budget.AcquireOrWait(50, [&] { granted = true; }), 0u);
  EXPECT_TRUE(budget.Cancel(large));
  EXPECT_TRUE(granted);
  budget.Release(100);
  EXPECT_EQ(budget.used(), 0);
}

TEST(MemoryBudget, OneRequestLargerThanAllIsServedAlone) {
  MemoryBudget budget(10);
  EXPECT_TRUE(budget.TryAcquire(50));
  EXPECT_FALSE(budget.TryAcquire(1));
  budget.Release(50);
}

}  // namespace
}  // namespace pitot
