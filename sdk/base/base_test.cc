#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "sdk/base/clock.h"
#include "sdk/base/exceptions.h"
#include "sdk/base/problems.h"
#include "sdk/base/random.h"
#include "sdk/base/text.h"

namespace pitot {
namespace {

TEST(SdkClock, IsUnixTimeAndNeverGoesBack) {
  timespec wall;
  clock_gettime(CLOCK_REALTIME, &wall);
  const int64_t unix_ns = int64_t{wall.tv_sec} * 1'000'000'000 + wall.tv_nsec;
  int64_t before = UnixNow();
  EXPECT_LT(std::abs(before - unix_ns), 50'000'000) << "more than 50 ms from the wall clock";
  for (int i = 0; i < 1000; ++i) {
    const int64_t now = UnixNow();
    EXPECT_GE(now, before);
    before = now;
  }
}

TEST(SdkRandom, IdsDifferAcrossThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 10'000;
  std::vector<std::vector<TraceId>> ids(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::vector<TraceId>& own : ids) {
      threads.emplace_back([&own] {
        for (int i = 0; i < kEach; ++i) own.push_back(NewTraceId());
      });
    }
  }
  std::set<TraceId> all;
  for (const std::vector<TraceId>& own : ids) all.insert(own.begin(), own.end());
  EXPECT_EQ(all.size(), size_t{kThreads} * kEach);
  EXPECT_FALSE(all.contains(TraceId{}));
}

TEST(SdkRandom, UnitIsInRange) {
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double unit = RandomUnit();
    ASSERT_GE(unit, 0);
    ASSERT_LT(unit, 1);
    sum += unit;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 0.01);
}

TEST(SdkRandom, AForkGivesOtherIds) {
  static_cast<void>(NewSpanId());  // Seeded before the fork.
  const uint32_t generation = ForkGeneration();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const SpanId id = NewSpanId();
    const bool counted = ForkGeneration() == generation + 1;
    static_cast<void>(!write(ends[1], id.bytes.data(), id.bytes.size()));
    _exit(counted ? 0 : 1);
  }
  const SpanId own = NewSpanId();
  SpanId other;
  ASSERT_EQ(read(ends[0], other.bytes.data(), other.bytes.size()), 8);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(own, other);
  EXPECT_EQ(ForkGeneration(), generation);
  close(ends[0]);
  close(ends[1]);
}

TEST(Problems, SaysAReasonOnce) {
  std::vector<std::string> said;
  Problems problems([&](std::string_view message) { said.emplace_back(message); });
  for (int i = 0; i < 3; ++i) problems.Report("full", "the queue is full");
  problems.Report("refused", "refused");
  EXPECT_EQ(said, (std::vector<std::string>{"the queue is full", "refused"}));
  problems.ReportNow("the end");
  EXPECT_EQ(said.size(), 3u);
}

TEST(Problems, AListenerMayThrowAndReport) {
  Problems* inner = nullptr;
  int told = 0;
  Problems problems([&](std::string_view) {
    if (++told == 1) inner->Report("other", "from within");
    throw std::runtime_error("no");
  });
  inner = &problems;
  problems.Report("one", "one");
  EXPECT_EQ(told, 2);
}

TEST(Problems, StderrIsOneLine) {
  testing::internal::CaptureStderr();
  Problems().Report("full", "12 spans dropped");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "pitot: 12 spans dropped\n");
}

TEST(Base64, Pads) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("\xff\xfe\xfd\xfc"), "//79/A==");
}

TEST(PercentDecoded, LeavesWhatIsNoEscape) {
  EXPECT_EQ(PercentDecoded("a%20b%2Fc"), "a b/c");
  EXPECT_EQ(PercentDecoded("100%"), "100%");
  EXPECT_EQ(PercentDecoded("%4"), "%4");
  EXPECT_EQ(PercentDecoded("%zz%+1"), "%zz%+1");
}

TEST(TypeName, IsAsUsersWriteIt) {
  EXPECT_EQ(TypeName(&typeid(std::runtime_error)), "std::runtime_error");
  EXPECT_EQ(TypeName(&typeid(Problems)), "pitot::Problems") << "without the inline namespace";
  EXPECT_EQ(TypeName(nullptr), "unknown");
}

}  // namespace
}  // namespace pitot
