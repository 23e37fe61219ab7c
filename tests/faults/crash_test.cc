// Kill -9 under load, over both kinds of store: what was acknowledged is in every answer, once.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "store/testing/server.h"
#include "tests/faults/crash_load.h"
#include "tests/faults/pitot_process.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

constexpr int kSenders = 4;
constexpr int kKills = 24;
constexpr uint32_t kSeed = 2'026;

// $PITOT_TEST_SEED for other moments and other loads.
uint32_t Seed() {
  const char* seed = std::getenv("PITOT_TEST_SEED");
  return seed == nullptr ? kSeed : static_cast<uint32_t>(std::atoi(seed));
}

void Sleep(int ms) { std::this_thread::sleep_for(milliseconds(ms)); }

class CrashTest : public testing::Test {
 protected:
  // Anything that decides where batches and files are cut, and when traces are resolved.
  void SetAnew() {
    const auto one_of = [this](std::initializer_list<const char*> values) {
      return std::string(*(values.begin() + random_() % values.size()));
    };
    pitot_.Set("ingest.batch_delay", one_of({"1ms", "20ms", "100ms", "400ms"}));
    pitot_.Set("ingest.batch_rows", one_of({"5", "64", "1000", "32768"}));
    pitot_.Set("spool.segment_bytes", one_of({"32KiB", "256KiB", "64MiB"}));
    pitot_.Set("limits.resolve_at_once_spans", one_of({"4", "10000"}));
    pitot_.Set("limits.active_trace_bytes", one_of({"1MiB", "150MiB"}));
  }

  void CheckAll(CrashLoad& load, const StoreOptions& options) {
    load.Finish();
    // A last time, and with batches of a size that catches up within the time of a test.
    pitot_.Kill();
    pitot_.Set("ingest.batch_delay", "50ms");
    pitot_.Set("ingest.batch_rows", "32768");
    ASSERT_NO_FATAL_FAILURE(pitot_.Start());
    ASSERT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
    const std::string counts = SqlRows(pitot_, "SELECT count() - uniqExact(span_id) FROM spans");
    EXPECT_TRUE(counts == "[0]" || counts == "[\"0\"]") << "through the API: " << counts;
    EXPECT_TRUE(pitot_.Stop()) << pitot_.Log();
    const auto store = Store::Open(options, clock_);
    ASSERT_TRUE(store.ok()) << store.status();
    load.Check((*store)->engine());
    std::printf("%lld spans acknowledged in %lld requests, %lld tries failed\n",
                static_cast<long long>(load.acknowledged_spans()),
                static_cast<long long>(load.requests()), static_cast<long long>(load.retries()));
    EXPECT_GT(load.acknowledged_spans(), 1000);
  }

  SystemClock clock_;
  TempFolder folder_;
  std::mt19937 random_{Seed()};
  PitotProcess pitot_{folder_ / "pitot"};
};

TEST_F(CrashTest, Embedded) {
  if (IsSanitizedBuild()) GTEST_SKIP() << "libchdb is not instrumented";
  CrashLoad load(pitot_, Seed());
  SetAnew();
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  load.Start(kSenders);
  for (int i = 0; i < kKills; ++i) {
    Sleep(static_cast<int>(random_() % 700));
    pitot_.Kill();
    SetAnew();
    ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  }
  StoreOptions options;
  options.embedded.data_path = pitot_.data_folder() + "/store";
  options.embedded.library_path = TestEnginePath();
  CheckAll(load, options);
}

// The store dies as often as the program, each at its own moments.
TEST_F(CrashTest, Remote) {
  TestServer server(folder_ / "server");
  server.Start();
  pitot_.Set("store.mode", "remote");
  pitot_.Set("store.urls", server.url());
  CrashLoad load(pitot_, Seed() + 1);
  SetAnew();
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  load.Start(kSenders);
  bool server_runs = true;
  for (int i = 0; i < kKills; ++i) {
    Sleep(static_cast<int>(random_() % 700));
    if (random_() % 2 == 0) {
      pitot_.Kill();
      SetAnew();
      ASSERT_NO_FATAL_FAILURE(pitot_.Start());
    } else if (std::exchange(server_runs, !server_runs)) {
      server.Kill();
    } else {
      server.Start();
    }
  }
  if (!server_runs) server.Start();
  StoreOptions options;
  options.mode = StoreMode::kRemote;
  options.remote.urls = {server.url()};
  CheckAll(load, options);
}

}  // namespace
}  // namespace pitot
