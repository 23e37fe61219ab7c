// What only a remote store does: it goes away and comes back, there are several, it may be too old.
#include "store/engine/remote_engine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http/server.h"
#include "store/store.h"
#include "store/testing/server.h"

namespace pitot {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;

constexpr milliseconds kDeadline{30'000};

class RemoteEngineTest : public testing::Test {
 protected:
  StoreOptions Options(std::vector<std::string> urls) {
    StoreOptions options;
    options.mode = StoreMode::kRemote;
    options.remote.urls = std::move(urls);
    return options;
  }
  absl::Status InsertState(Engine& engine, int id) {
    const auto block =
        engine.Query(fmt::format("SELECT 'k' AS kind, '{}' AS id", id), {.format = "Native"});
    if (!block.ok()) return block.status();
    return engine.Insert("state", block->body, kDeadline);
  }
  std::string Ids(Engine& engine) {
    const auto result = engine.Query(
        "SELECT groupArray(id) FROM (SELECT id FROM state ORDER BY id)", {.format = "TSV"});
    return result.ok() ? result->body : result.status().ToString();
  }

  TempFolder folder_;
  FakeClock clock_{1'795'000'000'000'000'000};
};

// Answers every request alike, as a proxy or another program would.
std::unique_ptr<HttpServer> FakeServer(int status, std::string body) {
  HttpService service;
  service.handle = [status, body](HttpRequest, Responder responder) {
    responder.Send({.status = status, .headers = {}, .body = body});
  };
  auto server = HttpServer::Open({}, std::move(service));
  EXPECT_TRUE(server.ok()) << server.status();
  (*server)->Start();
  return *std::move(server);
}
std::string UrlOf(const HttpServer& server) {
  return fmt::format("http://127.0.0.1:{}", server.port());
}

TEST_F(RemoteEngineTest, AServerMayDieAndComeBack) {
  TestServer server(folder_ / "a");
  server.Start();
  auto store = Store::Open(Options({server.url()}), clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  Engine& engine = (*store)->engine();
  for (int id = 0; id < 3; ++id) {
    ASSERT_TRUE(InsertState(engine, id).ok());
    server.Kill();
    const auto away = engine.Query("SELECT 1", {});
    EXPECT_EQ(away.status().code(), StatusCode::kUnavailable) << away.status();
    EXPECT_NE(away.status().ToString().find(server.url()), std::string::npos) << away.status();
    EXPECT_EQ(engine.Insert("state", "", kDeadline).code(), StatusCode::kUnavailable);
    EXPECT_EQ(engine.Execute("SELECT 1", kDeadline).code(), StatusCode::kUnavailable);
    EXPECT_EQ((*store)->Health(kDeadline).status.code(), StatusCode::kUnavailable);
    server.Start();
    EXPECT_TRUE((*store)->Health(kDeadline).status.ok());
  }
  EXPECT_EQ(Ids(engine), "['0','1','2']\n") << "what was acknowledged outlived kill -9";
}

TEST_F(RemoteEngineTest, AServerMayDieInTheMiddleOfAStatement) {
  TestServer server(folder_ / "a");
  server.Start();
  auto store = Store::Open(Options({server.url()}), clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  Engine& engine = (*store)->engine();
  absl::Status cut;
  {
    std::jthread slow([&] {
      cut =
          engine
              .Query(
                  "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(cityHash64(number))",
                  {.deadline = kDeadline})
              .status();
    });
    const auto until = std::chrono::steady_clock::now() + kDeadline;
    const auto runs = [&] {
      const auto found = engine.Query(
          "SELECT count() FROM system.processes WHERE query LIKE '%cityHash64(number)%' "
          "AND query NOT LIKE '%system.processes%'",
          {.format = "TSV"});
      return found.ok() && found->body == "1\n";
    };
    while (!runs()) {
      ASSERT_LT(std::chrono::steady_clock::now(), until) << "the statement never ran";
      std::this_thread::sleep_for(milliseconds(5));  // Between two polls.
    }
    server.Kill();
  }
  EXPECT_EQ(cut.code(), StatusCode::kUnavailable) << cut;
}

TEST_F(RemoteEngineTest, AStoreThatIsAwayAtFirstIsPreparedLater) {
  TestServer server(folder_ / "a");
  server.Start();
  server.Kill();
  auto store = Store::Open(Options({server.url()}), clock_);
  ASSERT_TRUE(store.ok()) << "a server must start while its store is away: " << store.status();
  Engine& engine = (*store)->engine();
  EXPECT_EQ(InsertState(engine, 1).code(), StatusCode::kUnavailable);
  EXPECT_EQ((*store)->Health(kDeadline).schema_version, 0u);
  server.Start();
  EXPECT_EQ(InsertState(engine, 1).code(), StatusCode::kUnavailable) << "asked again too early";
  clock_.Advance(std::chrono::seconds(2));
  EXPECT_TRUE(InsertState(engine, 1).ok());
  EXPECT_EQ(Ids(engine), "['1']\n");
  EXPECT_GT((*store)->Health(kDeadline).schema_version, 0u);
}

TEST_F(RemoteEngineTest, AnotherHostTakesOver) {
  TestServer a(folder_ / "a");
  TestServer b(folder_ / "b");
  a.Start();
  b.Start();
  auto store = Store::Open(Options({a.url(), b.url()}), clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  Engine& engine = (*store)->engine();
  const auto run_on = [&] {
    const auto result = engine.Query("SELECT 1", {.format = "TSV"});
    EXPECT_TRUE(result.ok()) << result.status();
    return engine.Describe();
  };
  EXPECT_NE(run_on().find(a.url()), std::string::npos);
  a.Kill();
  EXPECT_EQ(engine.Query("SELECT 1 FROM system.one", {}).status().code(),
            StatusCode::kInvalidArgument)
      << "b answers: it is no replica here, so it has no database pitot";
  EXPECT_NE(engine.Describe().find(b.url()), std::string::npos);
  ASSERT_TRUE(engine.Execute("SELECT 1", kDeadline).code() == StatusCode::kInvalidArgument);
  a.Start();
  b.Kill();
  EXPECT_NE(run_on().find(a.url()), std::string::npos);
}

TEST_F(RemoteEngineTest, AProxyWithoutServerIsSkipped) {
  TestServer server(folder_ / "a");
  server.Start();
  for (const int status : {502, 503, 504, 429}) {
    const auto proxy = FakeServer(status, "no server");
    auto store = Store::Open(Options({UrlOf(*proxy), server.url()}), clock_);
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE((*store)->Health(kDeadline).status.ok());
    auto alone = Store::Open(Options({UrlOf(*proxy)}), clock_);
    ASSERT_TRUE(alone.ok()) << alone.status();
    EXPECT_EQ((*alone)->Health(kDeadline).status.code(), StatusCode::kUnavailable) << status;
  }
}

TEST_F(RemoteEngineTest, RefusesAServerThatIsTooOld) {
  for (const std::string version : {"24.8.4.13\n", "26.6.99.1\n"}) {
    const auto old = FakeServer(200, version);
    const auto store = Store::Open(Options({UrlOf(*old)}), clock_);
    EXPECT_EQ(store.status().code(), StatusCode::kFailedPrecondition) << version;
    EXPECT_NE(store.status().ToString().find("26.7 or newer"), std::string::npos) << store.status();
  }
}

TEST_F(RemoteEngineTest, RefusesWhatIsNoClickHouse) {
  const auto page = FakeServer(404, "<html>not here</html>");
  EXPECT_FALSE(Store::Open(Options({UrlOf(*page)}), clock_).ok());
}

TEST_F(RemoteEngineTest, AWrongPasswordIsToldAndMayBeMended) {
  TestServer server(folder_ / "a");
  server.Start();
  StoreOptions options = Options({server.url()});
  options.remote.password = "wrong";
  auto store = Store::Open(options, clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  const absl::Status refused = (*store)->Health(kDeadline).status;
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_NE(refused.ToString().find("Authentication failed"), std::string::npos) << refused;
}

TEST_F(RemoteEngineTest, UsesAnotherDatabase) {
  TestServer server(folder_ / "a");
  server.Start();
  StoreOptions options = Options({server.url() + "/"});
  options.remote.database = "other_1";
  auto store = Store::Open(options, clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  const auto result = (*store)->engine().Query("SELECT currentDatabase()", {.format = "TSV"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->body, "other_1\n");
}

TEST_F(RemoteEngineTest, TooLongAResultIsRefused) {
  TestServer server(folder_ / "a");
  server.Start();
  StoreOptions options = Options({server.url()});
  options.remote.result_bytes_max = 100'000;
  auto store = Store::Open(options, clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->engine().Query("SELECT number FROM numbers(1000000)", {}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ((*store)
                ->engine()
                .Query("SELECT {a:String}", {.params = {{"a", std::string(2 << 20, 'x')}}})
                .status()
                .code(),
            StatusCode::kInvalidArgument)
      << "more parameters than a server takes";
}

TEST(RemoteOptions, AreChecked) {
  const auto code = [](RemoteOptions options) {
    return RemoteEngine::Create(options).status().code();
  };
  EXPECT_EQ(code({}), StatusCode::kInvalidArgument) << "no URL";
  EXPECT_EQ(code({.urls = {"ch1:8123"}}), StatusCode::kInvalidArgument) << "no scheme";
  EXPECT_EQ(code({.urls = {"http://u:p@ch1:8123"}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.urls = {"http://ch1:8123/?user=x"}}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.urls = {"http://ch1"}, .database = "a b"}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.urls = {"http://ch1:8123", "https://ch2/path/"}}), StatusCode::kOk);
}

}  // namespace
}  // namespace pitot
