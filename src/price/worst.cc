#include <algorithm>
#include <array>
#include <limits>

#include "price/book_entry.h"
#include "price/catalogue.h"
#include "price/price.h"

namespace pitot {
namespace {

constexpr size_t kFirstOutput = static_cast<size_t>(UsageBucket::kOutput);

// The dearest bucket of [from, to) under a tier's factor.
size_t DearestBucket(const PriceBand& band, const Times& times, size_t from, size_t to) {
  const auto rate = [&](size_t i) {
    const bool exempt = (times.exempt >> i & 1) != 0;
    return static_cast<__int128>(band.pico[i]) * (exempt ? times.denominator : times.numerator);
  };
  size_t dearest = from;
  for (size_t i = from + 1; i < to; ++i) {
    if (rate(i) > rate(dearest)) dearest = i;
  }
  return dearest;
}

// A smaller input may fall into a dearer band: each band with the largest input that it prices.
void AddBands(const WorstInput& input, const std::vector<PriceBand>& bands, const CallFees& fees,
              const Times& times, std::optional<NanoUsd>& worst) {
  for (size_t i = 0; i < bands.size(); ++i) {
    const PriceBand& band = bands[i];
    if (i > 0 && input.input_tokens <= band.above) break;
    const int64_t tokens = i + 1 < bands.size() ? std::min(input.input_tokens, bands[i + 1].above)
                                                : input.input_tokens;
    Usage usage;
    usage.tokens[DearestBucket(band, times, 0, kFirstOutput)] = tokens;
    usage.tokens[DearestBucket(band, times, kFirstOutput, kUsageBuckets)] = input.output_tokens;
    // A call whose fee is not known is priced without it, and so is not in the bound.
    const bool web = fees.web_search >= fees.file_search;
    (web ? usage.web_searches : usage.file_searches) = input.server_tool_calls;
    const std::optional<Charge> charge = ComputeCharge(usage, band, fees, times);
    const NanoUsd cost = charge ? charge->total : NanoUsd{std::numeric_limits<int64_t>::max()};
    if (!worst || *worst < cost) worst = cost;
  }
}

// Row that prices a call at a time: see PriceBook::FromCatalogue.
const PriceRow& RowAt(const CatalogueModel& model, int64_t at_ns) {
  size_t at = model.rows.size() - 1;
  while (at > 0 && !model.rows[at].HoldsAt(at_ns)) --at;
  return model.rows[at];
}

}  // namespace

// Whatever may price the call at that time. Nothing may: the price is not known, whatever the tiers
// of it cost.
void PriceBook::AddWorstAt(const Entry& entry, const WorstInput& input, int64_t at_ns,
                           WorstPrice& worst) const {
  const bool provider_chooses = IsPlainTier(input.service_tier);
  for (const uint32_t i : entry.overrides) {
    const PriceOverride& one = overrides_[i];
    if (at_ns < one.from_ns || at_ns >= one.until_ns) continue;
    const bool any_tier = one.service_tier.empty();
    // A tier asked for may be refused, and the call be served at the plain price.
    if (!any_tier && !provider_chooses && !SameWord(one.service_tier, input.service_tier)) continue;
    AddBands(input, one.bands, one.fees, Times(), worst.cost);
    worst.confidence = std::max(worst.confidence, PriceConfidence::kExact);
    if (any_tier) return;
  }
  if (entry.model == nullptr || entry.model->rows.empty()) {
    worst = WorstPrice();
    return;
  }
  const CatalogueModel& model = *entry.model;
  const PriceRow& row = RowAt(model, at_ns);
  AddBands(input, row.bands, row.fees, Times(), worst.cost);
  for (const ServiceTier* tier : model.service_tiers) {
    if (HasWord(tier->tiers, input.service_tier)) {
      AddBands(input, row.bands, row.fees, tier->times, worst.cost);
    }
  }
  worst.confidence = entry.confidence;
}

WorstPrice PriceBook::ComputeWorst(const Entry& entry, const WorstInput& input) const {
  WorstPrice worst;
  // Prices change on the hour at most: no change between two of these is undone before the next.
  constexpr int64_t kStepNs = 20 * int64_t{60'000'000'000};
  for (int64_t at = input.from_ns;; at += kStepNs) {
    at = std::min(at, input.until_ns);
    WorstPrice one;
    AddWorstAt(entry, input, at, one);
    if (!one.cost) return one;
    if (!worst.cost || *worst.cost < *one.cost) worst.cost = one.cost;
    if (worst.confidence != PriceConfidence::kPrefix) worst.confidence = one.confidence;
    const bool dated = !entry.overrides.empty() || entry.model->rows.size() > 1;
    if (!dated || at >= input.until_ns) return worst;
  }
}

WorstPrice PriceBook::WorstOf(const WorstInput& input) const {
  if (!HasPricedName(input.provider, input.model)) return {};
  return ComputeWorst(Resolve(input.provider, input.model), input);
}

}  // namespace pitot
