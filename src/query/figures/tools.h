// query/figures/tools.h
//
// Tools: how their calls ended, how long they took, and whether that changed with the prompt.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "query/scope.h"

namespace pitot {

inline constexpr int64_t kToolVersionsMax = 50;

struct ToolsRequest {
  Scope scope;
  uint32_t limit = 50;
  uint32_t versions = 0;  // Shown of the prompt that most of a tool's calls have; newest first.
};

// {"window","of","tools":[...],"tools_total","total"}; most calls first. Errors: those of the engine.
absl::StatusOr<std::string> ReadTools(const QueryContext& context, const ToolsRequest& request);

}  // namespace pitot
