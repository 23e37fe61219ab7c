#include "pitot/slo_monitor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "measure/burn_rate.h"

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kStart = 1'767'571'200 * kSecond;

void Record(SloMonitor& slo, int good, int bad) {
  for (int i = 0; i < good; ++i) slo.record(true);
  for (int i = 0; i < bad; ++i) slo.record(false);
}

TEST(SloMonitor, NoDataIsNeitherGoodNorBad) {
  const SloMonitor slo({.name = "answers"});
  EXPECT_EQ(slo.status(), SloStatus::kNoData);
  EXPECT_EQ(slo.events(), 0u);
  EXPECT_EQ(slo.current_rate(), std::nullopt);
  EXPECT_EQ(slo.burn_rate(), std::nullopt);
  EXPECT_EQ(slo.budget_left(), 1);
  EXPECT_EQ(slo.time_to_exhaustion(), std::nullopt);
  EXPECT_EQ(slo.to_string(), "answers: no events (target 99.9 %)");
  EXPECT_EQ(slo.to_json(),
            R"({"name":"answers","target":0.999,"window_seconds":86400,"events":0,"bad_events":0,)"
            R"("current_rate":null,"burn_rate":null,"budget_left":1,)"
            R"("time_to_exhaustion_seconds":null,"status":"no_data"})");
}

