#include "sdk/net/proxies.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "sdk/base/text.h"

namespace pitot {
inline namespace sdk {
namespace {

std::string First(const Proxies::Environment& environment,
                  std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = environment(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

struct AddressBytes {
  std::array<uint8_t, 16> bytes = {};
  int bits = 0;  // 32 or 128.
};

std::optional<AddressBytes> ParseAddress(const std::string& text) {
  AddressBytes out;
  if (::inet_pton(AF_INET, text.c_str(), out.bytes.data()) == 1) {
    out.bits = 32;
  } else if (::inet_pton(AF_INET6, text.c_str(), out.bytes.data()) == 1) {
    out.bits = 128;
  } else {
    return std::nullopt;
  }
  return out;
}

bool InNetwork(const std::string& host, std::string_view network) {
  const size_t slash = network.find('/');
  const std::optional<AddressBytes> address = ParseAddress(host);
  const std::optional<AddressBytes> base = ParseAddress(std::string(network.substr(0, slash)));
  if (!address || !base || address->bits != base->bits) return false;
  const std::string_view length = network.substr(slash + 1);
  int bits = -1;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc() || end != length.data() + length.size()) return false;
  if (bits < 0 || bits > base->bits) return false;
  for (int bit = 0; bit < bits; ++bit) {
    const int mask = 0x80 >> (bit % 8);
    if ((address->bytes[bit / 8] & mask) != (base->bytes[bit / 8] & mask)) return false;
  }
  return true;
}

// Removes ":port" from an entry; false: it is another port than the URL's.
bool TakePort(std::string_view& entry, uint16_t port) {
  const size_t colon = entry.rfind(':');
  const bool bracketed = entry.starts_with('[');
  if (bracketed) {
    const size_t end = entry.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view rest = entry.substr(end + 1);
    entry = entry.substr(1, end - 1);
    return rest.empty() || rest == ":" + std::to_string(port);
  }
  // More than one colon without brackets: an IPv6 address.
  if (colon == std::string_view::npos || entry.find(':') != colon) return true;
  const bool same = entry.substr(colon + 1) == std::to_string(port);
  entry = entry.substr(0, colon);
  return same;
}

}  // namespace

Proxies::Proxies(const Environment& environment) {
  const bool cgi = environment("REQUEST_METHOD") != nullptr;
  http_ = First(environment,
                {"http_proxy", cgi ? "http_proxy" : "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  https_ = First(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  no_proxy_ = First(environment, {"no_proxy", "NO_PROXY"});
}

Proxies Proxies::FromEnvironment() {
  return Proxies([](const char* name) -> const char* { return std::getenv(name); });
}

std::string Proxies::For(const Url& url) const {
  const std::string& proxy = url.tls ? https_ : http_;
  if (proxy.empty() || url.IsLoopback() || Excluded(url)) return {};
  return proxy.find("://") == std::string::npos ? "http://" + proxy : proxy;
}

bool Proxies::Excluded(const Url& url) const {
  std::string_view left = no_proxy_;
  while (!left.empty()) {
    const size_t comma = std::min(left.find(','), left.size());
    const std::string lower = Lower(TrimBlanks(left.substr(0, comma)));
    left.remove_prefix(std::min(comma + 1, left.size()));
    std::string_view entry = lower;
    if (entry.empty()) continue;
    if (entry == "*") return true;
    if (entry.find('/') != std::string_view::npos) {
      if (InNetwork(url.host, entry)) return true;
      continue;
    }
    if (!TakePort(entry, url.port)) continue;
    if (entry.starts_with("*.")) entry.remove_prefix(1);
    const std::string_view domain = entry.starts_with('.') ? entry.substr(1) : entry;
    if (domain.empty()) continue;
    if (url.host == domain || url.host.ends_with("." + std::string(domain))) return true;
  }
  return false;
}

}  // namespace sdk
}  // namespace pitot
