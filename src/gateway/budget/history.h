// gateway/budget/history.h
//
// Inside budget/: what calls of a key and a model have cost, for budgets of mode expected.
// Thread-safety: none; the owner's mutex. Bounded: pairs beyond kPairsMax are one pair.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

class CostHistory {
 public:
  static constexpr size_t kPairsMax = 1024;
  // So many calls must be known before they are believed; until then a quarter of the worst case.
  static constexpr uint32_t kCallsMin = 20;
  static constexpr int64_t kUnknownShare = 4;
  // Never less than this part of the worst case: what was learned may change.
  static constexpr int64_t kFloorShare = 50;

  CostHistory();

  // A number for the pair, for Add.
  uint32_t PairOf(std::string_view key, std::string_view model);
  void Add(uint32_t pair, int64_t cost);
  // What to reserve for a call of the pair that costs `worst` at most: the 99th percentile of what
  // its calls cost, at most 25 % above the true one.
  int64_t Expect(uint32_t pair, int64_t worst) const;

 private:
  static constexpr size_t kSteps = 256;  // Four to each doubling.
  // Older calls count half after so many newer ones: what a call costs changes.
  static constexpr uint32_t kCallsKept = 1024;
  struct Costs {
    uint32_t calls = 0;
    std::array<uint16_t, kSteps> by_step = {};
  };

  absl::flat_hash_map<std::string, uint32_t> pairs_;
  std::vector<std::unique_ptr<Costs>> costs_;
};

}  // namespace pitot
