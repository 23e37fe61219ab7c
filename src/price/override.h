// price/override.h
//
// Prices of the user's own, which come before the catalogue's. The server reads them from
// prices.yaml and hands each entry over as flat keys: nested keys joined with '.', list items by
// their index. A file, with every key there is:
//
//   prices:
//     - model: "claude-sonnet-4-5*"   # Required. As spans name it; '*' is any run of characters.
//       provider: anthropic           # As spans or the catalogue name it. Absent: any.
//       service_tier: batch           # Only calls served in this tier. Absent: any tier.
//       from: 2026-01-01              # First day, UTC.
//       until: 2027-01-01             # First day on which it no longer holds.
//       per_million_usd:              # Dollars a million tokens, at most six decimals.
//         input: 3.00                 # Required: 0 is a price, a missing one a mistake.
//         output: 15.00               # Required; 0 for an embedding model.
//         cache_read: 0.30            # What is absent is billed as input or output.
//         cache_write_5m: 3.75
//         cache_write_1h: 6.00
//         input_audio: 3.00
//         input_image: 3.00
//         reasoning: 15.00
//         output_audio: 15.00
//         output_image: 15.00
//       tiers:                        # For calls whose whole input is above a size; all of them at
//         - above_input_tokens: 200000  # that price. What is absent is as in per_million_usd.
//           input: 6.00
//           output: 22.50
//       per_thousand_calls_usd:
//         web_search: 10.00
//         file_search: 2.50
//         request: 0                  # Charged for each model call.
//
// The first entry that fits a call prices it: its name, its day, its service tier. An entry is
// the whole price: nothing of it is taken from the catalogue, nor multiplied for a service tier.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/money.h"
#include "price/charge.h"

namespace pitot {

struct PriceOverride {
  std::string model;                                       // Glob.
  std::string provider;                                    // Empty: any.
  std::string service_tier;                                // Lower case. Empty: any.
  int64_t from_ns = std::numeric_limits<int64_t>::min();   // Inclusive.
  int64_t until_ns = std::numeric_limits<int64_t>::max();  // Exclusive.
  std::vector<PriceBand> bands;                            // Filled in; `above` rising from -1.
  CallFees fees;
};

// One entry of prices.yaml. Nothing when it is wrong, with the reason in `error`, which names key
// and value and what is expected.
std::optional<PriceOverride> ParseOverride(
    std::span<const std::pair<std::string, std::string>> fields, std::string* error);

// What the price of a bucket is called, here and in the catalogue: "cache_read".
std::string_view PriceKey(UsageBucket bucket);

// A decimal number of dollars as an integer of 10^-digits dollars: ("0.15", 6) = 150'000. Exact:
// nothing when it is negative, not a plain decimal, has more decimals, or exceeds `max`.
std::optional<int64_t> ParseDecimal(std::string_view text, int digits, int64_t max);

// Start of a day in UTC: "2026-03-13". Nothing when there is no such day.
std::optional<int64_t> ParseDay(std::string_view text);

}  // namespace pitot
