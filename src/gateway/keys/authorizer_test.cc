#include "gateway/keys/authorizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/status.h"
#include "store/state.h"

namespace pitot {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr uint32_t kAdmin = static_cast<uint32_t>(KeyScope::kAdmin);
constexpr uint32_t kRead = static_cast<uint32_t>(KeyScope::kRead);

class AuthorizerTest : public testing::Test {
 protected:
  AuthorizerTest() {
    char name[] = "/tmp/pitot_auth_XXXXXX";
    folder_ = mkdtemp(name);
    state_ = *StateLog::Open(folder_ / "state", clock_);
    ring_ = *KeyRing::Open({}, *state_, clock_);
    sessions_ = std::make_unique<Sessions>(SessionsFile(), *ring_, clock_);
  }
  ~AuthorizerTest() override { std::filesystem::remove_all(folder_); }

  std::string SessionsFile() const { return folder_ / "sessions"; }

  NewKey Create(std::string name, uint32_t scopes, std::string project = "default") {
    ApiKey key;
    key.name = std::move(name);
    key.scopes = scopes;
    key.project = std::move(project);
    return *ring_->Create(key, "tester");
  }
  Authorizer Make(AuthMode mode, bool loopback_only = true) const {
    return Authorizer({mode, loopback_only}, *ring_, sessions_.get());
  }
  static HttpRequest Request(std::string method, HttpHeaders headers) {
    HttpRequest request;
    request.method = std::move(method);
    request.headers = std::move(headers);
    request.peer = "192.0.2.7:5000";
    return request;
  }
  static HttpRequest WithKey(std::string_view secret) {
    return Request("GET", {{"x-pitot-key", secret}});
  }
  // "ok", or the code and the words.
  static std::string Verdict(const absl::StatusOr<Caller>& caller) {
    if (caller.ok()) return "ok";
    return fmt::format("{} {}", RowOf(caller.status().code()).http, Message(caller.status()));
  }

