// query/figures/timezone.h
//
// Time zones by their IANA names, as the engine knows them: no other list, so that a name which is
// accepted is one the engine can compute with.
#pragma once

#include <absl/status/status.h>

#include <string_view>

#include "query/scope.h"

namespace pitot {

// kInvalidArgument names the nearest known name. UTC is known without asking.
absl::Status CheckTimezone(const QueryContext& context, std::string_view timezone);

}  // namespace pitot
