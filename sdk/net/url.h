// sdk/net/url.h
//
// An http or https URL in parts, and what may stand in a header. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pitot {
inline namespace sdk {

struct Url {
  bool tls = false;
  std::string user_info;  // "user:password", escapes undone; empty: none.
  std::string host;       // Lower case; IPv6 without brackets.
  uint16_t port = 0;      // The scheme's own where none is given.
  std::string target;     // Path and query; at least "/".

  // As in a Host header: IPv6 in brackets, the port unless it is the scheme's own.
  std::string Authority() const;
  // "host:port", for people and CONNECT.
  std::string HostPort() const;
  // An address of this machine, or "localhost" and what ends in ".localhost".
  bool IsLoopback() const;
};

// Nothing: not an http or https URL with a host. A fragment is cut off.
std::optional<Url> ParseUrl(std::string_view text);

// RFC 9110, 5.6.2 and 5.5: what would end the line or the name is refused.
bool IsHeaderName(std::string_view name);
bool IsHeaderValue(std::string_view value);

// ASCII only.
bool EqualNoCase(std::string_view a, std::string_view b);
std::string Lower(std::string_view text);

}  // namespace sdk
}  // namespace pitot
