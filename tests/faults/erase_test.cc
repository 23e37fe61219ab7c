// Kill -9 while users and traces are deleted, over both kinds of store: what was recorded is finished
// after the restart, nothing comes back, and nobody else loses anything.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "base/clock.h"
#include "base/status.h"
#include "store/store.h"
#include "store/testing/server.h"
#include "tests/faults/pitot_process.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

constexpr int kUsers = 6;
constexpr int kTracesPerUser = 20;
constexpr int kKills = 6;

uint32_t Seed() {
  const char* seed = std::getenv("PITOT_TEST_SEED");
  return seed == nullptr ? 2'026 : static_cast<uint32_t>(std::atoi(seed));
}

class EraseFaultTest : public testing::Test {
 protected:
  // Status 0: cut.
  HttpReply Call(std::string_view method, std::string_view path, std::string body = "") {
    HttpClient client;
    HttpCall call;
    call.method = method;
    call.url = pitot_.url(path);
    call.body = body;
    call.timeout = std::chrono::minutes(1);
    auto reply = client.Call(call);
    return reply.ok() ? *std::move(reply) : HttpReply{.status = 0};
  }

  static std::string Text(int user, int trace) {
    // One of three texts is shared by all users.
    return std::string(200, 'x') +
           (trace % 3 == 0 ? fmt::format("shared {}", trace) : fmt::format("{} {}", user, trace));
  }

  void Load() {
    std::string lines;
    for (int user = 0; user < kUsers; ++user) {
      for (int trace = 0; trace < kTracesPerUser; ++trace) {
        lines +=
            fmt::format(R"({{"trace_id":"{:032x}","span_id":"{:016x}","name":"chat","kind":"llm",)"
                        R"("start":{},"duration_ms":5,"attrs":{{"gen_ai.operation.name":"chat",)"
                        R"("user.id":"user {}","gen_ai.input.messages":[{{"role":"user","parts":)"
                        R"([{{"type":"text","content":"{}"}}]}}]}}}})"
                        "\n",
                        user * 1000 + trace + 1, user * 1000 + trace + 1,
                        clock_.Now() - kNanosPerSecond, user, Text(user, trace));
      }
    }
    const HttpReply reply = Call("POST", "/api/v1/spans", lines);
    ASSERT_EQ(reply.status, 200) << reply.body;
    ASSERT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
  }

  void KillAmidDeletions() {
    for (int kill = 0; kill < kKills; ++kill) {
      // Users 0 to 2 go, and of user 3 the first traces.
      const std::string path = kill < 3
                                   ? fmt::format("/api/v1/users/user%20{}", kill)
                                   : fmt::format("/api/v1/traces/{:032x}", 3 * 1000 + kill - 3 + 1);
      std::thread deleting([&] { Call("DELETE", path); });
      std::this_thread::sleep_for(milliseconds(20 + random_() % 500));
      pitot_.Kill();
      deleting.join();
      ASSERT_NO_FATAL_FAILURE(pitot_.Start());
      if (random_() % 2 == 0) continue;  // The next one comes upon an unfinished one.
      const HttpReply again = Call("DELETE", path);
      EXPECT_NE(again.body.find(R"("verified":true)"), std::string::npos)
          << again.status << " " << again.body << "\n"
          << pitot_.Log();
    }
    // One after the other: this answers when all before it are done, also those whose request was
    // cut before it was recorded.
    for (int i = 0; i < kKills; ++i) {
      const std::string path = i < 3 ? fmt::format("/api/v1/users/user%20{}", i)
                                     : fmt::format("/api/v1/traces/{:032x}", 3 * 1000 + i - 3 + 1);
      const HttpReply reply = Call("DELETE", path);
      EXPECT_NE(reply.body.find(R"("verified":true)"), std::string::npos) << reply.body;
    }
    const std::string left = SqlRows(pitot_, "SELECT count(), uniqExact(user_id) FROM spans");
    EXPECT_EQ(left, fmt::format("[{}, 3]", 3 * kTracesPerUser - 3)) << pitot_.Log();
    EXPECT_TRUE(pitot_.Stop()) << pitot_.Log();
  }

  // In the tables themselves, with nothing hidden.
  void CheckTables(const StoreOptions& options) {
    const auto store = Store::Open(options, clock_);
    ASSERT_TRUE(store.ok()) << store.status();
    const auto expect = [&](std::string_view sql, const std::string& want) {
      QueryOptions query;
      query.format = "TSV";
      const auto result = (*store)->engine().Query(sql, query);
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(result->body, want + "\n") << sql;
    };
    const std::string kept = fmt::format("{}", 3 * kTracesPerUser - 3);
    expect("SELECT count() FROM spans FINAL", kept);
    expect("SELECT count() FROM facts FINAL", kept);
    expect("SELECT count() FROM traces FINAL", kept);
    expect("SELECT count() FROM spans WHERE user_id IN ('user 0', 'user 1', 'user 2')", "0");
    // Every content that is referred to is there, and no other.
    expect(
        "SELECT count() FROM spans FINAL ARRAY JOIN input AS piece WHERE startsWith(piece, '#') "
        "AND "
        "substring(piece, 2) NOT IN (SELECT toString(hash) FROM payloads)",
        "0");
    expect(
        "SELECT uniqExact(hash) FROM payloads WHERE toString(hash) NOT IN (SELECT substring(piece, "
        "2) FROM spans FINAL ARRAY JOIN input AS piece WHERE startsWith(piece, '#'))",
        "0");
  }

  SystemClock clock_;
  TempFolder folder_;
  std::mt19937 random_{Seed()};
  PitotProcess pitot_{folder_ / "pitot"};
};

TEST_F(EraseFaultTest, Embedded) {
  if (IsSanitizedBuild()) GTEST_SKIP() << "libchdb is not instrumented";
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  ASSERT_NO_FATAL_FAILURE(Load());
  ASSERT_NO_FATAL_FAILURE(KillAmidDeletions());
  StoreOptions options;
  options.embedded.data_path = pitot_.data_folder() + "/store";
  options.embedded.library_path = TestEnginePath();
  CheckTables(options);
}

TEST_F(EraseFaultTest, Remote) {
  TestServer server(folder_ / "server");
  server.Start();
  pitot_.Set("store.mode", "remote");
  pitot_.Set("store.urls", server.url());
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  ASSERT_NO_FATAL_FAILURE(Load());
  ASSERT_NO_FATAL_FAILURE(KillAmidDeletions());
  StoreOptions options;
  options.mode = StoreMode::kRemote;
  options.remote.urls = {server.url()};
  CheckTables(options);
}

}  // namespace
}  // namespace pitot
