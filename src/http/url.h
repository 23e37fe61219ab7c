// http/url.h
//
// URLs, percent-encoding and query strings (RFC 3986; forms: WHATWG URL, 5.1).
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pitot {

using QueryParams = std::vector<std::pair<std::string, std::string>>;

// %XX undone; a % without two hex digits stays as it is. `plus_is_space` is for form and query
// text.
std::string PercentDecode(std::string_view text, bool plus_is_space = false);

// Everything but letters, digits, - . _ ~ as %XX.
std::string PercentEncode(std::string_view text);

// "a=1&b=x%20y" decoded, in order; a name without = has an empty value.
QueryParams ParseQuery(std::string_view query);

// The reverse: "a=1&b=x%20y".
std::string FormatQuery(const QueryParams& params);

struct Url {
  std::string scheme;  // "http" or "https".
  std::string host;    // Lower case, an IPv6 address without brackets.
  uint16_t port = 0;   // The scheme's own when none is given.
  std::string target;  // Path and query, at least "/"; the fragment is dropped.

  bool tls() const { return scheme == "https"; }
  // "host:port", brackets around IPv6.
  std::string Authority() const;
  // As in a Host header: without the port when it is the scheme's own.
  std::string HostHeader() const;
};

// kInvalidArgument names what is wrong. User and password in a URL are refused: they would end up
// in logs.
absl::StatusOr<Url> ParseUrl(std::string_view text);

// "127.0.0.1:4318", "[::1]:4318", ":4318" (all addresses), "localhost:4318".
struct HostPort {
  std::string host;
  uint16_t port = 0;
};
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

}  // namespace pitot
