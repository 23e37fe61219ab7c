// price/charge.h
//
// Usage times prices, in integers. Products are pico-USD in 128 bits; the total is rounded once,
// half up, to nano-USD, and the parts get largest-remainder shares, so that they sum to it.
// Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "model/money.h"
#include "model/usage.h"

namespace pitot {

// Pico-USD a token, for calls whose whole input exceeds `above` tokens. A cliff: it prices every
// token of the call, not only those beyond.
struct PriceBand {
  int64_t above = -1;
  std::array<int64_t, kUsageBuckets> pico = {};
};

inline constexpr int64_t kFeeUnknown = -1;

// Pico-USD a call of a server tool. `request` is charged once for each model call.
struct CallFees {
  int64_t web_search = kFeeUnknown;
  int64_t file_search = kFeeUnknown;
  int64_t request = 0;
};

// Factor of a service tier on token prices (not on fees), but for buckets in `exempt` (bit i:
// bucket i). REQUIRES: 0 < numerator, denominator <= kTimesMax.
struct Times {
  int64_t numerator = 1;
  int64_t denominator = 1;
  uint32_t exempt = 0;
};
inline constexpr int64_t kTimesMax = 1000;

struct Charge {
  NanoUsd total;
  std::array<int64_t, kUsageBuckets> by_bucket = {};  // Nano-USD.
  int64_t fees = 0;                                   // Nano-USD; by_bucket and fees sum to total.
  bool fee_unknown = false;  // A tool was called whose fee is not known and not in the total.
};

// Above it a count is not a count; far beyond any limits.usage_tokens.
inline constexpr int64_t kChargeTokensMax = int64_t{1} << 40;
// A million dollars for a million tokens.
inline constexpr int64_t kPicoPerTokenMax = 1'000'000'000'000;

// Nothing when a count is negative or above kChargeTokensMax, or the total exceeds 64 bits.
std::optional<Charge> ComputeCharge(const Usage& usage, const PriceBand& band, const CallFees& fees,
                                    const Times& times);

// Prices with every bucket filled in: `own` holds what is listed (negative: not listed). What has
// no price of its own is billed as what it is a kind of: reads, writes, audio and images as input,
// one-hour writes as five-minute ones, reasoning, audio and images as output.
std::array<int64_t, kUsageBuckets> FillPrices(std::array<int64_t, kUsageBuckets> own);

}  // namespace pitot
