// cmd/preflight.h
//
// `pitot preflight`: is this agent ready for production?
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cmd/client.h"

namespace pitot {

struct PreflightFlags {
  std::string project, by, comment, reason, until, id;
  std::vector<std::string> points;
  std::vector<std::string> values;  // "verdict=ship"
  bool no_probes = false;
  bool all = false;  // Also why what passes does.
  bool markdown = false;
  bool json = false;
};

void AddPreflightCommand(CLI::App& app, PreflightFlags& flags);
// `command`: the one that was parsed. kExitBad when the report should stop a launch.
int RunPreflightCommand(ApiClient& client, const CLI::App& command, const PreflightFlags& flags);

}  // namespace pitot
