#include "alert/runbook/moment.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace pitot {
namespace {

using Counts = std::vector<SlotCount>;

Counts Slots(size_t count, SlotCount each) { return Counts(count, each); }

TEST(FindWorseShareTest, TellsWhenItBeganAndEnded) {
  Counts slots = Slots(60, {20, 1});
  for (size_t i = 40; i < 60; ++i) slots[i].bad = 12;
  auto part = FindWorseShare(slots);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->begin, 40u);
  EXPECT_EQ(part->end, 60u) << "it lasts";

  for (size_t i = 50; i < 60; ++i) slots[i].bad = 0;
  part = FindWorseShare(slots);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->begin, 40u);
  EXPECT_EQ(part->end, 50u) << "it is over";
}

TEST(FindWorseShareTest, AMinuteIsEnoughWhenMuchIsWrong) {
  Counts slots = Slots(120, {2, 0});
  for (size_t i = 114; i < 120; ++i) slots[i] = {2, 2};
  const auto part = FindWorseShare(slots);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->begin, 114u);
}

TEST(FindWorseShareTest, NothingInWhatIsEven) {
  EXPECT_FALSE(FindWorseShare({}));
  EXPECT_FALSE(FindWorseShare(Slots(60, {20, 1})));
  EXPECT_FALSE(FindWorseShare(Slots(60, {20, 20}))) << "always wrong";
  EXPECT_FALSE(FindWorseShare(Slots(60, {0, 0}))) << "no traffic";
  Counts better = Slots(60, {20, 12});
  for (size_t i = 30; i < 60; ++i) better[i].bad = 1;
  const auto part = FindWorseShare(better);
  EXPECT_FALSE(part && part->begin > 0 && part->end == 60) << "it only got better";
}

TEST(FindWorseShareTest, NoiseIsNoChange) {
  std::mt19937_64 random(7);
  int found = 0;
  for (int run = 0; run < 200; ++run) {
    Counts slots;
    for (int i = 0; i < 120; ++i) {
      std::poisson_distribution<int64_t> calls(8);
      SlotCount slot{calls(random), 0};
      std::binomial_distribution<int64_t> bad(slot.n, 0.05);
      slot.bad = bad(random);
      slots.push_back(slot);
    }
    found += FindWorseShare(slots).has_value();
  }
  EXPECT_LE(found, 3) << "of 200";
}

TEST(FindHigherLevelTest, TellsWhenAmountsRose) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise(1, 0.2);
  std::vector<double> slots;
  for (int i = 0; i < 60; ++i) slots.push_back(noise(random) + (i >= 45 ? 3 : 0));
  const auto part = FindHigherLevel(slots);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->begin, 45u);
  EXPECT_EQ(part->end, 60u);
  EXPECT_FALSE(FindHigherLevel(std::vector<double>(60, 1.0)));
  EXPECT_FALSE(FindHigherLevel({}));
}

}  // namespace
}  // namespace pitot
