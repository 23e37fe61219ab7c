// query/figures/provider_health.h
//
// How providers answer now: their calls of the last five minutes of the window.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "query/scope.h"

namespace pitot {

// Of one provider. `errors` are faults that are not the caller's own: arguments, length of the
// context, contents, keys and cancelling say nothing of how the provider is.
struct ProviderHealth {
  int64_t calls = 0;
  int64_t errors = 0;
  int64_t rate_limited = 0;
  std::optional<double> p99_ns;
};

// "idle" without calls; "down" from 3 errors on that are at least half of the calls; "degraded" from
// 3 errors on that are more than 5 % of them; else "ok".
std::string_view StateOf(const ProviderHealth& health);

absl::StatusOr<absl::flat_hash_map<std::string, ProviderHealth>> ReadProviderHealth(
    const QueryContext& context, const Scope& scope);

// The last moments of any success and of any error within the window; 0: none.
std::string HealthJson(const ProviderHealth& health, UnixNanos last_success, UnixNanos last_error);

}  // namespace pitot
