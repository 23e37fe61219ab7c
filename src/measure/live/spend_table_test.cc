#include "measure/live/spend_table.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace pitot {
namespace {

using Names = std::array<std::string, kSpendParts>;

SpendParts Views(const Names& names) { return {names[0], names[1], names[2], names[3]}; }

Names NamesOf(const SpendKey& key) {
  Names names;
  for (size_t i = 0; i < kSpendParts; ++i) names[i] = key.part(i);
  return names;
}

TEST(SpendTable, SumsAsAMapWould) {
  std::mt19937_64 random(3);
  SpendKeys keys(100'000);
  std::vector<SpendTable> tables(3);
  std::map<Names, SpendTotals> plain;
  const auto name = [&](size_t kinds) {
    const size_t which = random() % kinds;
    // Empty, short, longer than a short string, and such that only the border between two parts tells
    // them apart.
    return which == 0 ? std::string() : std::string(which % 40, 'x') + std::to_string(which);
  };
  for (int i = 0; i < 20'000; ++i) {
    const Names names = {name(10), name(60), name(4), name(3)};
    const SpendTotals spent = {.nano_usd = static_cast<int64_t>(random() % 1'000'000),
                               .calls = 1,
                               .unpriced_calls = random() % 2,
                               .input_tokens = static_cast<int64_t>(random() % 10'000),
                               .output_tokens = static_cast<int64_t>(random() % 1'000)};
    const uint64_t hash = HashOf(Views(names), 77);
    SpendTable& table = tables[random() % tables.size()];
    SpendTotals* totals = table.Find(hash, Views(names));
    if (totals == nullptr) totals = &table.At(keys.Intern(hash, Views(names)));
    totals->Add(spent);
    plain[names].Add(spent);
  }

  std::map<Names, SpendTotals> told;
  for (const SpendTable& table : tables) {
    for (const SpendTable::Entry& entry : table.entries()) {
      told[NamesOf(*entry.key)].Add(entry.totals);
    }
  }
  EXPECT_EQ(told, plain);
  EXPECT_EQ(keys.size(), plain.size() + 1) << "each combination is one key, and (other)";
}

TEST(SpendTable, BordersBetweenPartsCount) {
  SpendKeys keys(10);
  const SpendParts a = {"ab", "c", "", ""};
  const SpendParts b = {"a", "bc", "", ""};
  EXPECT_NE(&keys.Intern(1, a), &keys.Intern(1, b)) << "though they hash alike";
  EXPECT_EQ(keys.Intern(1, a).part(0), "ab");
  EXPECT_EQ(keys.Intern(1, b).part(1), "bc");
  EXPECT_NE(HashOf(a, 0), HashOf(b, 0));
  EXPECT_NE(HashOf(a, 0), HashOf(a, 1));
}

// Hashes that are all the same make it slow, not wrong.
TEST(SpendTable, HashesMayCollide) {
  SpendKeys keys(1'000);
  SpendTable table;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 200; ++i) {
      const Names names = {std::to_string(i), "u", "", ""};
      SpendTotals* totals = table.Find(42, Views(names));
      EXPECT_EQ(totals == nullptr, round == 0) << i;
      if (totals == nullptr) totals = &table.At(keys.Intern(42, Views(names)));
      totals->Add({.nano_usd = i, .calls = 1});
    }
  }
  ASSERT_EQ(table.entries().size(), 200u);
  for (const SpendTable::Entry& entry : table.entries()) {
    EXPECT_EQ(entry.totals.calls, 2u);
    EXPECT_EQ(std::to_string(entry.totals.nano_usd / 2), entry.key->part(0));
  }
}

TEST(SpendKeys, FurtherCombinationsAreOther) {
  SpendKeys keys(2);
  const SpendKey& a = keys.Intern(1, {"a", "", "", ""});
  const SpendKey& b = keys.Intern(2, {"b", "", "", ""});
  const SpendKey& c = keys.Intern(3, {"c", "", "", ""});
  EXPECT_NE(&a, &b);
  EXPECT_EQ(&c, &keys.other());
  EXPECT_EQ(c.part(2), "(other)");
  EXPECT_EQ(&keys.Intern(1, {"a", "", "", ""}), &a) << "known ones stay known";
  EXPECT_EQ(keys.size(), 3u);
}

TEST(SpendTotals, SumsStopAtTheirEnds) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  SpendTotals totals = {.nano_usd = kMax - 1, .input_tokens = kMax};
  totals.Add({.nano_usd = 5, .calls = 1, .input_tokens = 1, .output_tokens = 2});
  EXPECT_EQ(totals, (SpendTotals{.nano_usd = kMax,
                                 .calls = 1,
                                 .unpriced_calls = 0,
                                 .input_tokens = kMax,
                                 .output_tokens = 2}));
}

}  // namespace
}  // namespace pitot
