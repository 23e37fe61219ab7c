// URLs, heads, proxies, waiting times and addresses: what needs no socket.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <map>

#include "sdk/net/proxies.h"
#include "sdk/net/request_head.h"
#include "sdk/net/resolve.h"
#include "sdk/net/retry_after.h"
#include "sdk/net/url.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

TEST(ParseUrl, TakesApart) {
  struct Case {
    std::string_view text;
    bool tls;
    std::string_view host;
    uint16_t port;
    std::string_view target;
    std::string_view authority;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"http://a", false, "a", 80, "/", "a"},
           {"HTTPS://Example.COM/v1?x=1#part", true, "example.com", 443, "/v1?x=1", "example.com"},
           {"https://a:8443", true, "a", 8443, "/", "a:8443"},
           {"http://a:?q", false, "a", 80, "/?q", "a"},
           {"http://[::1]:4318/v1", false, "::1", 4318, "/v1", "[::1]:4318"},
           {"http://u%40x:p@a/", false, "a", 80, "/", "a"},
       }) {
    const std::optional<Url> url = ParseUrl(c.text);
    ASSERT_TRUE(url.has_value()) << c.text;
    EXPECT_EQ(url->tls, c.tls) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
    EXPECT_EQ(url->target, c.target) << c.text;
    EXPECT_EQ(url->Authority(), c.authority) << c.text;
  }
  EXPECT_EQ(ParseUrl("http://u%40x:p@a/")->user_info, "u@x:p");
}

TEST(ParseUrl, Rejects) {
  for (const std::string_view text :
       {"", "a", "ftp://a", "http://", "http:///x", "http://a:0", "http://a:70000", "http://a:x",
        "http://[::1", "http://[nonsense]", "http://a b", "http://a/\r\nX: y", "http://a<b>"}) {
    EXPECT_FALSE(ParseUrl(text).has_value()) << text;
  }
}

TEST(Url, KnowsLoopback) {
  for (const std::string_view host :
       {"localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"})
    EXPECT_TRUE(ParseUrl("http://" + std::string(host))->IsLoopback()) << host;
  for (const std::string_view host : {"localhost.com", "128.0.0.1", "[::2]", "127.0.0.1.nip.io"})
    EXPECT_FALSE(ParseUrl("http://" + std::string(host))->IsLoopback()) << host;
}

TEST(ShownUrl, LeavesSecretsOut) {
  EXPECT_EQ(ShownUrl("https://user:secret@a/p?key=secret#x"), "https://a/p");
  EXPECT_EQ(ShownUrl("nonsense"), "nonsense");
  EXPECT_EQ(ShownUrl("user:secret@a/p"), "a/p");
}

TEST(RequestHead, Writes) {
  std::string head;
  const Url url = *ParseUrl("http://a:8080/x?y");
  ASSERT_TRUE(
      RequestHead({.method = "POST", .headers = {{"A", "b"}, {"host", "evil"}}, .body = "12"}, url,
                  nullptr, &head)
          .ok());
  EXPECT_EQ(head,
            "POST /x?y HTTP/1.1\r\nHost: a:8080\r\nA: b\r\nAccept-Encoding: identity\r\n"
            "Content-Length: 2\r\n\r\n");
  const Url proxy = *ParseUrl("http://user:pass@proxy:3128");
  ASSERT_TRUE(RequestHead({}, url, &proxy, &head).ok());
  EXPECT_EQ(head,
            "GET http://a:8080/x?y HTTP/1.1\r\nHost: a:8080\r\nAccept-Encoding: identity\r\n"
            "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n");
  EXPECT_EQ(ConnectHead(*ParseUrl("https://a"), proxy),
            "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nProxy-Authorization: Basic "
            "dXNlcjpwYXNz\r\n\r\n");
}

TEST(RequestHead, RefusesWhatWouldSplitIt) {
  std::string head;
  const Url url = *ParseUrl("http://a");
  for (const auto& [name, value] : HeaderList{
           {"x-api-key", "sk-secret\n"}, {"a b", "c"}, {"", "c"}, {"a", std::string("\0", 1)}}) {
    const Failure failure = RequestHead({.headers = {{name, value}}}, url, nullptr, &head);
    EXPECT_EQ(failure.error, HttpOutcome::Error::kUrl) << name;
    EXPECT_EQ(failure.message.find("secret"), std::string::npos) << failure.message;
  }
  EXPECT_FALSE(RequestHead({.method = "GET /"}, url, nullptr, &head).ok());
}

std::string ProxyFor(const std::map<std::string, std::string>& environment, std::string_view url) {
  const Proxies proxies([&](const char* name) -> const char* {
    const auto it = environment.find(name);
    return it == environment.end() ? nullptr : it->second.c_str();
  });
  return proxies.For(*ParseUrl(url));
}

