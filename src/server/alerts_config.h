// server/alerts_config.h
//
// The configuration's `alerts` section. docs/alerts.md lists every key.
#pragma once

#include <string>

#include "alert/options.h"
#include "server/config_section.h"

namespace pitot {

void ReadAlertsConfig(ConfigSection& alerts, AlertOptions& options);

// Its part of PrintConfig.
std::string PrintAlertsConfig(const AlertOptions& options);

}  // namespace pitot
