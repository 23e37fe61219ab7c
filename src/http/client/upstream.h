// http/client/upstream.h
//
// Internal to http/: one connection of the asynchronous client, plain or TLS. It outlives the calls
// that use it. Between calls it reads on: a peer that closes is seen at once.
#pragma once

#include <absl/status/status.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/client/tls.h"
#include "http/read_buffer.h"

namespace pitot {

// Used on the thread of its socket.
class Upstream : public std::enable_shared_from_this<Upstream> {
 public:
  // Whoever uses the connection now. Functions are called from the event loop, or from inside Send
  // (OnProgress and OnSent only).
  class User {
   public:
    virtual ~User() = default;
    virtual void OnSecured() = 0;   // TLS is established.
    virtual void OnProgress() = 0;  // A part of the request went out.
    virtual void OnSent(bool ok) = 0;
    virtual void OnBytes() = 0;  // buffer() holds more. Read() must be called for the next.
    // No more bytes will come. OK: the peer ended its side; what came before is in buffer().
    virtual void OnClosed(const absl::Status& status) = 0;
  };

  Upstream(boost::asio::ip::tcp::socket socket, std::string name)
      : name_(std::move(name)), socket_(std::move(socket)) {}

  void SetUser(User* user) { user_ = user; }

  // `host` is whom the certificate must name.
  void StartTls(SSL_CTX& context, const std::string& host);
  // What the socket takes now is sent before this returns. One at a time.
  void Send(std::string head, std::shared_ptr<const std::string> body);
  // Reads once, unless a read is under way.
  void Read();
  void Close();

  ReadBuffer& buffer() { return buffer_; }
  bool open() const { return socket_.is_open(); }
  bool sending() const { return sending_; }
  // Nothing came in since the last call.
  bool Quiet() const;
  // The end that came was one of TLS itself, not only of the connection. True without TLS.
  bool ended_cleanly() const { return !tls_.has_value() || tls_->ended(); }
  // The peer's kernel provably took no byte of what the last Send sent.
  bool NothingAcknowledged();

 private:
  using ErrorCode = boost::system::error_code;

  bool NextPieces();  // Fills rest_; false when all was sent.
  void Flush();
  void OnRead(const ErrorCode& error, size_t bytes);
  void ReadTls(size_t bytes);
  void Handshake();
  void Closed(absl::Status status);

  const std::string name_;  // "host:port", for messages.
  boost::asio::ip::tcp::socket socket_;
  User* user_ = nullptr;  // Null between calls.

  std::optional<TlsSession> tls_;
  bool secured_ = false;
  std::unique_ptr<std::array<char, 16 << 10>> raw_;  // TLS: what came from the socket.
  std::string out_;                                  // TLS: what goes to it.

  ReadBuffer buffer_{16 << 10};
  size_t read_bytes_ = 16 << 10;
  bool reading_ = false;
  bool closed_ = false;

  std::string head_;
  std::shared_ptr<const std::string> body_;
  size_t body_sent_ = 0;  // TLS: encrypted so far.
  std::array<std::string_view, 2> rest_;
  bool sending_ = false;
  uint64_t sent_bytes_ = 0;
  uint64_t sent_before_ = 0;  // The last Send.
};

}  // namespace pitot
