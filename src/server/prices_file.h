// server/prices_file.h
//
// Reads prices.yaml: the user's own prices. The format is documented at price/override.h.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "price/override.h"

namespace pitot {

// kInvalidArgument names the file, the line of the entry, and what is wrong with it.
absl::StatusOr<std::vector<PriceOverride>> ParsePrices(std::string_view yaml,
                                                       std::string_view file);

// An empty path: no overrides.
absl::StatusOr<std::vector<PriceOverride>> LoadPrices(const std::string& path);

}  // namespace pitot
