// sdk/export/environment.h
//
// What the environment says about receivers. Read when an exporter is made, not later.
// Source: OpenTelemetry specification, "OpenTelemetry Protocol Exporter".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "pitot/exporters.h"

namespace pitot {
inline namespace sdk {

// Empty: not set, or set to nothing.
std::string Environment(const char* name);

struct OtlpEnvironment {
  std::string endpoint;  // The traces' own, or the general one with /v1/traces; empty: neither.
  HeaderList headers;    // The traces' own after the general ones, and over them.
  std::optional<std::chrono::milliseconds> timeout;
  std::string ca_file;
  std::string protocol;  // Empty: not said.
};
// Throws std::invalid_argument for a header list or a timeout that cannot be read.
OtlpEnvironment ReadOtlpEnvironment();

// "key=value,key2=value2", values percent-encoded. Throws std::invalid_argument naming `variable`.
HeaderList ParseHeaderList(std::string_view variable, std::string_view text);

}  // namespace sdk
}  // namespace pitot