TEST(Proxies, ChoosesByScheme) {
  const std::map<std::string, std::string> both = {{"http_proxy", "p:1"},
                                                   {"HTTPS_PROXY", "http://q:2"}};
  EXPECT_EQ(ProxyFor(both, "http://a"), "http://p:1");
  EXPECT_EQ(ProxyFor(both, "https://a"), "http://q:2");
  EXPECT_EQ(ProxyFor({{"ALL_PROXY", "r:3"}}, "https://a"), "http://r:3");
  EXPECT_EQ(ProxyFor(both, "https://localhost"), "");
  EXPECT_EQ(ProxyFor({}, "https://a"), "");
  EXPECT_EQ(ProxyFor({{"HTTP_PROXY", "p:1"}, {"REQUEST_METHOD", "GET"}}, "http://a"), "")
      << "a CGI program's Proxy header";
}

TEST(Proxies, LeavesOutWhatNoProxyNames) {
  struct Case {
    std::string_view no_proxy;
    std::string_view url;
    bool direct;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"*", "https://a", true},
           {"example.com", "https://example.com", true},
           {"example.com", "https://api.example.com", true},
           {"example.com", "https://notexample.com", false},
           {".example.com", "https://api.example.com", true},
           {"*.example.com", "https://api.example.com", true},
           {" x , Example.COM ", "https://example.com", true},
           {"example.com:8443", "https://example.com", false},
           {"example.com:8443", "https://example.com:8443", true},
           {"10.0.0.0/8", "https://10.1.2.3", true},
           {"10.0.0.0/8", "https://11.1.2.3", false},
           {"fd00::/8", "https://[fd12::1]", true},
           {"10.0.0.0/33", "https://10.0.0.1", false},
           {"192.168.1.1", "https://192.168.1.1", true},
           {"[fd00::1]:443", "https://[fd00::1]", true},
           {"", "https://a", false},
           {",,", "https://a", false},
       }) {
    const std::string proxy =
        ProxyFor({{"https_proxy", "p:1"}, {"no_proxy", std::string(c.no_proxy)}}, c.url);
    EXPECT_EQ(proxy.empty(), c.direct) << c.no_proxy << " for " << c.url;
  }
}

TEST(RetryHints, Reads) {
  const int64_t now = 784111777;  // The date below.
  const auto after = [&](const HeaderList& headers) { return ReadRetryHints(headers, now).after; };
  EXPECT_EQ(after({{"retry-after", "2"}}), milliseconds(2000));
  EXPECT_EQ(after({{"Retry-After", " 0.5 "}}), milliseconds(500));
  EXPECT_EQ(after({{"retry-after-ms", "20"}, {"retry-after", "2"}}), milliseconds(20));
  EXPECT_EQ(after({{"retry-after", "Sun, 06 Nov 1994 08:49:40 GMT"}}), milliseconds(3000));
  EXPECT_EQ(after({{"retry-after", "Sun, 06 Nov 1994 08:49:30 GMT"}}), milliseconds(0));
  for (const char* bad : {"", "-1", "soon", "nan", "Sun, 36 Nov 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 08:49:37 CET", "06 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(after({{"retry-after", bad}}), std::nullopt) << bad;
  }
  EXPECT_EQ(ReadRetryHints({{"x-should-retry", "false"}}, now).should_retry, false);
  EXPECT_EQ(ReadRetryHints({{"x-should-retry", "true"}}, now).should_retry, true);
  EXPECT_EQ(ReadRetryHints({{"x-should-retry", "maybe"}}, now).should_retry, std::nullopt);
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), now);
}

TEST(Backoff, DoublesUpToTheLimit) {
  const auto wait = [](int attempt, uint64_t random) {
    return Backoff(milliseconds(500), milliseconds(8'000), attempt, random).count();
  };
  EXPECT_EQ(wait(1, 0), 500);
  EXPECT_EQ(wait(3, 0), 2'000);
  EXPECT_EQ(wait(60, 0), 8'000);
  EXPECT_GE(wait(1, ~uint64_t{0}), 375);
  EXPECT_LT(wait(1, ~uint64_t{0}), 380);
}

TEST(Resolve, TheFamiliesTakeTurns) {
  const auto address = [](int family, uint8_t last) {
    Address out;
    out.storage.ss_family = static_cast<sa_family_t>(family);
    out.bytes = sizeof(sockaddr_in6);
    if (family == AF_INET) {
      reinterpret_cast<sockaddr_in*>(&out.storage)->sin_addr.s_addr = htonl(last);
    } else {
      reinterpret_cast<sockaddr_in6*>(&out.storage)->sin6_addr.s6_addr[15] = last;
    }
    return out;
  };
  const std::vector<Address> turns =
      TakeTurns({address(AF_INET6, 1), address(AF_INET6, 2), address(AF_INET6, 3),
                 address(AF_INET, 1), address(AF_INET, 2)});
  std::string shown;
  for (const Address& each : turns) shown += each.ToString() + " ";
  EXPECT_EQ(shown, "::1 0.0.0.1 ::2 0.0.0.2 ::3 ");
}

}  // namespace
}  // namespace pitot
