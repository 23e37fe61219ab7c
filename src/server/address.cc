#include "server/address.h"

#include <charconv>

#include "base/status.h"

namespace pitot {

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view key, std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    ListenAddress address;
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    const bool whole = error == std::errc() && end == port.data() + port.size();
    if (whole && !host.empty() && (bracketed || host.find(':') == std::string_view::npos)) {
      address.host = std::string(host);
      address.loopback = host == "localhost" || host == "::1" || host.starts_with("127.");
      return address;
    }
  }
  return InvalidArgument(
      "{}: \"{}\" is not an address and a port, such as 127.0.0.1:4318 or [::1]:4318", key, text);
}

std::string AddressText(std::string_view configured, uint16_t port) {
  const auto address = ParseListenAddress("listen", configured);
  std::string host = address.ok() ? address->host : std::string(configured);
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("{}:{}", host, port);
}

}  // namespace pitot
