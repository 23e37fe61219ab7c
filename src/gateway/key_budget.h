// gateway/key_budget.h
//
// Where budgets and keys meet: the budget that comes with a key, and budgets that callers can evade
// because no key pins what they are counted by. Pure.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "gateway/budget/spec.h"
#include "gateway/keys/key_ring.h"

namespace pitot {

// "key-" and the key's.
std::string BudgetIdOfKey(const ApiKey& key);

// REQUIRES: key.budget.
absl::StatusOr<BudgetSpec> BudgetOfKey(const ApiKey& key);

// A sentence for each hard budget whose scope callers name themselves (feature, workflow, user), while
// `keys` are none, or one that may call providers does not pin it.
std::vector<std::string> LooseBudgets(const std::vector<BudgetSpec>& specs,
                                      const std::vector<ApiKey>& keys);

}  // namespace pitot
