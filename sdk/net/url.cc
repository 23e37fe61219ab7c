#include "sdk/net/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "sdk/base/text.h"

namespace pitot {
inline namespace sdk {
namespace {

char LowerChar(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Blanks and control characters would end the request line.
bool IsUrlText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool IsHostText(std::string_view host) {
  return std::ranges::none_of(host, [](char c) {
    return std::string_view("/\\?#@[]<>\"'`{}|^%").find(c) != std::string_view::npos;
  });
}

bool TakeScheme(std::string_view& text, Url& url) {
  const size_t end = text.find("://");
  if (end == std::string_view::npos) return false;
  const std::string_view scheme = text.substr(0, end);
  url.tls = EqualNoCase(scheme, "https");
  if (!url.tls && !EqualNoCase(scheme, "http")) return false;
  text.remove_prefix(end + 3);
  return true;
}

bool TakeHost(std::string_view& authority, Url& url) {
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    url.host = Lower(authority.substr(1, end - 1));
    authority.remove_prefix(end + 1);
    in6_addr address;
    return ::inet_pton(AF_INET6, url.host.c_str(), &address) == 1;
  }
  const size_t end = std::min(authority.find(':'), authority.size());
  url.host = Lower(authority.substr(0, end));
  authority.remove_prefix(end);
  return !url.host.empty() && url.host.size() <= 253 && IsHostText(url.host);
}

bool TakePort(std::string_view authority, Url& url) {
  url.port = url.tls ? 443 : 80;
  if (authority.empty() || authority == ":") return true;
  if (authority[0] != ':') return false;
  authority.remove_prefix(1);
  const auto [end, error] =
      std::from_chars(authority.data(), authority.data() + authority.size(), url.port);
  return error == std::errc() && end == authority.data() + authority.size() && url.port != 0;
}

}  // namespace

std::string Url::Authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

std::string Url::HostPort() const {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return shown + ":" + std::to_string(port);
}

bool Url::IsLoopback() const {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  in_addr v4;
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::optional<Url> ParseUrl(std::string_view text) {
  Url url;
  text = text.substr(0, text.find('#'));
  if (!IsUrlText(text) || !TakeScheme(text, url)) return std::nullopt;
  const size_t path = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, path);
  url.target = text.substr(path);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info = PercentDecoded(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  if (!TakeHost(authority, url) || !TakePort(authority, url)) return std::nullopt;
  return url;
}

bool IsHeaderName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool IsHeaderValue(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
  });
}

bool EqualNoCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, LowerChar, LowerChar);
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = LowerChar(c);
  return out;
}

}  // namespace sdk
}  // namespace pitot