  std::filesystem::path folder_;
  FakeClock clock_{1'800'000'000 * kNanosPerSecond};
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<KeyRing> ring_;
  std::unique_ptr<Sessions> sessions_;
};

TEST_F(AuthorizerTest, KeysAreNeededByModeAndAddress) {
  EXPECT_FALSE(Make(AuthMode::kAuto, true).KeysRequired());
  EXPECT_TRUE(Make(AuthMode::kAuto, false).KeysRequired());
  EXPECT_TRUE(Make(AuthMode::kKeys, true).KeysRequired());
  EXPECT_FALSE(Make(AuthMode::kNone, false).KeysRequired());
  const Authorizer made_before = Make(AuthMode::kAuto, true);
  const NewKey key = Create("ops", kAdmin);
  EXPECT_TRUE(made_before.KeysRequired()) << "from the first key on, without a restart";
  EXPECT_FALSE(Make(AuthMode::kNone, true).KeysRequired());
  ASSERT_TRUE(ring_->Revoke(key.key.id, "tester").ok());
  EXPECT_FALSE(made_before.KeysRequired());
}

TEST_F(AuthorizerTest, WithoutAKey) {
  const HttpRequest request = Request("GET", {{"Authorization", "Bearer sk-proj-abc"}});
  EXPECT_EQ(Verdict(Make(AuthMode::kAuto).Authorize(request, KeyScope::kAdmin)), "ok");
  EXPECT_EQ(Verdict(Make(AuthMode::kNone, false).Authorize(request, KeyScope::kAdmin)), "ok");
  const std::string refused = Verdict(Make(AuthMode::kKeys).Authorize(request, KeyScope::kIngest));
  EXPECT_THAT(refused, HasSubstr("401 an API key is needed"));
  EXPECT_THAT(refused, Not(HasSubstr("sk-proj")));
}

TEST_F(AuthorizerTest, AWrongKeyIsRefusedInEveryMode) {
  Create("ops", kAdmin);
  for (const AuthMode mode : {AuthMode::kAuto, AuthMode::kKeys, AuthMode::kNone}) {
    const std::string verdict =
        Verdict(Make(mode).Authorize(WithKey(MakeSecret("ab12cd34")), KeyScope::kRead));
    EXPECT_THAT(verdict, HasSubstr("401 the API key is not valid"));
    EXPECT_THAT(verdict, Not(HasSubstr("ab12cd34")));
  }
}

TEST_F(AuthorizerTest, AKeyMayWhatItsScopesSay) {
  const NewKey admin = Create("ops", kAdmin);
  const NewKey reader = Create("dash", kRead);
  const Authorizer authorizer = Make(AuthMode::kAuto);
  for (const KeyScope need :
       {KeyScope::kIngest, KeyScope::kRead, KeyScope::kSql, KeyScope::kGateway, KeyScope::kAdmin}) {
    EXPECT_EQ(Verdict(authorizer.Authorize(WithKey(admin.secret), need)), "ok");
    EXPECT_EQ(authorizer.Authorize(WithKey(reader.secret), need).ok(), need == KeyScope::kRead)
        << NameOf(need);
  }
  EXPECT_THAT(Verdict(authorizer.Authorize(WithKey(reader.secret), KeyScope::kSql)),
              HasSubstr("has not the scope sql that this needs; it has read"));
  const auto metadata = [&](std::string_view name) -> std::string_view {
    return name == "x-pitot-key" ? std::string_view(reader.secret) : "";
  };
  EXPECT_EQ(Verdict(authorizer.Authorize(metadata, KeyScope::kRead)), "ok");
  EXPECT_THAT(Verdict(authorizer.Authorize(metadata, KeyScope::kIngest)), HasSubstr("403"));
}

TEST_F(AuthorizerTest, TheKeysProjectIsTheCalls) {
  const NewKey admin = Create("ops", kAdmin);
  const NewKey reader = Create("dash", kRead, "shop");
  const Authorizer authorizer = Make(AuthMode::kAuto);
  const auto caller = authorizer.Authorize(WithKey(reader.secret), KeyScope::kRead);
  EXPECT_EQ(*caller->ProjectFor(""), "shop");
  EXPECT_EQ(*caller->ProjectFor("shop"), "shop");
  EXPECT_EQ(caller->ProjectFor("default").status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(caller->SeesAll());
  EXPECT_EQ(caller->Actor(), fmt::format("key {} (dash) from 192.0.2.7:5000", reader.key.id));
  const auto anybody = authorizer.Authorize(WithKey(admin.secret), KeyScope::kRead);
  EXPECT_EQ(*anybody->ProjectFor("shop"), "shop");
  EXPECT_EQ(*anybody->ProjectFor(""), "default");
  EXPECT_EQ(*Caller{}.ProjectFor("shop"), "shop");
}

TEST_F(AuthorizerTest, ACookieIsForPagesAndChangesNeedItsToken) {
  const NewKey reader = Create("ops", kAdmin);
  const std::string cookie =
      "theme=dark; pitot_session=" + *sessions_->Begin(reader.secret) + "; x=y";
  const Authorizer authorizer = Make(AuthMode::kAuto);
  const auto page = [&](std::string method, HttpHeaders headers) {
    headers.Add("Cookie", cookie);
    return authorizer.AuthorizePage(Request(std::move(method), std::move(headers)),
                                    KeyScope::kAdmin);
  };
  const auto caller = page("GET", {});
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_EQ(caller->key->id, reader.key.id);
  EXPECT_THAT(Verdict(page("POST", {})), HasSubstr("403 a change from a page"));
  EXPECT_THAT(Verdict(page("DELETE", {{"x-pitot-csrf", "guess"}})), HasSubstr("403"));
  EXPECT_EQ(Verdict(page("DELETE", {{"x-pitot-csrf", caller->csrf_token}})), "ok");
  // A key in a header is no cookie: no page of another site can send it.
  EXPECT_EQ(Verdict(page("DELETE", {{"x-pitot-key", reader.secret}})), "ok");
  EXPECT_THAT(Verdict(authorizer.Authorize(Request("GET", {{"Cookie", cookie}}), KeyScope::kRead)),
              HasSubstr("401"))
      << "senders and the gateway know no cookies";
}

TEST_F(AuthorizerTest, ASessionEndsWithItsSecretAtLogoutAndByItself) {
  const NewKey admin = Create("ops", kAdmin);
  const NewKey reader = Create("dash", kRead);
  const std::string first = *sessions_->Begin(reader.secret);
  const std::string second = *sessions_->Begin(reader.secret);
  EXPECT_NE(first, second);
  EXPECT_EQ(sessions_->Find(first)->key->id, reader.key.id);
  EXPECT_NE(sessions_->Find(first)->csrf_token, sessions_->Find(second)->csrf_token);
  sessions_->End(first);
  EXPECT_FALSE(sessions_->Find(first).has_value());
  EXPECT_TRUE(sessions_->Find(second).has_value());
  ASSERT_TRUE(ring_->Rotate(reader.key.id, kNanosPerMinute, "tester").ok());
  EXPECT_TRUE(sessions_->Find(second).has_value()) << "the old secret has its grace";
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_FALSE(sessions_->Find(second).has_value());

  const std::string third = *sessions_->Begin(admin.secret);
  clock_.Advance(std::chrono::nanoseconds(kSessionNanos - 1));
  EXPECT_TRUE(sessions_->Find(third).has_value());
  clock_.Advance(std::chrono::nanoseconds(1));
  EXPECT_FALSE(sessions_->Find(third).has_value());
  EXPECT_EQ(sessions_->Begin("pk-pitot-abc").status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(AuthorizerTest, SessionsSurviveARestartAndTheirFileIsNoKey) {
  const NewKey admin = Create("ops", kAdmin);
  const std::string token = *sessions_->Begin(admin.secret);
  sessions_ = std::make_unique<Sessions>(SessionsFile(), *ring_, clock_);
  ASSERT_TRUE(sessions_->Find(token).has_value());
  const auto file = ReadFile(SessionsFile());
  EXPECT_THAT(*file, Not(HasSubstr(token)));
  EXPECT_THAT(*file, Not(HasSubstr(admin.secret)));
  ASSERT_TRUE(WriteFileAtomic(SessionsFile(), "no session\n1 2 3\n").ok());
  sessions_ = std::make_unique<Sessions>(SessionsFile(), *ring_, clock_);
  EXPECT_FALSE(sessions_->Find(token).has_value());
}

TEST(SessionCookieOf, ReadsTheHeader) {
  const auto cookie = [](std::string_view header) {
    HttpRequest request;
    request.headers.Add("Cookie", header);
    return std::string(SessionCookie(request));
  };
  EXPECT_EQ(cookie("pitot_session=a"), "a");
  EXPECT_EQ(cookie("x=1; pitot_session=a=b;y=2"), "a=b");
  EXPECT_EQ(cookie("xpitot_session=a"), "");
  EXPECT_EQ(cookie("pitot_session"), "");
  EXPECT_EQ(cookie(""), "");
}

}  // namespace
}  // namespace pitot
