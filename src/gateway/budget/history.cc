#include "gateway/budget/history.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace pitot {
namespace {

// 0..3 as they are, then by the highest three bits.
size_t StepOf(int64_t cost) {
  const auto value = static_cast<uint64_t>(std::max<int64_t>(cost, 0));
  if (value < 4) return value;
  const int top = std::bit_width(value) - 1;
  return static_cast<size_t>(top) * 4 + (value >> (top - 2) & 3) - 4;
}

// The largest cost of a step.
int64_t TopOf(size_t step) {
  if (step < 4) return static_cast<int64_t>(step);
  const size_t top = (step + 4) / 4;
  const uint64_t part = (step + 4) % 4;
  if (top >= 62) return std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(((4 + part + 1) << (top - 2)) - 1);
}

}  // namespace

CostHistory::CostHistory() { costs_.push_back(std::make_unique<Costs>()); }

uint32_t CostHistory::PairOf(std::string_view key, std::string_view model) {
  std::string name;
  name.reserve(key.size() + model.size() + 1);
  name.append(key).append(1, '\n').append(model);
  if (const auto at = pairs_.find(name); at != pairs_.end()) return at->second;
  if (costs_.size() > kPairsMax) return 0;
  costs_.push_back(std::make_unique<Costs>());
  const auto pair = static_cast<uint32_t>(costs_.size() - 1);
  pairs_.emplace(std::move(name), pair);
  return pair;
}

void CostHistory::Add(uint32_t pair, int64_t cost) {
  Costs& costs = *costs_[pair];
  ++costs.by_step[StepOf(cost)];
  if (++costs.calls < kCallsKept) return;
  costs.calls = 0;
  for (uint16_t& count : costs.by_step) {
    count /= 2;
    costs.calls += count;
  }
}

int64_t CostHistory::Expect(uint32_t pair, int64_t worst) const {
  const Costs& costs = *costs_[pair];
  const int64_t floor = worst / kFloorShare;
  if (costs.calls < kCallsMin) return std::max(worst / kUnknownShare, floor);
  const uint32_t enough = costs.calls - costs.calls / 100;
  uint32_t seen = 0;
  for (size_t step = 0; step < kSteps; ++step) {
    seen += costs.by_step[step];
    if (seen >= enough) return std::clamp(TopOf(step), floor, std::max(floor, worst));
  }
  return worst;
}

}  // namespace pitot
