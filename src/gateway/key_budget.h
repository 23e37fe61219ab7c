// gateway/key_budget.h
//
// The budget that comes with a key.
#pragma once

#include <absl/status/statusor.h>

#include "gateway/budget/spec.h"
#include "gateway/keys/key_ring.h"

namespace pitot {

// Its id is "key-" and the key's. REQUIRES: key.budget.
absl::StatusOr<BudgetSpec> BudgetOfKey(const ApiKey& key);

}  // namespace pitot
