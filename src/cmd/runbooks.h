// cmd/runbooks.h
//
// `pitot runbook`: the diagnosis, and what it offers to do.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cmd/client.h"

namespace pitot {

struct RunbookFlags {
  std::vector<std::string> words;  // The filter.
  std::string project, since, until, alert, state, id;
  bool dry_run = false;
  bool json = false;
};

void AddRunbookCommand(CLI::App& app, RunbookFlags& flags);
// `command`: the one that was parsed. kExitBad when a cause was found.
int RunRunbookCommand(ApiClient& client, const CLI::App& command, const RunbookFlags& flags);

}  // namespace pitot
