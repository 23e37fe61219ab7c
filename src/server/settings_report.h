// server/settings_report.h
//
// What GET /api/v1/settings tells of the configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/server_settings.h"
#include "server/options.h"

namespace pitot {

// `grpc_port`: nothing when it is not listened on. User names and passwords in addresses are hidden.
ServerSettings ReportSettings(const ServerOptions& options, uint16_t http_port,
                              std::optional<uint16_t> grpc_port);

// "http://user:secret@host" -> "http://***@host", wherever in `text`.
std::string HideUserInfo(std::string_view text);

}  // namespace pitot
