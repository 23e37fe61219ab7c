// What an exception of a tool means.
#include <cxxabi.h>

#include <new>
#include <system_error>
#include <typeinfo>

#include "pitot/llm_client.h"
#include "pitot/tool.h"
#include "sdk/base/exceptions.h"

namespace pitot {
inline namespace sdk {
namespace {

ToolStatus StatusOf(ErrorCategory category) {
  switch (category) {
    case ErrorCategory::kTimeout:
      return ToolStatus::kTimeout;
    case ErrorCategory::kRateLimit:
      return ToolStatus::kRateLimited;
    default:
      return ToolStatus::kError;
  }
}

ToolFailure Look(const std::exception& error) {
  ToolFailure failure;
  failure.type = TypeName(&typeid(error));
  failure.message = error.what();
  if (const auto* tool = dynamic_cast<const ToolError*>(&error)) {
    failure.status = tool->status();
    failure.category = tool->category();
    if (const auto* limited = dynamic_cast<const ToolRateLimited*>(&error)) {
      failure.retry_after = limited->retry_after();
    }
    return failure;
  }
  if (const auto* llm = dynamic_cast<const LlmError*>(&error)) {
    // Arguments that a model's provider refused were not written by the model that called the tool.
    failure.category = llm->category();
  } else if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
    failure.category = CategoryOfCode(system->code(), ErrorCategory::kTool);
  } else if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    failure.category = ErrorCategory::kInternal;
  }
  failure.status = StatusOf(failure.category);
  return failure;
}

}  // namespace

ToolFailure classify_tool_error(std::exception_ptr error) {
  ToolFailure failure;
  if (error == nullptr) {
    failure.type = "unknown";
    return failure;
  }
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& e) {
    return Look(e);
  } catch (const std::string& message) {
    failure.type = "std::string";
    failure.message = message;
  } catch (const char* message) {
    failure.type = "char const*";
    failure.message = message == nullptr ? "" : message;
  } catch (...) {
    failure.type = TypeName(abi::__cxa_current_exception_type());
  }
  return failure;
}

}  // namespace sdk
}  // namespace pitot
