#include "gateway/key_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pitot {

std::string BudgetIdOfKey(const ApiKey& key) { return fmt::format("key-{}", key.id); }

absl::StatusOr<BudgetSpec> BudgetOfKey(const ApiKey& key) {
  const BudgetLine& line = *key.budget;
  const std::array<std::pair<std::string, std::string>, 7> fields = {{
      {"id", BudgetIdOfKey(key)},
      {"scope", "key"},
      {"match", key.id},
      {"window", line.window},
      {"timezone", line.timezone},
      {"limit_usd", UsdText(line.limit)},
      {"hard", line.hard ? "true" : "false"},
  }};
  return BudgetFromFields(fields);
}

std::vector<std::string> LooseBudgets(const std::vector<BudgetSpec>& specs,
                                      const std::vector<ApiKey>& keys) {
  std::vector<std::string> out;
  for (const BudgetSpec& spec : specs) {
    const bool said = spec.scope == BudgetScope::kFeature || spec.scope == BudgetScope::kWorkflow ||
                      spec.scope == BudgetScope::kUser;
    if (!spec.hard || !said) continue;
    const std::string scope(Name(spec.scope));
    const bool pinned = !keys.empty() && std::ranges::all_of(keys, [&](const ApiKey& key) {
      return !key.May(KeyScope::kGateway) || key.pins.contains(scope);
    });
    if (pinned) continue;
    out.push_back(fmt::format(
        "budget \"{}\" is hard, but callers say themselves which {} they are: keys that pin the {} "
        "cannot be evaded",
        spec.id, scope, scope));
  }
  return out;
}

}  // namespace pitot
