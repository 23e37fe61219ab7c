#include "gateway/key_budget.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace pitot {

absl::StatusOr<BudgetSpec> BudgetOfKey(const ApiKey& key) {
  const BudgetLine& line = *key.budget;
  const std::array<std::pair<std::string, std::string>, 7> fields = {{
      {"id", fmt::format("key-{}", key.id)},
      {"scope", "key"},
      {"match", key.id},
      {"window", line.window},
      {"timezone", line.timezone},
      {"limit_usd", UsdText(line.limit)},
      {"hard", line.hard ? "true" : "false"},
  }};
  return BudgetFromFields(fields);
}

}  // namespace pitot
