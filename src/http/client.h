// http/client.h
//
// Blocking HTTP/1.1 client for http and https: a pool of kept connections per host, deadlines, a
// bound on the reply. Certificates are always verified.
//
// Thread-safety: any number of threads may call at once; each call runs on its caller's thread.
// Errors: kUnavailable        no connection, or it broke; the message names host and port.
//         kDeadlineExceeded   connect_timeout or timeout passed.
//         kFailedPrecondition the server's certificate was not accepted.
//         kOutOfRange         the reply is longer than reply_bytes_max.
//         kInvalidArgument    the URL or a header is malformed.
//         kCancelled          HttpCall::cancel was; the connection is closed.
// Any HTTP status is an OK call: the caller judges it. Redirects are not followed.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "http/headers.h"

namespace pitot {

struct HttpCall {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;    // Host, Content-Length and User-Agent are added.
  std::string_view body;  // Borrowed until the call returns.

  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{30'000};  // Of everything together.
  int64_t reply_bytes_max = 64 << 20;         // Decoded.
  bool decode = true;                         // Asks for gzip and zstd, and undoes them.
  CancelTokenPtr cancel;                      // May be null.

  // May the request be sent twice? Then a kept connection that the server closed at the wrong moment
  // costs a second try instead of an error. GET, HEAD, PUT, DELETE and OPTIONS always may.
  bool idempotent = false;
};

struct HttpReply {
  int status = 0;
  HttpHeaders headers;
  std::string body;
};

// Receives a reply as it comes, on the caller's thread. An error stops the call and is returned.
struct HttpReplySink {
  std::function<absl::Status(const HttpReply& head)> on_head;  // Optional.
  std::function<absl::Status(std::string_view piece)> on_data;
};

struct HttpClientOptions {
  std::string ca_file;  // PEM; empty: the system's certificates.
  std::string user_agent = "pitot";
  size_t idle_connections = 16;  // Kept per host.
  std::chrono::milliseconds idle_time{30'000};
};

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();  // No call may be running.

  absl::StatusOr<HttpReply> Call(const HttpCall& call);

  // The body goes to `sink`, the reply returned has none. reply_bytes_max holds too.
  absl::StatusOr<HttpReply> Stream(const HttpCall& call, const HttpReplySink& sink);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
