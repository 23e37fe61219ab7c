// server/gateway_config.h
//
// The configuration's `gateway` section and the keys of `auth.keys`. docs/gateway.md lists every key.
#pragma once

#include <string>

#include "server/config_section.h"
#include "server/options.h"

namespace pitot {

void ReadGatewayConfig(ConfigSection& gateway, ServerOptions& options);
// One item of auth.keys.
void ReadKeyConfig(ConfigSection& item, ServerOptions& options);

// The gateway's part of PrintConfig.
std::string PrintGatewayConfig(const ServerOptions& options);

}  // namespace pitot
