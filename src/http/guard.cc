#include "http/guard.h"

#include <algorithm>

namespace pitot {
namespace {

// The host of "host", "host:port", "[v6]:port"; empty when malformed.
std::string_view HostOf(std::string_view authority) {
  const auto port_ok = [](std::string_view rest) {
    return rest.empty() || (rest.front() == ':' && std::ranges::all_of(rest.substr(1), [](char c) {
                              return c >= '0' && c <= '9';
                            }));
  };
  const size_t end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  if (authority.starts_with('[')) {
    if (end == std::string_view::npos || !port_ok(authority.substr(end + 1))) return {};
    return authority.substr(0, end + 1);
  }
  if (end == std::string_view::npos) return authority;
  return port_ok(authority.substr(end)) ? authority.substr(0, end) : std::string_view();
}

bool NamesThisMachine(std::string_view host_header) {
  const std::string_view host = HostOf(host_header);
  return EqualsIgnoreCase(host, "localhost") || host == "127.0.0.1" || host == "[::1]";
}

// "http://localhost:4318" and Host "localhost:4318" are one origin. The scheme does not matter: a
// TLS proxy may stand before us.
bool SameOrigin(std::string_view origin, std::string_view host_header) {
  const size_t colon = origin.find("://");
  return colon != std::string_view::npos && EqualsIgnoreCase(origin.substr(colon + 3), host_header);
}

// Somebody follows a link to a page of ours: the other site learns nothing and cannot frame it. The
// API is not for links.
bool IsPageVisit(const HttpRequest& request) {
  return request.method == "GET" && !request.path.starts_with("/api/") &&
         request.headers.Get("sec-fetch-mode") == "navigate" &&
         request.headers.Get("sec-fetch-dest") == "document";
}

HttpResponse Preflight(const HttpRequest& request) {
  HttpResponse response{.status = 204};
  response.headers.Add("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS");
  // Senders name their own x-* headers, and a wildcard does not cover Authorization: what is asked
  // for is granted. The origin is the decision.
  const std::string asked = request.headers.Join("access-control-request-headers");
  if (!asked.empty()) response.headers.Add("Access-Control-Allow-Headers", asked);
  response.headers.Add("Access-Control-Max-Age", "600");
  if (request.headers.Get("access-control-request-private-network") == "true") {
    response.headers.Add("Access-Control-Allow-Private-Network", "true");
  }
  return response;
}

}  // namespace

GuardVerdict Guard(const GuardOptions& options, const HttpRequest& request) {
  GuardVerdict verdict;
  const std::string_view host = request.headers.Get("host");
  const std::optional<std::string_view> origin = request.headers.Find("origin");
  const bool granted = origin.has_value() && request.headers.Count("origin") == 1 &&
                       std::ranges::any_of(options.cors_origins, [&](const std::string& o) {
                         return EqualsIgnoreCase(o, *origin);
                       });

  if (options.loopback_rule) {
    if (!NamesThisMachine(host)) {
      verdict.refusal =
          "without API keys, pitot answers only to the host names localhost, 127.0.0.1 and [::1]; "
          "create a key to use another name";
      verdict.answer = ErrorResponse(403, verdict.refusal);
      return verdict;
    }
    const bool foreign_origin = origin.has_value() && !granted && !SameOrigin(*origin, host);
    const bool cross_site = !granted &&
                            EqualsIgnoreCase(request.headers.Get("sec-fetch-site"), "cross-site") &&
                            !IsPageVisit(request);
    if (foreign_origin || cross_site) {
      verdict.refusal =
          "a request from another web site was refused; add its origin to listen.cors_origins, or "
          "open the address directly";
      verdict.answer = ErrorResponse(403, verdict.refusal);
      return verdict;
    }
  }
  if (granted) {
    verdict.reply_headers.Add("Access-Control-Allow-Origin", *origin);
    verdict.reply_headers.Add("Vary", "Origin");
    // What browsers let a page read besides the body.
    verdict.reply_headers.Add("Access-Control-Expose-Headers", "Retry-After");
    if (request.method == "OPTIONS" && request.headers.Has("access-control-request-method")) {
      verdict.answer = Preflight(request);
    }
  }
  return verdict;
}

}  // namespace pitot
