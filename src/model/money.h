// model/money.h
//
// Money is an integer: nano-USD (1e-9 US dollar) in 64 bits; the largest sum is about 9.2 billion
// dollars. Unknown is std::nullopt, never 0.
#pragma once

#include <compare>
#include <cstdint>

namespace pitot {

struct NanoUsd {
  int64_t value = 0;
  auto operator<=>(const NanoUsd&) const = default;
};

// Price of one token (or call): 1e-12 US dollar. $0.15 per million tokens = 150'000.
struct PicoUsd {
  int64_t value = 0;
  auto operator<=>(const PicoUsd&) const = default;
};

}  // namespace pitot
