// cmd/slo.h
//
// `pitot slo`: how objectives are doing.
#pragma once

#include <string>

#include "cmd/client.h"

namespace pitot {

struct SloArgs {
  std::string name;  // Empty: all of them.
  std::string project;
  bool json = false;
};

// kExitBad when a burn rule fires or a budget is spent.
int RunSlo(ApiClient& client, const SloArgs& args);

}  // namespace pitot
