// http/client/client_connection.h
//
// Internal to http/: one connection of the client, driven by the thread that uses it.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "http/url.h"

namespace pitot {

// Not thread-safe, but may move between threads between calls. An error ends the connection.
class ClientConnection {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  explicit ClientConnection(const Url& url) : name_(url.Authority()), socket_(*context_) {}

  // From now on operations end with kCancelled once `cancel` is; null: they do not.
  void SetCancel(CancelTokenPtr cancel) { cancel_ = std::move(cancel); }

  absl::Status Connect(const Url& url, boost::asio::ssl::context& tls, SteadyTime deadline);
  absl::Status Write(std::array<std::string_view, 2> pieces, SteadyTime deadline);
  // 0: the peer closed.
  absl::StatusOr<size_t> Read(std::span<char> space, SteadyTime deadline);

  // Between requests: nothing has come in, not even the end.
  bool Quiet() const;

 private:
  using ErrorCode = boost::system::error_code;
  using Done = std::function<void(const ErrorCode&, size_t)>;

  bool cancelled() const { return cancel_ != nullptr && cancel_->cancelled(); }

  // Starts an operation with a completion handler and runs it to its end, to the deadline or until
  // it is cancelled.
  absl::StatusOr<size_t> Run(std::string_view what, SteadyTime deadline, ErrorCode& error,
                             const std::function<void(Done)>& start);

  const std::string name_;  // "host:port", for messages.
  // A context of its own: the calling thread is the event loop, so a deadline needs no other thread.
  // Shared with a cancellation that may still be waking it up.
  std::shared_ptr<boost::asio::io_context> context_ = std::make_shared<boost::asio::io_context>(1);
  CancelTokenPtr cancel_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
};

}  // namespace pitot
