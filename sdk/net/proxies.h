// sdk/net/proxies.h
//
// Which proxy a request goes through, by the environment: https_proxy (HTTPS_PROXY) or http_proxy, then
// all_proxy (ALL_PROXY), unless no_proxy (NO_PROXY) names the host. HTTP_PROXY in capitals is heard
// except in a CGI program (REQUEST_METHOD is set), where a client's Proxy header would become it.
// no_proxy is a list by commas of: "*", a host with all its subdomains ("example.com", ".example.com",
// "*.example.com"), an address, a network ("10.0.0.0/8", "fd00::/8"); host and address may name a port.
// A loopback host never goes through a proxy.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sdk/net/url.h"

namespace pitot {
inline namespace sdk {

class Proxies {
 public:
  // The value of an environment variable; null: not set.
  using Environment = std::function<const char*(const char* name)>;

  explicit Proxies(const Environment& environment);
  // Of this process, now.
  static Proxies FromEnvironment();

  // The proxy's URL as it was given; empty: a direct connection. "proxy:3128" counts as http.
  std::string For(const Url& url) const;

 private:
  bool Excluded(const Url& url) const;

  std::string http_;
  std::string https_;
  std::string no_proxy_;
};

}  // namespace sdk
}  // namespace pitot
