// gateway/outage/headers.h
//
// Which headers go on, both ways: everything but those that belong to one connection, to us, or to
// the provider's own origin. Never a list of what may pass: providers and their clients add headers
// faster than anybody could list them, and a missing one breaks retries, limits and plans.
// Source of the hop-by-hop list: RFC 9110, 7.6.1.
// Pure; any thread.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/headers.h"

namespace pitot {

// Of one upstream, from its configuration.
struct HeaderRules {
  std::vector<std::string> drop;  // Of requests, by name; "anthropic-*" drops by prefix.
  std::vector<std::pair<std::string, std::string>> set;  // Of requests: replaced, else added last.
  std::vector<std::string> drop_reply;
  // Names are header names, values hold no line break; framing (host, content-length, ...) is not
  // for rules. Names `field` and the offending name.
  absl::Status Validate(std::string_view field) const;
};

struct RequestHeaderPlan {
  const HeaderRules* rules = nullptr;  // May be null.
  // The key of ours that the caller sent: every field whose value it is, or whose bearer token it is,
  // stays here. Empty: none was sent.
  std::string_view our_key;
  // The provider's key, as a whole field: {"x-api-key", "sk-..."} or {"authorization", "Bearer ..."}.
  // Empty name: the caller's own credentials go on as they are. Otherwise they are all replaced.
  std::string_view credential_name;
  std::string_view credential_value;
  bool body_decoded = false;  // The server took the content coding off the body.
};

// Headers for the upstream, in the caller's order and spelling, without Host and Content-Length, which
// the client adds. Left out: hop-by-hop fields and those Connection names, x-pitot-*, our key, our
// cookies. Accept-Encoding becomes "identity": a compressed stream could be neither metered nor
// forwarded event by event.
HttpHeaders RequestHeaders(const HttpHeaders& from_caller, const RequestHeaderPlan& plan);

// Headers for the caller. Left out: hop-by-hop fields and those Connection names, Content-Length and
// Transfer-Encoding (the server's), x-pitot-* of somebody else, and what speaks of the provider's
// origin and would be taken for ours: access-control-*, alt-svc, strict-transport-security, our
// cookies' names. Content-Encoding stays: the body is forwarded as it came.
HttpHeaders ReplyHeaders(const HttpHeaders& from_upstream, const HeaderRules* rules);

}  // namespace pitot
