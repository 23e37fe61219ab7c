// sdk/testing/provider_cases.h
//
// Every kind of answer that the scripted provider gives, by name. For the golden test and for the
// scripted_provider program, which the providers' own clients are run against.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pitot/testing/scripted_provider.h"

namespace pitot {
inline namespace sdk {

struct ProviderCase {
  std::string name;
  std::string path;
  std::string body;
  std::optional<ScriptedStep> step = {};  // Unset: the provider's own echo.
  // Beside content-type, and over the key and version that every request has; empty: without that one.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

std::vector<ProviderCase> ProviderCases();

}  // namespace sdk
}  // namespace pitot
