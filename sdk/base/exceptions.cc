#include "sdk/base/exceptions.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace pitot {
inline namespace sdk {
namespace {

// The SDK's own types stand in an inline namespace.
std::string WithoutInlineNamespace(std::string name) {
  constexpr std::string_view kInline = "pitot::sdk::";
  constexpr std::string_view kShort = "pitot::";
  for (size_t at = 0; (at = name.find(kInline, at)) != std::string::npos; at += kShort.size()) {
    name.replace(at, kInline.size(), kShort);
  }
  return name;
}

}  // namespace

std::string TypeName(const std::type_info* type) {
  if (type == nullptr) return "unknown";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
  return WithoutInlineNamespace(name != nullptr ? name.get() : type->name());
}

ErrorCategory CategoryOfCode(const std::error_code& code, ErrorCategory otherwise) {
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
  return otherwise;
}

}  // namespace sdk
}  // namespace pitot
