// sdk/track/prices.h
//
// What a call cost by the catalogue built into the SDK. The same book and rules as the server's.
#pragma once

#include <cstdint>
#include <optional>

#include "pitot/llm_metrics.h"
#include "price/price.h"

namespace pitot {
inline namespace sdk {

// The price of a call that ended at `end_ns` (Unix time); `reported`: by the provider. Thread-safe. The
// first call of a process reads the catalogue; those at the same time wait for it.
Price PriceOfCall(const LlmCallMetrics& call, std::optional<NanoUsd> reported, int64_t end_ns);

}  // namespace sdk
}  // namespace pitot
