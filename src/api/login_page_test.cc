#include "api/login_page.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pitot {
namespace {

using testing::HasSubstr;
using testing::Not;

HttpRequest Visit(std::string_view target, HttpHeaders headers = {}) {
  HttpRequest request;
  request.method = "GET";
  request.target = target;
  request.path = target.substr(0, target.find('?'));
  request.headers = std::move(headers);
  return request;
}

TEST(LoginPage, LeadsBackToThePageAskedFor) {
  const HttpResponse page = LoginPage(Visit("/traces?q=cost%20%3E%201"), "");
  EXPECT_EQ(page.status, 401);
  EXPECT_EQ(page.headers.Get("cache-control"), "no-store");
  EXPECT_THAT(page.body, HasSubstr(R"(name="next" value="/traces?q=cost%20%3E%201")"));
}

TEST(LoginPage, IsNoPlaceForMarkupOfOthers) {
  const HttpResponse page = LoginPage(Visit("/\"><script>x</script>"), "<b>\"no\"</b>");
  EXPECT_THAT(page.body, Not(HasSubstr("<script>")));
  EXPECT_THAT(page.body, Not(HasSubstr("<b>")));
  EXPECT_THAT(page.body, HasSubstr("&lt;b&gt;&quot;no&quot;&lt;/b&gt;"));
  const std::string_view policy = page.headers.Get("content-security-policy");
  EXPECT_THAT(std::string(policy), HasSubstr("default-src 'none'"));
  EXPECT_THAT(std::string(policy), Not(HasSubstr("unsafe")));
  const size_t nonce = policy.find("'nonce-") + 7;
  EXPECT_THAT(page.body, HasSubstr(fmt::format("<style nonce=\"{}\">", policy.substr(nonce, 22))));
}

TEST(LoginPage, AVisitFromAnotherSiteAsksAgainSoThatTheCookieComes) {
  const HttpResponse page =
      LoginPage(Visit("/traces/0af7", {{"Sec-Fetch-Site", "cross-site"}}), "");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr(R"(http-equiv="refresh" content="0;url=/traces/0af7")"));
  EXPECT_THAT(page.body, Not(HasSubstr("<form")));
}

TEST(SafeTarget, IsAlwaysAPathOfOurs) {
  EXPECT_EQ(SafeTarget("/traces/1?a=b&c=d"), "/traces/1?a=b&c=d");
  for (const char* bad : {"", "traces", "https://evil.example", "//evil.example", "/\\evil.example",
                          "/\t/evil.example", "/a\r\nSet-Cookie: x=y", "javascript:alert(1)"}) {
    EXPECT_EQ(SafeTarget(bad), "/") << bad;
  }
}

}  // namespace
}  // namespace pitot
