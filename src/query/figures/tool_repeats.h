// query/figures/tool_repeats.h
//
// Traces in which one tool was called again and again: retry storms, and loops that no detector saw.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "query/scope.h"

namespace pitot {

inline constexpr int64_t kToolTriesMax = 1'000'000;

struct ToolRepeatsRequest {
  Scope scope;
  int64_t least = 3;    // Tries of one tool in one trace: its calls and their retries.
  uint32_t limit = 50;  // Rows, each a trace and a tool.
};

// {"window","of","least","repeats":[...],"repeats_total"}: most failed calls and retries first, then most
// tries. Errors: those of the engine.
absl::StatusOr<std::string> ReadToolRepeats(const QueryContext& context,
                                            const ToolRepeatsRequest& request);

}  // namespace pitot
