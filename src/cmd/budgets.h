// cmd/budgets.h
//
// `pitot budget`: what calls through the gateway may cost.
#pragma once

#include <optional>
#include <string>

#include "cmd/client.h"

namespace pitot {

struct BudgetArgs {
  std::string id;
  std::string counter, reason;
  bool has_counter = false;  // An empty one is a counter too: of calls that name nobody.
  std::string extra_usd;
  // Of `set`; empty: as the server does by default.
  std::string scope, match, per, window, length, timezone, limit_usd, mode, on_exceed,
      unknown_price, project;
  bool hard = false;
  bool yes = false;
  bool json = false;
};

int RunBudgetList(ApiClient& client, bool json);
int RunBudgetShow(ApiClient& client, const BudgetArgs& args);
int RunBudgetSet(ApiClient& client, const BudgetArgs& args);
int RunBudgetEnable(ApiClient& client, const BudgetArgs& args);
int RunBudgetDisable(ApiClient& client, const BudgetArgs& args);
// Asks on a terminal; elsewhere `yes` is needed.
int RunBudgetRemove(ApiClient& client, const BudgetArgs& args);

}  // namespace pitot
