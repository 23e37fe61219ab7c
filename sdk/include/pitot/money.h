// pitot/money.h
//
// Money as the SDK takes and gives it: integer nano-USD (pitot/model/money.h), exact. Unknown is
// std::nullopt, never 0. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pitot/model/money.h"

namespace pitot {
inline namespace sdk {

// "$0.004213", "$12.40", "$0.00": at least two decimals, as many as it has up to nine.
std::string format_usd(NanoUsd amount);
// Nine decimals at most, exact: parse_usd("0.004"). Nothing: not a decimal number, negative, too large.
std::optional<NanoUsd> parse_usd(std::string_view text);
// A figure from code: usd(0.05). Rounds to the nearest nano-USD. REQUIRES: within +-9.2e9; throws
// std::invalid_argument otherwise.
NanoUsd usd(double amount);

}  // namespace sdk
}  // namespace pitot
