// measure/live/spend_table.h
//
// What was spent on what: exact integer totals by feature, user, model and workflow. Pure: neither lock
// nor clock.
//
// In two parts, so that threads can count without waiting for each other: SpendKeys knows every
// combination and bounds their number; each thread (or group of threads) counts in a SpendTable of its
// own, which asks SpendKeys only about a combination that it has not seen. Sums over the tables are the
// totals.
//
//   const uint64_t hash = HashOf(parts, seed);
//   SpendTotals* totals = table.Find(hash, parts);                       // Allocates nothing.
//   if (totals == nullptr) totals = &table.At(keys.Intern(hash, parts));  // With keys' lock held.
//   totals->Add(spent);
//
// Thread-safety: each one thread at a time. A SpendKey never changes, nor moves while its SpendKeys
// lives: it may be read by any thread that was given it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

inline constexpr size_t kSpendParts = 4;
using SpendParts = std::array<std::string_view, kSpendParts>;  // Feature, user, model, workflow.

// Where names come from strangers, `seed` must be unknown to them.
uint64_t HashOf(const SpendParts& parts, uint64_t seed);

// Sums stop at the ends of 64 bits.
struct SpendTotals {
  int64_t nano_usd = 0;
  uint64_t calls = 0;
  uint64_t unpriced_calls = 0;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;

  void Add(const SpendTotals& other);
  bool operator==(const SpendTotals&) const = default;
};

// One combination.
class SpendKey {
 public:
  SpendKey(uint64_t hash, uint32_t index, const SpendParts& parts);

  std::string_view part(size_t i) const {
    const uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }
  bool Is(const SpendParts& parts) const {
    for (size_t i = 0; i < kSpendParts; ++i) {
      if (part(i) != parts[i]) return false;
    }
    return true;
  }
  uint64_t hash() const { return hash_; }
  uint32_t index() const { return index_; }  // From 0, in order of appearance.

 private:
  uint64_t hash_;
  uint32_t index_;
  std::array<uint32_t, kSpendParts> ends_;
  std::string text_;
};

// All combinations there are.
class SpendKeys {
 public:
  // What every further combination is counted under once there are `keys_max`.
  static constexpr std::string_view kOther = "(other)";

  // REQUIRES: keys_max < 2^31.
  explicit SpendKeys(size_t keys_max);

  // The key of the combination, made when it is new; other() when there is no room for it.
  const SpendKey& Intern(uint64_t hash, const SpendParts& parts);

  const SpendKey& other() const { return keys_.front(); }  // Each part is kOther. Index 0.
  size_t size() const { return keys_.size(); }             // With other().

 private:
  void Grow();

  const size_t keys_max_;
  std::deque<SpendKey> keys_;    // By index. Never moves them.
  std::vector<uint32_t> slots_;  // Index; 0: free. A power of two, at most half used.
};

// Totals of some of the combinations.
class SpendTable {
 public:
  struct Entry {
    const SpendKey* key;
    SpendTotals totals;
  };

  // Null: not seen here. Valid until At is called.
  SpendTotals* Find(uint64_t hash, const SpendParts& parts);

  // Made when it is new. Valid until At is called again.
  SpendTotals& At(const SpendKey& key);

  const std::vector<Entry>& entries() const { return entries_; }  // In no order.

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t entry = 0;  // Its index and 1; 0: free.
  };

  void Grow();

  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // A power of two, at most half used.
};

}  // namespace pitot
