// http/message.h
//
// Requests and responses as handlers see them: whole, transfer and content encoding undone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/headers.h"
#include "http/url.h"

namespace pitot {

struct HttpRequest {
  std::string method;  // As sent; methods are case-sensitive.
  std::string target;  // Path and query as sent, percent-encoded.
  std::string path;    // Decoded; starts with '/', or is "*" (OPTIONS).
  QueryParams query;
  HttpHeaders headers;  // Verbatim, in order.
  std::string body;
  std::string peer;            // "127.0.0.1:50000".
  bool peer_loopback = false;  // The peer's address is a loopback address.
  int version_minor = 1;       // HTTP/1.x.

  // The first query parameter of that name, or "".
  std::string_view Param(std::string_view name) const {
    for (const auto& [key, value] : query) {
      if (key == name) return value;
    }
    return "";
  }
};

struct HttpResponse {
  int status = 200;
  // Sent as given, in order. Content-Length, Transfer-Encoding and Connection are the server's and
  // ignored here; Date is added when it is missing.
  HttpHeaders headers;
  std::string body;
  std::string reason;  // Empty: ReasonPhrase(status).
  // Of a streamed answer (Responder::Begin) whose length is known: it goes out with Content-Length.
  // A producer that then writes more or less has the connection cut. Also the length told in the
  // answer to a HEAD request. Other answers take it from `body`.
  std::optional<uint64_t> content_length;
};

// "Not Found" for 404; "" for numbers without a name.
std::string_view ReasonPhrase(int status);

HttpResponse JsonResponse(int status, std::string json);

// {"error":{"code":"...","message":"..."}}; the code is the reason in snake case ("not_found").
HttpResponse ErrorResponse(int status, std::string_view message);

// `text` as a JSON string, with quotes. Invalid UTF-8 becomes U+FFFD.
std::string QuoteJson(std::string_view text);

}  // namespace pitot
