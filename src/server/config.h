// server/config.h
//
// One YAML file, every key optional; unknown keys are refused with the nearest known name. The
// environment overrides the file: PITOT_<PATH>, upper case, dots as underscores
// (PITOT_LISTEN_HTTP, PITOT_LIMITS_REQUEST_BYTES); lists are separated by commas.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/options.h"

namespace pitot {

// One value of the environment, or nothing. Tests pass their own.
using GetEnv = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> ProcessEnv(const std::string& name);

// `yaml`: the file's content (empty: defaults). `file`: its name, for messages.
// kInvalidArgument names the line, the key, the value and what is accepted.
absl::StatusOr<ServerOptions> ParseConfig(std::string_view yaml, std::string_view file,
                                          const GetEnv& env);

// As ParseConfig, of a file. An empty path: defaults and environment only.
absl::StatusOr<ServerOptions> LoadConfig(const std::string& path, const GetEnv& env);

// What the configuration allows and should be known: budgets that callers can evade.
std::vector<std::string> ConfigWarnings(const ServerOptions& options);

// The values that hold, as a configuration file with each key's meaning as a comment: what
// `pitot config check` prints.
std::string PrintConfig(const ServerOptions& options);

}  // namespace pitot
