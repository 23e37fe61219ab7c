// Gateways that share budgets through a real redis-server, on a free port.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "gateway/budget/budget_test_util.h"
#include "gateway/budget/redis_link.h"

extern char** environ;

namespace pitot {
namespace {

using ::testing::HasSubstr;
constexpr int64_t kUsd = 1'000'000'000;

int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

class RedisServer {
 public:
  RedisServer() : port_(FreePort()) { Start(); }
  ~RedisServer() { Stop(); }

  void Start() {
    const std::string port = std::to_string(port_);
    std::vector<const char*> words = {"redis-server", "--port", port.c_str(), "--bind",
                                      "127.0.0.1",    "--save", "",           "--loglevel",
                                      "warning",      nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    ASSERT_EQ(::posix_spawnp(&pid_, words[0], &actions, nullptr,
                             const_cast<char* const*>(words.data()), environ),
              0)
        << "redis-server is missing: install what tools/packages.txt lists";
    posix_spawn_file_actions_destroy(&actions);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!RedisLink(Options(), "").Check().ok()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "redis-server does not answer";
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  void Stop() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  RedisOptions Options() const {
    RedisOptions options;
    options.url = "redis://127.0.0.1:" + std::to_string(port_);
    options.wait_after_loss = std::chrono::milliseconds(0);
    return options;
  }

 private:
  const int port_;
  pid_t pid_ = 0;
};

BudgetSpec Daily(std::string limit) {
  return SpecOf({{"id", "daily"},
                 {"scope", "global"},
                 {"window", "day"},
                 {"limit_usd", std::move(limit)},
                 {"hard", "true"}});
}

class SharedBudgetTest : public ::testing::Test {
 protected:
  std::unique_ptr<BudgetWorld> Gateway(std::string limit = "10") {
    auto world = std::make_unique<BudgetWorld>(std::vector<BudgetSpec>{Daily(std::move(limit))});
    world->options().redis = redis_.Options();
    return world;
  }
  // Until it gives or takes what is expected of it.
  template <typename Condition>
  static bool Eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  static testing::AssertionResult Spend(BudgetWorld& world, int64_t nano) {
    BudgetDecision decision = world.Reserve({}, nano);
    if (!decision.allowed) return testing::AssertionFailure() << decision.refusal->message;
    world.budgets().Settle(std::move(decision.reservation), NanoUsd{nano});
    return testing::AssertionSuccess();
  }

  RedisServer redis_;
};

TEST_F(SharedBudgetTest, TwoGatewaysSpendOneLimit) {
  auto a = Gateway();
  auto b = Gateway();
  ASSERT_TRUE(a->Open().ok());
  ASSERT_TRUE(b->Open().ok());
  EXPECT_TRUE(Spend(*a, 6 * kUsd));
  EXPECT_FALSE(Spend(*b, 6 * kUsd)) << "the first has spent of the same";
  const BudgetDecision refused = b->Reserve({}, 6 * kUsd);
  ASSERT_FALSE(refused.allowed);
  EXPECT_EQ(refused.refusal->why, BudgetRefusal::Why::kExhausted);
  EXPECT_THAT(refused.refusal->message, HasSubstr("leased by other gateways"));
  EXPECT_TRUE(Spend(*b, 2 * kUsd));
}

TEST_F(SharedBudgetTest, NeverExceededByManyThreadsOfTwoGateways) {
  std::vector<std::unique_ptr<BudgetWorld>> worlds;
  for (int i = 0; i < 2; ++i) {
    worlds.push_back(Gateway("1"));
    ASSERT_TRUE(worlds.back()->Open().ok());
  }
  std::atomic<int64_t> held = 0;
  std::atomic<bool> exceeded = false;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(t);
        for (int i = 0; i < 200; ++i) {
          const auto amount = static_cast<int64_t>(random() % (kUsd / 50)) + 1;
          BudgetDecision decision = worlds[t % 2]->Reserve({}, amount);
          if (!decision.allowed) continue;
          if (held += amount; held > kUsd) exceeded = true;
          const auto cost = static_cast<int64_t>(random() % amount);
          held -= amount - cost;
          worlds[t % 2]->budgets().Settle(std::move(decision.reservation), NanoUsd{cost});
        }
      });
    }
  }
  EXPECT_FALSE(exceeded);
  const int64_t spent =
      worlds[0]->Counter("daily").spent.value + worlds[1]->Counter("daily").spent.value;
  EXPECT_EQ(spent, held);
  EXPECT_GT(spent, kUsd * 8 / 10) << "slices that nobody uses do not block the rest";
}

TEST_F(SharedBudgetTest, UnspentSlicesComeBackWhenAGatewayStops) {
  auto a = Gateway();
  auto b = Gateway();
  ASSERT_TRUE(a->Open().ok());
  ASSERT_TRUE(b->Open().ok());
  BudgetDecision big = a->Reserve({}, 9 * kUsd);
  ASSERT_TRUE(big.allowed);
  EXPECT_FALSE(Spend(*b, 5 * kUsd));
  a->budgets().Settle(std::move(big.reservation), NanoUsd{1});
  a->Stop();
  EXPECT_TRUE(Spend(*b, 9 * kUsd));
}

