// query/figures/errors.h
//
// What fails, by category, with examples that lead to a trace.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "query/scope.h"

namespace pitot {

inline constexpr int64_t kErrorExamplesMax = 20;

struct ErrorsRequest {
  Scope scope;
  uint32_t limit = 50;    // Categories.
  uint32_t examples = 3;  // Of each category; at most kErrorExamplesMax.
};

// {"window","of","spans","errors","categories":[...]}; most frequent first. Messages are the
// senders' own text, as JSON strings. Errors: those of the engine.
absl::StatusOr<std::string> ReadErrors(const QueryContext& context, const ErrorsRequest& request);

// The longest prefix of whole UTF-8 characters within `bytes_max`, and "…" behind it when something
// was cut.
std::string CutMessage(std::string_view text, size_t bytes_max);

}  // namespace pitot
