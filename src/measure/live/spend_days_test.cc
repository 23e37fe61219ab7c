#include "measure/live/spend_days.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string_view>
#include <vector>

namespace pitot {
namespace {

constexpr int64_t kMinute = 60'000'000'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = SpendDays::kDayNs;
// 2026-01-05, a Monday, 00:00 UTC.
constexpr int64_t kMonday = 20'458 * kDay;

int64_t Floor(int64_t a, int64_t b) { return a / b - (a % b < 0); }

TEST(SpendDays, DaysBeginAtMidnightOfTheOffset) {
  const auto check = [](std::string_view why, int64_t offset_minutes, int64_t begins) {
    SpendDays days(offset_minutes);
    days.Add(days.CellOf(begins - 1), 1);
    days.Add(days.CellOf(begins), 20);
    days.Add(days.CellOf(begins + kDay - 1), 300);
    days.Add(days.CellOf(begins + kDay), 4'000);
    EXPECT_EQ(days.SpentOnDayOf(begins - 1), 1) << why;
    EXPECT_EQ(days.SpentOnDayOf(begins), 320) << why;
    EXPECT_EQ(days.SpentOnDayOf(begins + kDay - 1), 320) << why;
    EXPECT_EQ(days.SpentOnDayOf(begins + kDay), 4'000) << why;
    EXPECT_EQ(days.SpentOnDayOf(begins + 2 * kDay), 0) << why;
    EXPECT_DOUBLE_EQ(days.HoursElapsed(begins), 0) << why;
    EXPECT_DOUBLE_EQ(days.HoursElapsed(begins + 90 * kMinute), 1.5) << why;
    EXPECT_NEAR(days.HoursElapsed(begins - 1), 24, 1e-9) << why;
  };
  check("UTC", 0, kMonday);
  check("Berlin in winter", 60, kMonday - kHour);
  check("Kathmandu", 345, kMonday - 345 * kMinute);
  check("New York in winter", -300, kMonday + 5 * kHour);
  check("an offset that is no number of cells", 7, kMonday - 7 * kMinute);
  check("the epoch", 0, 0);
  check("before the epoch", 0, -3 * kDay);
}

TEST(SpendDays, SumsAsAMapWould) {
  std::mt19937_64 random(9);
  for (const int64_t offset : {0L, 345L, -660L}) {
    SpendDays days(offset);
    std::map<int64_t, int64_t> plain;  // By local day.
    int64_t now = kMonday;
    for (int i = 0; i < 5'000; ++i) {
      // Days pass, and sometimes a thread is late by some hours.
      now += static_cast<int64_t>(random() % static_cast<uint64_t>(kDay / 300));
      const int64_t at = now - static_cast<int64_t>(random() % static_cast<uint64_t>(6 * kHour));
      const auto spent = static_cast<int64_t>(random() % 1'000'000);
      days.Add(days.CellOf(at), spent);
      plain[Floor(at + offset * kMinute, kDay)] += spent;
      for (int64_t back = 0; back < 20; ++back) {
        ASSERT_EQ(days.SpentOnDayOf(now - back * kDay),
                  plain[Floor(now - back * kDay + offset * kMinute, kDay)])
            << back << " days ago, offset " << offset;
      }
    }
  }
}

TEST(SpendDays, ComparesWithDaysOfTheSameKindAtTheSameTime) {
  SpendDays days(0);
  // Five weeks: on each day 10 in the first hour, 20 at 11:00, and 100 times its number at noon.
  for (int64_t day = 0; day < 35; ++day) {
    const int64_t begins = kMonday + day * kDay;
    for (int64_t cell = 0; cell < 12; ++cell) days.Add(days.CellOf(begins) + cell, 10);
    days.Add(days.CellOf(begins + 11 * kHour), 20);
    days.Add(days.CellOf(begins + 12 * kHour), 100 * day);
  }
  const int64_t monday = kMonday + 35 * kDay;
  const auto at = [&](int64_t now, int64_t since) { return days.Comparable(now, since); };

  std::vector<PastDay> past = at(monday + 10 * kHour, kMonday);
  EXPECT_EQ(past.size(), 20u) << "working days of four weeks";
  for (const PastDay& day : past) {
    EXPECT_EQ(day.so_far, 120);
    EXPECT_EQ(day.hours, 24);
  }
  std::ranges::sort(past, {}, &PastDay::whole);
  EXPECT_EQ(past.front().whole, 140 + 700) << "28 days ago, a Monday";
  EXPECT_EQ(past.back().whole, 140 + 100 * 32) << "last Friday";

  EXPECT_EQ(at(monday + 5 * kDay, kMonday).size(), 8u) << "a Saturday: days of weekends";
  EXPECT_EQ(at(monday + kHour / 2, kMonday).front().so_far, 60);
  EXPECT_EQ(at(monday + kHour / 2 + kMinute, kMonday).front().so_far, 62)
      << "within a cell, evenly";
  EXPECT_EQ(at(monday, kMonday).front().so_far, 0);
  EXPECT_EQ(at(monday, monday - 7 * kDay).size(), 5u) << "of a week that was seen whole";
  EXPECT_EQ(at(monday, monday - 7 * kDay + 1).size(), 4u) << "the first day was not";
}

TEST(SpendDays, AWrongClockCostsADayAtMost) {
  SpendDays days(0);
  for (int64_t day = 0; day < 29; ++day) {
    days.Add(days.CellOf(kMonday + day * kDay), 100 + day);
  }
  const int64_t today = kMonday + 28 * kDay;
  days.Add(days.CellOf(today + 3'650 * kDay), 7);
  days.Add(days.CellOf(today), 1);
  EXPECT_EQ(days.SpentOnDayOf(today), 129) << "as before the jump";
  EXPECT_EQ(days.SpentOnDayOf(today - kDay), 127);
  EXPECT_EQ(days.Comparable(today, kMonday).size(), 19u) << "one of twenty gave way";

  // To the next day: the day of the jump gives way, being farthest.
  days.Add(days.CellOf(today + kDay), 5);
  EXPECT_EQ(days.SpentOnDayOf(today + 3'650 * kDay), 0);
  EXPECT_EQ(days.SpentOnDayOf(today), 129);
}

TEST(SpendDays, TakesAnyTime) {
  SpendDays days(-1'080);
  for (const int64_t now : {INT64_MIN, INT64_MAX, int64_t{-1}, int64_t{0}}) {
    days.Add(days.CellOf(now), 3);
    EXPECT_GT(days.SpentOnDayOf(now), 0) << now;
    EXPECT_GE(days.HoursElapsed(now), 0) << now;
    EXPECT_LE(days.HoursElapsed(now), 24) << now;
    EXPECT_LE(days.Comparable(now, now).size(), 28u) << now;
  }
  days.Add(days.CellOf(0), INT64_MAX);
  EXPECT_EQ(days.SpentOnDayOf(0), INT64_MAX) << "sums stop at their end";
}

}  // namespace
}  // namespace pitot
