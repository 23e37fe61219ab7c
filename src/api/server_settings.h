// api/server_settings.h
//
// What a server was started with, as GET /api/v1/settings tells it. Made by server/, which knows the
// configuration; without any secret.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pitot {

struct SettingValue {
  std::string path;   // "retention.days"
  std::string value;  // As the configuration file writes it.
  std::string meaning;
  bool is_default = true;
};

struct ServerSettings {
  std::string http_address;  // With the port in use.
  std::string grpc_address;  // Empty: not listened on.
  std::string store_mode = "embedded";
  std::string auth_mode = "auto";
  int64_t retention_days = 30;
  int64_t retention_import_days = 0;  // 0: for ever.
  bool redact_secrets = true;
  std::vector<std::string> redact_personal;
  std::vector<std::string> redact_rules;  // Their names.
  std::vector<SettingValue> values;
  std::string config;  // What `pitot config check` prints.
};

}  // namespace pitot