TEST_F(SharedBudgetTest, UnspentSlicesOfAnIdleGatewayComeBack) {
  auto a = Gateway();
  auto b = Gateway();
  ASSERT_TRUE(a->Open().ok());
  ASSERT_TRUE(b->Open().ok());
  BudgetDecision big = a->Reserve({}, 9 * kUsd);
  ASSERT_TRUE(big.allowed);
  a->budgets().Settle(std::move(big.reservation), NanoUsd{1});
  a->clock().Advance(std::chrono::seconds(10));
  EXPECT_TRUE(Eventually([&] { return bool(Spend(*b, 9 * kUsd)); }));
}

TEST_F(SharedBudgetTest, ACrashLosesASliceAtMost) {
  auto a = Gateway();
  auto b = Gateway();
  ASSERT_TRUE(a->Open().ok());
  ASSERT_TRUE(b->Open().ok());
  EXPECT_TRUE(Spend(*a, 2 * kUsd));
  a->Copy();
  // The old one says nothing more: as if killed.
  ASSERT_TRUE(a->Open().ok());
  EXPECT_EQ(a->Counter("daily").spent.value, 2 * kUsd);
  EXPECT_FALSE(Spend(*a, 8 * kUsd)) << "2 spent, and a slice that nobody knows of";
  EXPECT_TRUE(Spend(*b, 3 * kUsd));
  EXPECT_TRUE(Spend(*a, 2 * kUsd));
}

TEST_F(SharedBudgetTest, WithoutRedisWhatIsLeasedIsSpentAndNoMore) {
  auto a = Gateway();
  ASSERT_TRUE(a->Open().ok());
  EXPECT_TRUE(Spend(*a, kUsd));
  redis_.Stop();
  EXPECT_TRUE(Spend(*a, kUsd / 20)) << "of the slice";
  const BudgetDecision refused = a->Reserve({}, 5 * kUsd);
  ASSERT_FALSE(refused.allowed);
  EXPECT_EQ(refused.refusal->why, BudgetRefusal::Why::kUnavailable);
  EXPECT_THAT(refused.refusal->message, HasSubstr("Redis at 127.0.0.1"));
}

TEST_F(SharedBudgetTest, WithoutRedisEachForItselfWhereThatIsWanted) {
  auto a = Gateway();
  a->options().redis.local_when_down = true;
  redis_.Stop();
  ASSERT_TRUE(a->Open().ok());
  EXPECT_TRUE(Spend(*a, 9 * kUsd));
  EXPECT_FALSE(Spend(*a, 2 * kUsd)) << "the limit holds for each";
}

TEST_F(SharedBudgetTest, ARedisThatLostItsDataIsToldAgain) {
  auto a = Gateway();
  auto b = Gateway();
  ASSERT_TRUE(a->Open().ok());
  ASSERT_TRUE(b->Open().ok());
  EXPECT_TRUE(Spend(*a, 6 * kUsd));
  EXPECT_TRUE(Spend(*b, kUsd));
  a->Stop();
  ASSERT_TRUE(a->Open().ok());  // What it spent was told by the process before.
  redis_.Stop();
  redis_.Start();
  // Within a round of housekeeping both have said what they hold.
  EXPECT_TRUE(Eventually([&] {
    Spend(*b, 1);
    return b->Counter("daily").elsewhere.value >= 6 * kUsd;
  }));
  EXPECT_FALSE(Spend(*b, 5 * kUsd));
}

TEST_F(SharedBudgetTest, ARollingWindowIsSharedToo) {
  std::vector<std::unique_ptr<BudgetWorld>> worlds;
  for (int i = 0; i < 2; ++i) {
    worlds.push_back(
        std::make_unique<BudgetWorld>(std::vector<BudgetSpec>{SpecOf({{"id", "roll"},
                                                                      {"scope", "global"},
                                                                      {"window", "rolling"},
                                                                      {"length", "1h"},
                                                                      {"limit_usd", "2"},
                                                                      {"hard", "true"}})}));
    worlds.back()->options().redis = redis_.Options();
    ASSERT_TRUE(worlds.back()->Open().ok());
  }
  EXPECT_TRUE(Spend(*worlds[0], kUsd));
  for (auto& world : worlds) world->clock().Advance(std::chrono::minutes(30));
  EXPECT_FALSE(Spend(*worlds[1], kUsd * 3 / 2));
  for (auto& world : worlds) world->clock().Advance(std::chrono::minutes(32));
  EXPECT_TRUE(Spend(*worlds[1], kUsd * 3 / 2)) << "what the other spent has left the window";
}

}  // namespace
}  // namespace pitot
