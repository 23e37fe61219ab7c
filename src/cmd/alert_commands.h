// cmd/alert_commands.h
//
// The flags of `pitot alerts` and `pitot silence`.
#pragma once

#include <CLI/CLI.hpp>

#include "cmd/alerts.h"

namespace pitot {

struct AlertFlags {
  AlertArgs alert;
  SilenceArgs silence;
};

void AddAlertCommands(CLI::App& app, AlertFlags& flags);
// REQUIRES: `command` is `alerts` or `silence`, parsed.
int RunAlertCommand(ApiClient& client, const CLI::App& command, const AlertFlags& flags);

}  // namespace pitot