TEST(SloMonitor, BurnIsTheShareOfBadOverTheBudget) {
  SloMonitor slo({.name = "answers", .target = 0.999, .window = hours(24)});
  Record(slo, 24'288, 22);
  EXPECT_EQ(slo.events(), 24'310u);
  EXPECT_EQ(slo.bad_events(), 22u);
  EXPECT_DOUBLE_EQ(*slo.current_rate(), 24'288.0 / 24'310);
  EXPECT_NEAR(*slo.burn_rate(), 22.0 / 24.31, 1e-9);
  EXPECT_NEAR(slo.budget_left(), 1 - 22.0 / 24.31, 1e-9);
  EXPECT_EQ(slo.time_to_exhaustion(), seconds(9'072));
  EXPECT_EQ(slo.status(), SloStatus::kNormal);
  EXPECT_EQ(slo.to_string(), "answers: 99.90 % of 24,310 (target 99.9 %), burn 0.9: normal");
}

TEST(SloMonitor, Status) {
  const auto check = [](const char* why, SloMonitor::Options options, int good, int bad,
                        SloStatus status) {
    SloMonitor slo(options);
    Record(slo, good, bad);
    EXPECT_EQ(slo.status(), status) << why << ": " << slo.to_string();
  };
  check("all is well", {}, 1'000, 0, SloStatus::kNormal);
  check("a burn of 2 is not above 2", {}, 998'000, 2'000, SloStatus::kNormal);
  check("a little above", {}, 997'999, 2'001, SloStatus::kAlert);
  check("a burn of 10 is not above 10", {}, 990'000, 10'000, SloStatus::kAlert);
  check("above 10", {}, 989'999, 10'001, SloStatus::kPage);
  check("an outage", {}, 0, 100, SloStatus::kPage);
  check("two failures are too few", {}, 0, 2, SloStatus::kNormal);
  check("unless two are asked for", {.bad_min = 2}, 0, 2, SloStatus::kPage);
  check("one of ten is no evidence", {.target = 0.95, .bad_min = 1}, 9, 1, SloStatus::kNormal);
  check("3 of 10 at 95 % may be chance", {.target = 0.95}, 7, 3, SloStatus::kNormal);
  check("5 of 10 at 95 % is not", {.target = 0.95, .page_burn = 9.5}, 5, 5, SloStatus::kPage);
}

TEST(SloMonitor, EventsLeaveTheWindow) {
  int64_t now = kStart;
  SloMonitor slo({.window = seconds(60), .clock = [&] { return now; }});
  Record(slo, 0, 10);
  now += 30 * kSecond;
  Record(slo, 90, 0);
  EXPECT_EQ(slo.bad_events(), 10u);
  EXPECT_EQ(slo.status(), SloStatus::kPage);
  now += 30 * kSecond;
  EXPECT_EQ(slo.bad_events(), 10u);
  now += kSecond;
  EXPECT_EQ(slo.events(), 90u);
  EXPECT_EQ(slo.status(), SloStatus::kNormal);
  now += 30 * kSecond;
  EXPECT_EQ(slo.status(), SloStatus::kNoData);
}

TEST(SloMonitor, SurvivesAClockThatJumps) {
  int64_t now = kStart;
  SloMonitor slo({.window = seconds(60), .clock = [&] { return now; }});
  Record(slo, 10, 0);
  now -= 20 * kSecond;
  Record(slo, 10, 0);
  EXPECT_EQ(slo.events(), 20u);
  now += 1'000'000 * kSecond;
  EXPECT_EQ(slo.status(), SloStatus::kNoData);
  now -= 1'000'000 * kSecond;
  Record(slo, 5, 0);
  EXPECT_EQ(slo.events(), 5u);
}

TEST(SloMonitor, RatesAreCutOffNotRounded) {
  SloMonitor slo({.name = "s", .target = 0.99});
  Record(slo, 99'999, 1);
  EXPECT_EQ(slo.to_string(), "s: 99.9 % of 100,000 (target 99 %), burn 0: normal");
  SloMonitor strict({.name = "s", .target = 0.99999});
  Record(strict, 99'999, 1);
  EXPECT_EQ(strict.to_string(), "s: 99.9990 % of 100,000 (target 99.999 %), burn 1: normal");
}

TEST(SloMonitor, OverspentBudgets) {
  SloMonitor slo({.target = 0.99});
  Record(slo, 95, 5);
  EXPECT_NEAR(slo.budget_left(), -4, 1e-9);
  EXPECT_EQ(slo.time_to_exhaustion(), seconds(0));
}

TEST(SloMonitor, RefusesWhatCannotBe) {
  const auto bad = [](SloMonitor::Options options, std::string_view part) {
    try {
      SloMonitor slo(options);
      ADD_FAILURE() << "accepted; expected: " << part;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
    }
  };
  bad({.target = 1}, "target = 1, must be above 0 and below 1");
  bad({.target = 0}, "target = 0,");
  bad({.target = 99.9}, "target = 99.9,");
  bad({.target = std::nan("")}, "target = null");
  bad({.window = seconds(0)}, "window = 0 s, must be 1 s to 90 days");
  bad({.window = hours(91 * 24)}, "window = 7862400 s");
  bad({.page_burn = 0}, "page_burn = 0, must be a number above 0");
  bad({.alert_burn = -1}, "alert_burn = -1,");
  bad({.alert_burn = 12}, "alert_burn = 12, must be at most page_burn = 10");
  bad({.page_burn = HUGE_VAL}, "page_burn");
  bad({.name = "chat", .target = 0.9},
      "SloMonitor \"chat\": burn_threshold_unreachable: page_burn = 10 would never be exceeded at "
      "target = 0.9, where a total outage burns 10; use a target above 0.9 or a lower page_burn");
  bad({.target = 0.95, .page_burn = 25}, "use a target above 0.96 or");
  EXPECT_NO_THROW(SloMonitor({.target = 0.901}));
  EXPECT_NO_THROW(SloMonitor({.window = seconds(1)}));
  EXPECT_NO_THROW(SloMonitor({.window = hours(90 * 24)}));
}

TEST(SloMonitor, ThreadsLoseNothing) {
  SloMonitor slo;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) slo.record(i % 100 != 0);
      });
    }
    for (int i = 0; i < 50; ++i) {
      const std::optional<double> rate = slo.current_rate();
      EXPECT_TRUE(!rate || (*rate >= 0 && *rate <= 1));
      slo.status();
    }
  }
  EXPECT_EQ(slo.events(), 40'000u);
  EXPECT_EQ(slo.bad_events(), 400u);
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
