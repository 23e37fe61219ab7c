// http/client/connector.h
//
// Internal to http/: a connection to one of several addresses, the first that answers. The next is
// tried when one fails, or beside it when it takes long (RFC 8305, "Happy Eyeballs").
#pragma once

#include <absl/status/status.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pitot {

// Used on the thread of its context.
class Connector : public std::enable_shared_from_this<Connector> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  // An OK status comes with a connected socket. kUnavailable names the host and the last error.
  using Done = std::function<void(const absl::Status&, Socket)>;

  // REQUIRES: at least one endpoint. `name` is for messages.
  Connector(boost::asio::io_context& context, std::vector<boost::asio::ip::tcp::endpoint> endpoints,
            std::string name, Done done);

  void Start() { Try(); }
  void Cancel();  // Closes all; `done` will not be called.

 private:
  using ErrorCode = boost::system::error_code;

  void Try();  // The next address.
  void Tried(size_t attempt, const ErrorCode& error);

  boost::asio::io_context& context_;
  const std::vector<boost::asio::ip::tcp::endpoint> endpoints_;
  const std::string name_;
  Done done_;  // Null once it was called or cancelled.
  std::vector<Socket> attempts_;
  size_t failed_ = 0;
  boost::asio::steady_timer patience_;
};

}  // namespace pitot
