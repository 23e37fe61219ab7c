#include "price/charge.h"

#include <limits>

namespace pitot {
namespace {

using Wide = unsigned __int128;

constexpr size_t kParts = kUsageBuckets + 1;  // The buckets, and the fees.
constexpr size_t kFeesPart = kUsageBuckets;

struct Quotient {
  uint64_t whole;
  uint64_t rest;
};

// False: the quotient exceeds 63 bits. Nearly every part fits 64 bits, where dividing costs a
// tenth of what it does in 128.
bool Divide(Wide value, uint64_t by, Quotient& out) {
  if (static_cast<uint64_t>(value >> 64) == 0) {
    out = {static_cast<uint64_t>(value) / by, static_cast<uint64_t>(value) % by};
  } else {
    if (value / by > static_cast<Wide>(std::numeric_limits<int64_t>::max())) return false;
    out = {static_cast<uint64_t>(value / by), static_cast<uint64_t>(value % by)};
  }
  return out.whole <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
}

bool IsCount(int64_t n) { return n >= 0 && n <= kChargeTokensMax; }

// Adds calls * fee, unless the fee is not known.
void AddFee(int64_t calls, int64_t pico, Wide& sum, bool& unknown) {
  if (calls == 0) return;
  if (pico == kFeeUnknown) {
    unknown = true;
  } else {
    sum += static_cast<Wide>(calls) * static_cast<Wide>(pico);
  }
}

}  // namespace

std::optional<Charge> ComputeCharge(const Usage& usage, const PriceBand& band, const CallFees& fees,
                                    const Times& times) {
  Charge charge;
  const uint64_t divisor = 1000 * static_cast<uint64_t>(times.denominator);
  if (!IsCount(usage.web_searches) || !IsCount(usage.file_searches)) return std::nullopt;

  Wide sum = 0;
  AddFee(usage.web_searches, fees.web_search, sum, charge.fee_unknown);
  AddFee(usage.file_searches, fees.file_search, sum, charge.fee_unknown);
  AddFee(1, fees.request, sum, charge.fee_unknown);
  sum *= static_cast<Wide>(times.denominator);

  std::array<uint64_t, kParts> whole = {};
  std::array<uint64_t, kParts> rest = {};
  uint64_t shared = 0;
  const auto add_part = [&](size_t part, Wide value) {
    Quotient q;
    if (!Divide(value, divisor, q)) return false;
    whole[part] = q.whole;
    rest[part] = q.rest;
    shared += q.whole;
    return true;
  };
  if (sum != 0 && !add_part(kFeesPart, sum)) return std::nullopt;
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    const int64_t tokens = usage.tokens[i];
    if (tokens == 0) continue;
    if (!IsCount(tokens)) return std::nullopt;
    const int64_t factor = (times.exempt >> i & 1) ? times.denominator : times.numerator;
    const Wide value =
        static_cast<Wide>(tokens) * static_cast<Wide>(band.pico[i]) * static_cast<Wide>(factor);
    sum += value;
    if (!add_part(i, value)) return std::nullopt;
  }

  Quotient total;
  if (!Divide(sum + divisor / 2, divisor, total)) return std::nullopt;
  // Fewer nano-USD are left than parts have a remainder: each gets one at most.
  for (uint64_t left = total.whole - shared; left > 0; --left) {
    size_t largest = 0;
    for (size_t i = 1; i < kParts; ++i) {
      if (rest[i] > rest[largest]) largest = i;
    }
    ++whole[largest];
    rest[largest] = 0;
  }
  charge.total.value = static_cast<int64_t>(total.whole);
  for (size_t i = 0; i < kUsageBuckets; ++i) charge.by_bucket[i] = static_cast<int64_t>(whole[i]);
  charge.fees = static_cast<int64_t>(whole[kFeesPart]);
  return charge;
}

std::array<int64_t, kUsageBuckets> FillPrices(std::array<int64_t, kUsageBuckets> own) {
  const auto fill = [&](UsageBucket bucket, UsageBucket with) {
    int64_t& price = own[static_cast<size_t>(bucket)];
    if (price < 0) price = own[static_cast<size_t>(with)];
  };
  fill(UsageBucket::kCacheRead, UsageBucket::kInput);
  fill(UsageBucket::kCacheWrite5m, UsageBucket::kInput);
  fill(UsageBucket::kCacheWrite1h, UsageBucket::kCacheWrite5m);
  fill(UsageBucket::kInputAudio, UsageBucket::kInput);
  fill(UsageBucket::kInputImage, UsageBucket::kInput);
  fill(UsageBucket::kReasoning, UsageBucket::kOutput);
  fill(UsageBucket::kOutputAudio, UsageBucket::kOutput);
  fill(UsageBucket::kOutputImage, UsageBucket::kOutput);
  return own;
}

}  // namespace pitot
