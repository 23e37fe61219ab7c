// cmd/keys.h
//
// `pitot key`: API keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/client.h"

namespace pitot {

struct KeyCreateArgs {
  std::string name, project, expires;
  std::vector<std::string> scopes, require, models;        // Each may be a list with commas.
  std::vector<std::string> pins, defaults, provider_keys;  // "name=value".
  std::optional<double> budget_usd;
  std::string budget_window = "day";
  std::string budget_timezone = "UTC";
  bool budget_soft = false;
  bool json = false;
};
int RunKeyCreate(ApiClient& client, const KeyCreateArgs& args);

int RunKeyList(ApiClient& client, bool json);

// Does not ask: a key that leaked must go at once.
int RunKeyRevoke(ApiClient& client, const std::string& id);

// `grace`: how long the old secret stays valid, "24h"; empty: as the server does by default.
int RunKeyRotate(ApiClient& client, const std::string& id, const std::string& grace, bool json);

// A secret and its hash for the configuration file; asks no server.
int RunKeyGenerate(bool json);

}  // namespace pitot
