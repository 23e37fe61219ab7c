// sdk/base/exceptions.h
//
// What can be told of any exception. Pure; any thread.
#pragma once

#include <string>
#include <system_error>
#include <typeinfo>

#include "pitot/model/kinds.h"

namespace pitot {
inline namespace sdk {

// As its users write it: "std::runtime_error", "pitot::ToolTimeout". "unknown" for null.
std::string TypeName(const std::type_info* type);

// kTimeout, kCancelled, kAuth, kNetwork, or `otherwise` where the code says nothing of the kind.
ErrorCategory CategoryOfCode(const std::error_code& code, ErrorCategory otherwise);

}  // namespace sdk
}  // namespace pitot
