// http/guard.h
//
// Loopback is reachable from every web page its owner visits. Without keys, therefore: Host must
// name this machine (DNS rebinding), and requests that a foreign page makes are refused. CORS
// answers only for configured origins. Pure: headers in, verdict out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/message.h"

namespace pitot {

struct GuardOptions {
  bool loopback_rule = true;  // No keys: Host and Origin are checked.
  // listen.cors_origins: exact origins, "https://pitot.example.com".
  std::vector<std::string> cors_origins;
};

struct GuardVerdict {
  std::optional<HttpResponse> answer;  // A refusal (403) or a preflight's answer (204).
  std::string refusal;                 // Of a 403, its reason in words.
  HttpHeaders reply_headers;           // For whatever reply follows: the CORS grant.
};

GuardVerdict Guard(const GuardOptions& options, const HttpRequest& request);

}  // namespace pitot
