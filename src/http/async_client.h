// http/async_client.h
//
// HTTP/1.1 client for http and https that runs on a server's I/O threads and never blocks one: for
// calls that are answered while they still come, in thousands at once. Kept connections, deadlines
// for each stage, back-pressure, and an end at once when nobody wants the answer any more.
// Certificates are always verified. Redirects are not followed, content codings are not undone.
//
// Thread-safety: AsyncClient may be used on any I/O thread; a call belongs to the thread that
// started it. Kept connections are per thread: no locks.
// Errors (AsyncEnd::status; the message names host and port):
//         kUnavailable        no address, no connection, or it broke.
//         kDeadlineExceeded   one of the timeouts passed; the message says which.
//         kFailedPrecondition the server's certificate was not accepted, or ca_file not readable.
//         kInvalidArgument    a header is malformed.
//         kOutOfRange         the answer's head is over 256 KiB.
//         kDataLoss           the answer is not HTTP, or the connection ended inside it.
// Any HTTP status is an OK call: the caller judges it.
#pragma once

#include <absl/status/status.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/headers.h"
#include "http/url.h"

namespace pitot {

// How far a call came.
enum class CallStage {
  kConnect,  // Nothing was sent.
  kSend,     // Part of the request may have been sent.
  kHead,     // The request was sent; no head of an answer came.
  kBody,     // The head came.
  kDone,     // All of it.
};

struct AsyncCall {
  std::string method = "POST";
  Url url;  // With the target.
  // Sent verbatim, in order, names as written. Host (unless given) and Content-Length are added;
  // Connection, Transfer-Encoding and Content-Length given here are left out.
  HttpHeaders headers;
  std::shared_ptr<const std::string> body;  // May be null. Shared, so that a retry copies nothing.

  // Deadlines are kept to within 50 ms.
  std::chrono::milliseconds connect_timeout{10'000};      // Name, connection and TLS.
  std::chrono::milliseconds first_byte_timeout{120'000};  // From the request sent to the head.
  // Between bytes of the answer, and of the request while it is being sent. Stands still while the
  // call is paused.
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds total_timeout{600'000};
};

struct AsyncHead {
  int status = 0;
  std::string reason;
  HttpHeaders headers;
  std::optional<uint64_t> content_length;
};

struct AsyncEnd {
  absl::Status status;
  CallStage stage = CallStage::kConnect;
  bool reused = false;  // It ran on a kept connection.
};

// Receives an answer on the thread of its call, never inside AsyncClient::Start. Each function may
// cancel the call (destroy the RunningCall) or start others.
class AsyncHandler {
 public:
  virtual ~AsyncHandler() = default;

  // Once, for the final answer; 1xx ones are skipped.
  virtual void OnHead(AsyncHead head) = 0;
  // A piece of the body as it came, transfer coding undone. Valid inside the call only.
  virtual void OnData(std::string_view piece) = 0;
  // Exactly once and last, unless the call is cancelled: then never.
  virtual void OnEnd(const AsyncEnd& end) = 0;
};

// The handle of one call. Used on its thread only, or once that has stopped.
class RunningCall {
 public:
  // Cancels: an unfinished call's connection is closed before this returns, no callback follows.
  virtual ~RunningCall() = default;

  // Back-pressure: no OnData, and no OnEnd after an answer came in whole, until Resume. What the
  // kernel buffers apart, at most one read of bytes is held meanwhile. OnData after Resume comes
  // later, never inside it.
  virtual void Pause() = 0;
  virtual void Resume() = 0;
};

class AsyncClient {
 public:
  struct Options {
    std::string ca_file;           // PEM; empty: the system's certificates.
    size_t idle_connections = 64;  // Kept per host and thread.
    std::chrono::milliseconds idle_time{30'000};
    std::chrono::milliseconds names_kept{30'000};  // Addresses of a host.
  };

  // Outlives the servers on whose threads it is used, or at least their Stop().
  explicit AsyncClient(Options options);
  ~AsyncClient();

  // On an I/O thread (IoThread::Current() != null). `handler` must live until its OnEnd or until the
  // RunningCall is destroyed.
  //
  // A kept connection that turns out to be closed costs a second connection, not an error, where
  // sending again is safe (RFC 9110, 9.2.2): the method is idempotent, or the peer closed in order and
  // never acknowledged a byte of the request. At most once a call.
  std::unique_ptr<RunningCall> Start(AsyncCall call, AsyncHandler& handler);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
