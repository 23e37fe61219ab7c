#include "api/web.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pitot {
namespace {

using namespace std::string_view_literals;

constexpr WebFile kFiles[] = {
    {"/assets/index-0a1b2c3d.js", "text/javascript; charset=utf-8", "11", true,
     "plain script, long", "gzip script", "br script"},
    {"/index.html", "text/html; charset=utf-8", "22", false, "document, long", "gzip doc",
     "br doc"},
    {"/icon.svg", "image/svg+xml", "33", true, "tiny", "larger gzip", "larger br"},
};
constexpr std::string_view kPages[] = {"/", "/traces", "/traces/{trace_id}"};
constexpr WebFiles kWeb{kFiles, kPages};

HttpRequest Get(std::string_view path, std::string_view header = "", std::string_view value = "") {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  if (!header.empty()) request.headers.Add(header, value);
  return request;
}

TEST(Web, PagesShowTheDocument) {
  for (const std::string_view path : {"/", "/traces", "/traces/", "/traces/0af7651916cd43dd"}) {
    const auto response = ServeWeb(kWeb, Get(path));
    ASSERT_TRUE(response.has_value()) << path;
    EXPECT_EQ(response->status, 200) << path;
    EXPECT_EQ(response->body, "document, long") << path;
    EXPECT_EQ(response->headers.Get("cache-control"), "no-cache") << path;
  }
}

TEST(Web, NothingElseIsAnswered) {
  for (const std::string_view path :
       {"/nothing", "/traces/a/b", "/assets/index.js", "/assets/", "/assets/../index.html", "",
        "/api/v1/traces", "*", "/Traces"}) {
    EXPECT_FALSE(ServeWeb(kWeb, Get(path)).has_value()) << path;
  }
}

TEST(Web, HashedFilesAreKeptForGood) {
  const auto response = ServeWeb(kWeb, Get("/assets/index-0a1b2c3d.js"));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->headers.Get("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(response->headers.Get("content-type"), "text/javascript; charset=utf-8");
}

TEST(Web, EveryAnswerIsGuarded) {
  for (const std::string_view path : {"/", "/assets/index-0a1b2c3d.js"}) {
    const auto response = ServeWeb(kWeb, Get(path));
    ASSERT_TRUE(response.has_value());
    const std::string_view policy = response->headers.Get("content-security-policy");
    for (const std::string_view part :
         {"default-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"}) {
      EXPECT_NE(policy.find(part), policy.npos) << part;
    }
    EXPECT_EQ(policy.find("unsafe"), policy.npos);
    EXPECT_EQ(response->headers.Get("x-content-type-options"), "nosniff");
    EXPECT_EQ(response->headers.Get("referrer-policy"), "same-origin");
  }
}

TEST(Web, SmallestFormThatIsAccepted) {
  const auto expect = [](std::string_view path, std::string_view accepted, std::string_view body,
                         std::string_view coding) {
    const auto response = ServeWeb(kWeb, Get(path, "Accept-Encoding", accepted));
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->body, body) << accepted;
    EXPECT_EQ(response->headers.Get("content-encoding"), coding) << accepted;
    EXPECT_EQ(response->headers.Get("vary"), "Accept-Encoding");
  };
  expect("/", "gzip, deflate, br, zstd", "br doc", "br");
  expect("/", "gzip", "gzip doc", "gzip");
  expect("/", "GZIP ; q=0.8, br;q=0", "gzip doc", "gzip");
  expect("/", "br;q=0.0, gzip;q=0", "document, long", "");
  expect("/", "identity", "document, long", "");
  expect("/", "", "document, long", "");
  expect("/icon.svg", "gzip, br", "tiny", "");
}

TEST(Web, NotSentAgainWhileTheSame) {
  const auto status = [](std::string_view if_none_match) {
    const auto response = ServeWeb(kWeb, Get("/traces", "If-None-Match", if_none_match));
    return response ? response->status : 0;
  };
  EXPECT_EQ(status(R"("22")"), 304);
  EXPECT_EQ(status(R"(W/"22")"), 304);
  EXPECT_EQ(status(R"("1", "22" )"), 304);
  EXPECT_EQ(status("*"), 304);
  EXPECT_EQ(status(R"("22-br")"), 200) << "another coding is another form";
  EXPECT_EQ(status(R"("2")"), 200);
  EXPECT_EQ(status("22"), 200);

  const auto same = ServeWeb(kWeb, Get("/traces", "If-None-Match", R"("22")"));
  EXPECT_EQ(same->body, "");
  EXPECT_EQ(same->headers.Get("etag"), R"("22")");
  EXPECT_EQ(same->headers.Get("cache-control"), "no-cache");
}

TEST(Web, ReadsOnly) {
  HttpRequest request = Get("/traces");
  request.method = "POST";
  const auto response = ServeWeb(kWeb, request);
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 405);
  EXPECT_EQ(response->headers.Get("allow"), "GET, HEAD");

  request.method = "HEAD";
  EXPECT_EQ(ServeWeb(kWeb, request)->status, 200);
}

TEST(Web, BuiltInPagesAreWhole) {
  const WebFiles& web = BuiltInWebFiles();
  const auto document = ServeWeb(web, Get("/"));
  ASSERT_TRUE(document.has_value());
  EXPECT_NE(document->body.find("<div id=\"root\">"), std::string::npos);
  EXPECT_EQ(document->body.find("<script>"), std::string::npos) << "inline scripts are forbidden";
  size_t scripts = 0;
  for (const WebFile& file : web.files) {
    // The theme is chosen before anything is drawn, by a script of its own.
    const bool kept_by_name = file.path == "/index.html" || file.path == "/theme.js";
    EXPECT_EQ(file.immutable, !kept_by_name) << file.path;
    if (file.path == "/index.html") continue;
    const bool named = document->body.find(file.path) != std::string::npos;
    if (file.content_type.starts_with("text/javascript") && named) ++scripts;
  }
  EXPECT_EQ(scripts, 2u) << "the theme's and the pages' entry";
}

}  // namespace
}  // namespace pitot
