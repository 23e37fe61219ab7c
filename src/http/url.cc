#include "http/url.h"

#include <algorithm>
#include <charconv>

#include "base/status.h"
#include "http/headers.h"

namespace pitot {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool Unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

bool ParsePort(std::string_view text, uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

// Splits "host", "host:port", "[v6]" or "[v6]:port"; `port` stays as it is when none is given.
bool SplitAuthority(std::string_view text, std::string& host, uint16_t& port) {
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos || close == 1) return false;
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return false;
  } else {
    const size_t colon = text.find(':');
    host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  std::ranges::transform(host, host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return rest.empty() || ParsePort(rest.substr(1), port);
}

}  // namespace

std::string PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += plus_is_space && text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

std::string PercentEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (Unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

QueryParams ParseQuery(std::string_view query) {
  QueryParams params;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    if (!pair.empty()) {
      const size_t equals = pair.find('=');
      params.emplace_back(PercentDecode(pair.substr(0, equals), true),
                          equals == std::string_view::npos
                              ? std::string()
                              : PercentDecode(pair.substr(equals + 1), true));
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return params;
}

std::string FormatQuery(const QueryParams& params) {
  std::string out;
  for (const auto& [name, value] : params) {
    if (!out.empty()) out += '&';
    out.append(PercentEncode(name)).append("=").append(PercentEncode(value));
  }
  return out;
}

std::string Url::Authority() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

std::string Url::HostHeader() const {
  std::string authority = Authority();
  if (port == (tls() ? 443 : 80)) authority.resize(authority.rfind(':'));
  return authority;
}

absl::StatusOr<Url> ParseUrl(std::string_view text) {
  Url url;
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    return InvalidArgument("URL {:?} must start with http:// or https://", std::string(text));
  }
  const std::string_view scheme = text.substr(0, colon);
  if (EqualsIgnoreCase(scheme, "http")) {
    url.scheme = "http";
    url.port = 80;
  } else if (EqualsIgnoreCase(scheme, "https")) {
    url.scheme = "https";
    url.port = 443;
  } else {
    return InvalidArgument("URL {:?} must start with http:// or https://", std::string(text));
  }
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const size_t path = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, path);
  if (authority.find('@') != std::string_view::npos) {
    return InvalidArgument("a URL must not hold a user or password; give them as options");
  }
  if (!SplitAuthority(authority, url.host, url.port) || url.host.empty() || url.port == 0) {
    return InvalidArgument("URL {:?} has no valid host and port", std::string(text));
  }
  if (path != std::string_view::npos) url.target = rest.substr(path);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  for (const char c : url.target + url.host) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 127) {
      return InvalidArgument("a URL must not hold spaces or control characters; use %XX");
    }
  }
  return url;
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  HostPort out;
  const bool has_port = text.starts_with('[') ? text.find("]:") != std::string_view::npos
                                              : std::ranges::count(text, ':') == 1;
  if (!has_port || !SplitAuthority(text, out.host, out.port)) {
    return InvalidArgument("address {:?} must look like 127.0.0.1:4318 or [::1]:4318",
                           std::string(text));
  }
  return out;
}

}  // namespace pitot
