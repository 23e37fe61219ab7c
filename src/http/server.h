// http/server.h
//
// HTTP/1.0 and 1.1 server: keep-alive, pipelining in order, chunked bodies both ways, HEAD,
// Expect: 100-continue, content codings undone, deadlines against slow peers, bounded memory.
//
// Threads: HttpServer is used by its owner only. Service functions run on the server's I/O threads
// (http/io_thread.h) and must not block; a Responder may be completed from any thread, also after
// the server stopped. On the request's own I/O thread Send, Begin, TryWrite, TryForward and End go
// straight to the socket when nothing is queued: the bytes are on their way when they return.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace pitot {

class Exchange;
class MemoryBudget;

// A reply sent piece by piece. Move-only; one producer at a time, on any thread. Destroyed without
// End(): the connection is cut, so that the peer sees that the reply is incomplete.
class ResponseStream {
 public:
  ~ResponseStream();
  ResponseStream(ResponseStream&&) noexcept = default;
  ResponseStream& operator=(ResponseStream&&) noexcept;

  // Queues `chunk` and empties it. False, `chunk` untouched: HttpServerOptions::stream_bytes are
  // queued already (see OnWritable), or the peer is gone (see connected). Never blocks.
  [[nodiscard]] bool TryWrite(std::string& chunk);

  // As TryWrite for bytes that are somebody else's: on the request's own I/O thread only what the
  // socket does not take at once is copied. All of `piece` is taken, or nothing (false).
  [[nodiscard]] bool TryForward(std::string_view piece);

  // As TryWrite, but waits for room: at most write_timeout without progress, then the connection is
  // cut. kCancelled: the peer is gone; produce no more. Never call it on an I/O thread.
  [[nodiscard]] absl::Status Write(std::string chunk);

  // Calls `callback` once, as soon as there is room or the peer is gone; at once when that holds
  // now; never after End. Runs on an I/O thread or in the caller.
  void OnWritable(std::function<void()> callback);

  bool connected() const;
  size_t queued_bytes() const;

  // The reply is complete.
  void End();

 private:
  friend class Responder;
  explicit ResponseStream(std::shared_ptr<Exchange> exchange);
  std::shared_ptr<Exchange> exchange_;
};

// The duty to answer one request, exactly once. Move-only, any thread. Destroyed without an answer
// it answers 500.
class Responder {
 public:
  explicit Responder(std::shared_ptr<Exchange> exchange);  // For the server.
  ~Responder();
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) noexcept;

  void Send(HttpResponse response);

  // Sends the head (`head.body` is the first piece); the rest follows through the stream.
  ResponseStream Begin(HttpResponse head);

  // Calls `callback` once if the peer goes away (closes or resets), at once also while the handler
  // waits for something; never after Send or ResponseStream::End. Runs on the request's I/O thread,
  // or here when the peer has gone already. Set before Send or Begin.
  void OnDisconnect(std::function<void()> callback);
  bool connected() const;

 private:
  std::shared_ptr<Exchange> exchange_;
};

// What may be decided on a request's head, before its body is read.
struct Admission {
  std::optional<HttpResponse> answer;  // Set: sent instead of reading the body.
  int64_t body_bytes = 0;     // Limit of the body, compressed and inflated; starts as the server's.
  bool decode_body = true;    // False: leave Content-Encoding alone.
  HttpHeaders reply_headers;  // Added to whatever reply follows.
  // What the body's memory is taken from, instead of the server's. It is held until the reply is done.
  std::shared_ptr<MemoryBudget> memory;
};

struct HttpService {
  // Optional. The request has no body yet.
  std::function<void(HttpRequest& head, Admission& admission)> admit;

  std::function<void(HttpRequest request, Responder responder)> handle;

  // Optional: how a refusal by the server itself looks (400, 408, 413, 415, 431, 500, 501, 503).
  // For 400 and 431 the head may be incomplete. Default: ErrorResponse. Also the place to count.
  std::function<HttpResponse(const HttpRequest& head, int status, std::string_view message)> refuse;
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // An IP address or "localhost".
  uint16_t port = 0;                  // 0: a free one; see HttpServer::port().
  int io_threads = 1;

  int64_t header_bytes = 64 << 10;  // limits.header_bytes; more: 431, connection closed.
  int64_t body_bytes = 64 << 20;    // limits.request_bytes, compressed and inflated; more: 413.
  int64_t connections = 4096;       // limits.connections; further ones are closed at once.

  // limits.inflight_bytes, may be shared by several listeners. A body that finds no room within
  // `memory_wait` is refused: 503 with Retry-After. Null: a budget of 192 MiB of its own.
  std::shared_ptr<MemoryBudget> memory;
  std::chrono::milliseconds memory_wait{500};

  // A connection without a request, a head that does not come to its end, a pause inside a body, a
  // peer that reads nothing. A body must also average `body_rate_min` after its first body_timeout,
  // so that a trickle cannot hold memory.
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{20'000};
  std::chrono::milliseconds write_timeout{30'000};
  int64_t body_rate_min = 8 << 10;  // Bytes a second.

  // Bytes queued in a streamed reply before producers wait.
  size_t stream_bytes = 256 << 10;
};

class HttpServer {
 public:
  // Binds and listens; kUnavailable or kInvalidArgument names address and port.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Open(HttpServerOptions options,
                                                          HttpService service);
  // Stops, cutting what is in flight.
  ~HttpServer();

  // Accepts from now on.
  void Start();

  uint16_t port() const;
  int64_t connections() const;  // Open now.

  // Takes no more connections or requests, lets those in flight finish for up to `drain`, then cuts
  // them, and joins the I/O threads. Safe to call twice.
  void Stop(std::chrono::milliseconds drain);

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
