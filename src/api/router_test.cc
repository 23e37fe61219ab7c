#include "api/router.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

constexpr RoutePattern kRoutes[] = {
    {"GET", "/healthz"},
    {"GET", "/api/v1/traces"},
    {"GET", "/api/v1/traces/{trace_id}"},
    {"GET", "/api/v1/traces/{trace_id}/spans/{span_id}"},
    {"GET", "/api/v1/scores"},
    {"POST", "/api/v1/scores"},
};
using Result = RouteMatch::Result;

TEST(MatchRoute, Finds) {
  const auto good = [](std::string_view method, std::string_view path, size_t route,
                       const std::vector<std::string>& args) {
    const RouteMatch match = MatchRoute(kRoutes, method, path);
    EXPECT_EQ(match.result, Result::kFound) << method << " " << path;
    EXPECT_EQ(match.route, route) << path;
    EXPECT_EQ(match.args, args) << path;
  };
  good("GET", "/healthz", 0, {});
  good("HEAD", "/healthz", 0, {});
  good("GET", "/api/v1/traces/", 1, {});
  good("GET", "/api/v1/traces/abc", 2, {"abc"});
  good("GET", "/api/v1/traces/abc/spans/d e", 3, {"abc", "d e"});
  good("POST", "/api/v1/scores", 5, {});
}

TEST(MatchRoute, SaysWhatWasMeant) {
  const auto near = [](std::string_view path, std::string_view nearest) {
    const RouteMatch match = MatchRoute(kRoutes, "GET", path);
    EXPECT_EQ(match.result, Result::kNoPath) << path;
    EXPECT_EQ(match.nearest, nearest) << path;
  };
  near("/api/v1/trace", "/api/v1/traces");
  near("/helthz", "/healthz");
  near("/api/v1/traces/abc/span/def", "/api/v1/traces/{trace_id}");
  near("/completely/different", "");
  near("", "");
  near("/", "");
}

TEST(MatchRoute, SaysWhichMethods) {
  RouteMatch match = MatchRoute(kRoutes, "DELETE", "/api/v1/scores");
  EXPECT_EQ(match.result, Result::kNoMethod);
  EXPECT_EQ(match.allow, "GET, HEAD, POST");
  match = MatchRoute(kRoutes, "POST", "/api/v1/traces/abc");
  EXPECT_EQ(match.result, Result::kNoMethod);
  EXPECT_EQ(match.allow, "GET, HEAD");
}

}  // namespace
}  // namespace pitot
