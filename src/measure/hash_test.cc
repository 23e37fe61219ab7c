#include "measure/hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <random>
#include <set>
#include <string>

#include "measure/glob.h"
#include "measure/seen_table.h"

namespace pitot {
namespace {

TEST(HashBytes, EveryLengthAndEveryBitCounts) {
  std::mt19937_64 random(7);
  std::set<uint64_t> hashes;
  size_t made = 0;
  for (size_t length = 0; length <= 200; ++length) {
    std::string text(length, '\0');
    hashes.insert(HashBytes(text));
    ++made;
    for (char& c : text) c = static_cast<char>(random());
    const uint64_t hash = HashBytes(text);
    if (length > 0) {
      hashes.insert(hash);
      ++made;
    }
    for (size_t bit = 0; bit < 8 * length; ++bit) {
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
      const uint64_t other = HashBytes(text);
      EXPECT_NE(other, hash) << length << " bytes, bit " << bit;
      hashes.insert(other);
      ++made;
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    }
  }
  EXPECT_EQ(hashes.size(), made) << "no two of them are equal";
}

TEST(HashBytes, HalfTheBitsChange) {
  std::string text = "the quick brown fox jumps over the lazy dog, and once more for good measure";
  const uint64_t hash = HashBytes(text, 1);
  int changed = 0;
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    changed += std::popcount(HashBytes(text, 1) ^ hash);
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
  }
  EXPECT_NEAR(changed / (8.0 * static_cast<double>(text.size())), 32, 1);
}

TEST(HashBytes, SeedCounts) {
  EXPECT_NE(HashBytes("", 1), HashBytes("", 2));
  EXPECT_NE(HashBytes("a", 1), HashBytes("a", 2));
  EXPECT_NE(MixHashes(1, 2), MixHashes(2, 1)) << "so does order";
}

TEST(Glob, Matches) {
  const auto good = [](std::string_view glob, std::string_view text) {
    EXPECT_TRUE(MatchesGlob(glob, text)) << glob << " on " << text;
  };
  good("sleep", "sleep");
  good("*", "");
  good("wait*", "wait_for_job");
  good("get_*_status", "get_job_status");
  good("*poll*", "poll");
  good("*a*b*", "xxaxxbxaxbx");
  const auto bad = [](std::string_view glob, std::string_view text) {
    EXPECT_FALSE(MatchesGlob(glob, text)) << glob << " on " << text;
  };
  bad("sleep", "sleeps");
  bad("", "a");
  bad("get_*_status", "git_status");
  bad("*_wait", "waiter");
}

TEST(SeenTable, KeepsWhatItHasSeenUpToItsBound) {
  SeenTable table;
  for (uint64_t i = 1; i <= kSeenMax; ++i) table.At(i * 0x10000).count = static_cast<uint32_t>(i);
  for (uint64_t i = 1; i <= kSeenMax; ++i) ASSERT_EQ(table.At(i * 0x10000).count, i);
  for (uint64_t i = 1; i <= 10 * kSeenMax; ++i) table.At(~i).count = 1;
  EXPECT_EQ(table.At(~uint64_t{10 * kSeenMax}).count, 1u) << "the last is known";
  table.Clear();
  EXPECT_EQ(table.At(~uint64_t{10 * kSeenMax}).count, 0u);
}

}  // namespace
}  // namespace pitot
