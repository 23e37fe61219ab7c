#include "gateway/outage/headers.h"

#include <gtest/gtest.h>

#include <string>

namespace pitot {
namespace {

std::string Text(const HttpHeaders& headers) {
  std::string out;
  for (size_t i = 0; i < headers.size(); ++i) {
    out.append(headers[i].name).append(": ").append(headers[i].value).append("\n");
  }
  return out;
}

TEST(RequestHeaders, OnlyWhatIsOursOrTheConnectionsStays) {
  const HttpHeaders from{{"Host", "127.0.0.1:4318"},
                         {"User-Agent", "claude-cli/2.1 (external, cli)"},
                         {"x-app", "cli"},
                         {"X-Stainless-Retry-Count", "1"},
                         {"anthropic-beta", "a-2026,b-2026"},
                         {"anthropic-version", "2023-06-01"},
                         {"x-claude-code-session-id", "s1"},
                         {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                         {"x-pitot-feature", "checkout"},
                         {"X-Pitot-Key", "pk-pitot-1"},
                         {"Authorization", "Bearer sk-ant-oat-theirs"},
                         {"Accept-Encoding", "gzip, br"},
                         {"Content-Type", "application/json"},
                         {"Content-Length", "12"},
                         {"Expect", "100-continue"},
                         {"Connection", "keep-alive, X-Hop"},
                         {"X-Hop", "1"},
                         {"Keep-Alive", "timeout=5"},
                         {"TE", "trailers"},
                         {"Cookie", "pitot_session=abc; other=1; Pitot_csrf=2"},
                         {"x-from-the-future", "kept"}};
  EXPECT_EQ(Text(RequestHeaders(from, {.our_key = "pk-pitot-1"})),
            "User-Agent: claude-cli/2.1 (external, cli)\n"
            "x-app: cli\n"
            "X-Stainless-Retry-Count: 1\n"
            "anthropic-beta: a-2026,b-2026\n"
            "anthropic-version: 2023-06-01\n"
            "x-claude-code-session-id: s1\n"
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n"
            "Authorization: Bearer sk-ant-oat-theirs\n"
            "Content-Type: application/json\n"
            "Cookie: other=1\n"
            "x-from-the-future: kept\n"
            "accept-encoding: identity\n");
}

TEST(RequestHeaders, Credentials) {
  struct Case {
    const char* why;
    HttpHeaders from;
    RequestHeaderPlan plan;
    std::string want;
  };
  const Case kCases[] = {
      {"our key as bearer, the provider's put in",
       {{"authorization", "Bearer pk-pitot-1"}},
       {.our_key = "pk-pitot-1",
        .credential_name = "authorization",
        .credential_value = "Bearer sk-1"},
       "accept-encoding: identity\nauthorization: Bearer sk-1\n"},
      {"our key in x-api-key, none configured: nothing of ours leaves",
       {{"x-api-key", "pk-pitot-1"}},
       {.our_key = "pk-pitot-1"},
       "accept-encoding: identity\n"},
      {"our key in any header",
       {{"X-Custom", "pk-pitot-1"}, {"proxy-key", "Key pk-pitot-1"}},
       {.our_key = "pk-pitot-1"},
       "accept-encoding: identity\n"},
      {"a value that only ends like our key stays",
       {{"x-note", "xpk-pitot-1"}},
       {.our_key = "pk-pitot-1"},
       "x-note: xpk-pitot-1\naccept-encoding: identity\n"},
      {"the caller's own",
       {{"x-api-key", "sk-theirs"}},
       {},
       "x-api-key: sk-theirs\naccept-encoding: identity\n"},
      {"all of the caller's are replaced",
       {{"Authorization", "Bearer a"},
        {"X-API-Key", "b"},
        {"x-goog-api-key", "c"},
        {"api-key", "d"}},
       {.credential_name = "x-api-key", .credential_value = "sk-2"},
       "accept-encoding: identity\nx-api-key: sk-2\n"},
      {"a credential under a name of its own",
       {{"x-token", "a"}},
       {.credential_name = "X-Token", .credential_value = "sk-3"},
       "accept-encoding: identity\nX-Token: sk-3\n"},
      {"cookies of ours alone", {{"Cookie", "pitot_session=1"}}, {}, "accept-encoding: identity\n"},
      {"content coding as sent",
       {{"Content-Encoding", "gzip"}},
       {},
       "Content-Encoding: gzip\naccept-encoding: identity\n"},
      {"content coding taken off",
       {{"Content-Encoding", "gzip"}},
       {.body_decoded = true},
       "accept-encoding: identity\n"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Text(RequestHeaders(c.from, c.plan)), c.want) << c.why;
}

TEST(RequestHeaders, RulesOfTheUpstream) {
  const HeaderRules rules{.drop = {"anthropic-*", "x-app"},
                          .set = {{"X-Team", "42"}, {"user-agent", "us"}}};
  const HttpHeaders from{{"Anthropic-Beta", "a"},
                         {"anthropic-version", "b"},
                         {"X-App", "cli"},
                         {"User-Agent", "them"},
                         {"anthropicx", "c"}};
  EXPECT_EQ(Text(RequestHeaders(from, {.rules = &rules})),
            "anthropicx: c\naccept-encoding: identity\nX-Team: 42\nuser-agent: us\n");
}

TEST(ReplyHeaders, OnlyWhatSpeaksOfTheOriginOrTheConnectionStays) {
  const HttpHeaders from{{"Content-Type", "text/event-stream"},
                         {"content-encoding", "br"},
                         {"Content-Length", "10"},
                         {"Transfer-Encoding", "chunked"},
                         {"Connection", "close, x-hop"},
                         {"x-hop", "1"},
                         {"request-id", "req_1"},
                         {"retry-after", "7"},
                         {"x-should-retry", "true"},
                         {"anthropic-ratelimit-unified-status", "allowed_warning"},
                         {"x-pitot-cache", "hit"},
                         {"access-control-allow-origin", "*"},
                         {"alt-svc", "h3=\":443\""},
                         {"Strict-Transport-Security", "max-age=1"},
                         {"set-cookie", "__cf_bm=1"},
                         {"set-cookie", "pitot_session=stolen"},
                         {"set-cookie", "b=2"},
                         {"x-drop-me", "1"}};
  const HeaderRules rules{.drop_reply = {"x-drop-*"}};
  EXPECT_EQ(Text(ReplyHeaders(from, &rules)),
            "Content-Type: text/event-stream\n"
            "content-encoding: br\n"
            "request-id: req_1\n"
            "retry-after: 7\n"
            "x-should-retry: true\n"
            "anthropic-ratelimit-unified-status: allowed_warning\n"
            "set-cookie: __cf_bm=1\n"
            "set-cookie: b=2\n");
  EXPECT_EQ(Text(ReplyHeaders({{"x-drop-me", "1"}}, nullptr)), "x-drop-me: 1\n");
}

TEST(HeaderRules, Validate) {
  const auto bad = [](const char* why, const HeaderRules& rules, std::string_view names) {
    const absl::Status status = rules.Validate("gateway.upstreams.x.headers");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << why;
    EXPECT_NE(status.ToString().find(names), std::string::npos) << why << ": " << status;
  };
  EXPECT_TRUE(HeaderRules({.drop = {"a-*", "B"}, .set = {{"x", "y z"}}, .drop_reply = {"q"}})
                  .Validate("h")
                  .ok());
  bad("empty name", {.drop = {""}}, "headers.drop");
  bad("no token", {.drop = {"a b"}}, "\"a b\"");
  bad("framing", {.set = {{"Host", "x"}}}, "Host belongs to the connection");
  bad("framing, dropped", {.drop = {"content-length"}}, "content-length");
  bad("hop by hop", {.set = {{"Connection", "x"}}}, "Connection");
  bad("pattern where a name is needed", {.set = {{"x-*", "y"}}}, "only drop");
  bad("line break", {.set = {{"x", "a\r\nevil: 1"}}}, "line break");
  bad("of replies", {.drop_reply = {"a:b"}}, "drop_reply");
}

}  // namespace
}  // namespace pitot
