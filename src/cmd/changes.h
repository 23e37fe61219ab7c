// cmd/changes.h
//
// Commands that change something: `pitot reprice`, `pitot delete`, `pitot resume`.
#pragma once

#include <string>

#include "cmd/client.h"

namespace pitot {

struct RepriceArgs {
  std::string project, since, until, filter;
  bool dry_run = false;
  bool json = false;
};
int RunReprice(ApiClient& client, const RepriceArgs& args);

struct DeleteArgs {
  std::string what;  // "trace" or "user".
  std::string id;
  std::string project;
  bool yes = false;  // Do not ask.
  bool json = false;
};
// Asks on a terminal; elsewhere --yes is needed.
int RunDelete(ApiClient& client, const DeleteArgs& args);

// Lets a run go on that a loop detector stopped.
int RunResume(ApiClient& client, const std::string& trace_id, bool json);

}  // namespace pitot
