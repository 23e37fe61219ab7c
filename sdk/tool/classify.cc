// What an exception of a tool means.
#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <system_error>
#include <typeinfo>

#include "pitot/llm_client.h"
#include "pitot/tool.h"

namespace pitot {
inline namespace sdk {
namespace {

std::string NameOf(const std::type_info* type) {
  if (type == nullptr) return "unknown";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
  return name != nullptr ? name.get() : type->name();
}

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

ErrorCategory CategoryOf(const std::error_code& code) {
  if (code == std::errc::timed_out) return ErrorCategory::kTimeout;
  if (code == std::errc::operation_canceled) return ErrorCategory::kCancelled;
  if (code == std::errc::permission_denied || code == std::errc::operation_not_permitted) {
    return ErrorCategory::kAuth;
  }
  for (const std::errc network :
       {std::errc::connection_refused, std::errc::connection_reset, std::errc::connection_aborted,
        std::errc::host_unreachable, std::errc::network_unreachable, std::errc::network_down,
        std::errc::network_reset, std::errc::broken_pipe, std::errc::not_connected}) {
    if (code == network) return ErrorCategory::kNetwork;
  }
  return ErrorCategory::kTool;
}

ToolFailure Look(const std::exception& error) {
  ToolFailure failure;
  failure.type = NameOf(&typeid(error));
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
    failure.category = CategoryOf(system->code());
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
    failure.type = NameOf(abi::__cxa_current_exception_type());
  }
  return failure;
}

}  // namespace sdk
}  // namespace pitot
