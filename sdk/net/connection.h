// sdk/net/connection.h
//
// A TCP connection, with TLS or without, whose every wait is under a call's limits.
// Thread-safety: one thread at a time. Ownership: the socket; closed with it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/net/bounds.h"
#include "sdk/net/resolve.h"
#include "sdk/net/tls.h"

namespace pitot {
inline namespace sdk {

class Connection {
 public:
  Connection() = default;
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The next address is tried as soon as one refuses, and beside it when it has not answered for
  // 250 ms (RFC 8305); the first that answers is taken.
  Failure Connect(const std::string& host, uint16_t port, CallBounds& bounds);
  Failure StartTls(SSL_CTX* context, const std::string& host, CallBounds& bounds);

  // All of it. `*sent_any` becomes true once some may have gone out.
  Failure Write(std::string_view bytes, CallBounds& bounds, bool* sent_any);
  // 0 bytes: the peer has closed.
  Failure Read(char* to, size_t bytes_max, CallBounds& bounds, size_t* done);

  // Nothing has come since the last answer: neither an end nor bytes nobody asked for.
  bool QuietNow() const;
  // After a fork, in the child: closes its end without a word to the peer.
  void Abandon();

 private:
  struct Attempt;

  Failure Race(const std::vector<Address>& addresses, CallBounds& bounds);

  int fd_ = -1;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace sdk
}  // namespace pitot
