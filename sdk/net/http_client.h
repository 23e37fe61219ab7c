// sdk/net/http_client.h
//
// Blocking HTTP/1.1 over TCP and TLS, for exporters and the clients of providers.
//
//   HttpClient http;
//   const HttpOutcome outcome = http.Call({.method = "POST", .url = url, .body = body}, {});
//   if (outcome.ok() && outcome.status == 200) ...
//
// What it does: keeps connections alive; TLS 1.2 and later with the certificate and the host name
// checked against the system's store (SSL_CERT_FILE and SSL_CERT_DIR are honoured) and SNI; IPv6 and
// IPv4, the next address when one does not answer; HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, never
// for loopback; deadlines over everything, looking a name up included.
// What it does not do: follow redirects (a 3xx is an answer like others), decode content (it asks for
// `identity`), HTTP/2.
// Thread-safety: all of it, from any thread; calls at once have connections of their own.
// Errors: nothing throws, but std::bad_alloc and what a callback throws (the connection is then closed).
// SIGPIPE: never raised.
// Fork: a child process has its own connections; those of the parent are never written to.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "pitot/exporters.h"

namespace pitot {
inline namespace sdk {

// Ends calls that are running in other threads. Belongs to the process that made it: after a fork, the
// child needs a new one.
// Thread-safety: all of it, from any thread.
class CancelToken {
 public:
  CancelToken();
  ~CancelToken();
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;

  // Every call with this token, now and later, ends with Error::kAborted within a moment.
  void Cancel();
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }
  // Readable once cancelled; -1: the system gave none, then calls look every 50 ms.
  int fd() const { return fd_; }

 private:
  std::atomic<bool> cancelled_ = false;
  int fd_ = -1;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://
  // Beside Host, Content-Length, Connection and Accept-Encoding, which are the client's.
  HeaderList headers = {};
  std::string_view body = {};           // Borrowed during the call.
  const CancelToken* cancel = nullptr;  // Borrowed during the call.
  // Once the callback has set it, all that matters has come: the rest of the answer is awaited for at
  // most 250 ms, and its lack is no failure. Some servers leave streams open. Borrowed.
  const bool* enough = nullptr;
};

// 0: no limit.
struct HttpLimits {
  std::chrono::milliseconds connect{10'000};  // Name, TCP, proxy and TLS.
  std::chrono::milliseconds total{60'000};    // Of the call.
  std::chrono::milliseconds idle{60'000};     // Nothing goes out or comes in.
  size_t response_bytes_max = size_t{16} << 20;
};

struct HttpOutcome {
  enum class Error : uint8_t {
    kNone,      // An answer came, whatever its status.
    kUrl,       // The URL or a header is not valid; nothing was sent.
    kResolve,   // The name has no address.
    kConnect,   // No address of it took a connection, or the proxy refused.
    kTls,       // No handshake, or the certificate is not trusted for this host.
    kTimeout,   // A limit passed; `message` says which.
    kClosed,    // The connection broke off before the answer was complete.
    kProtocol,  // What came is not HTTP/1.1.
    kTooLarge,  // The answer is beyond response_bytes_max, or its header beyond 64 KiB.
    kAborted,   // By the callback or the token.
  };

  Error error = Error::kNone;
  std::string message;      // For people, naming host and limit; never a header's value.
  int status = 0;           // 0: no answer's header came.
  HeaderList headers = {};  // Names in lower case, in order.
  std::string body;         // What the callback did not get; of a failed call: what there was.
  bool sent_any = false;    // Some of the request may have reached the peer.

  bool ok() const { return error == Error::kNone; }
  // The first value of a header; empty: none. REQUIRES: `name` is in lower case.
  std::string_view header(std::string_view name) const;
};

struct HttpClientOptions {
  // PEM file of certificate authorities to trust instead of the system's.
  std::string ca_file = {};
  size_t idle_connections_max = 16;
  std::chrono::milliseconds idle_expiry{30'000};  // Then an unused connection is closed.
};

class HttpClient {
 public:
  using OnBody = std::function<bool(std::string_view bytes)>;

  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();  // REQUIRES: no call is running.
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // With `on_body`, the body of an answer with a status of 2xx goes there piece by piece as it comes,
  // and false from it ends the call; other bodies are collected in HttpOutcome::body. A kept connection
  // that turns out to be dead before anything came is replaced once, within the same limits.
  HttpOutcome Call(const HttpRequest& request, const HttpLimits& limits,
                   const OnBody& on_body = {});

  // In a child process; optional, as the next call notices by itself. Closes the child's ends of the
  // parent's connections.
  void AfterFork();

 private:
  class Pool;
  Pool& CurrentPool();

  const HttpClientOptions options_;
  std::atomic<Pool*> pool_;
};

}  // namespace sdk
}  // namespace pitot
