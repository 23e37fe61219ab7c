// sdk/net/tls.h
//
// OpenSSL, as far as a client needs it: TLS 1.2 and later, the peer's certificate and host name
// checked.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "sdk/net/bounds.h"

namespace pitot {
inline namespace sdk {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

// `ca_file` empty: the system's store. Null, with *why set: it cannot be read.
SslContext NewTlsContext(const std::string& ca_file, std::string* why);

// TLS over a connected, non-blocking socket that it does not own.
// Thread-safety: one thread at a time.
class TlsSession {
 public:
  // `host`: a name or an address that the certificate must be for.
  TlsSession(SSL_CTX* context, int fd, const std::string& host);

  Failure Handshake(CallBounds& bounds);
  // `*done` bytes, at least 1.
  Failure Write(std::string_view bytes, CallBounds& bounds, size_t* done);
  // 0 bytes: the peer ended the session properly.
  Failure Read(char* to, size_t bytes_max, CallBounds& bounds, size_t* done);
  // Bytes may be read although the socket is not readable.
  bool pending() const { return ssl_ != nullptr && ::SSL_pending(ssl_.get()) > 0; }
  // Tells the peer that nothing follows, if that takes no waiting.
  void Close();

 private:
  struct SslDeleter {
    void operator()(SSL* ssl) const { ::SSL_free(ssl); }
  };

  Failure Step(int result, CallBounds& bounds, bool* again);
  Failure HandshakeFailure(const Failure& failure) const;

  std::unique_ptr<SSL, SslDeleter> ssl_;
  const int fd_;
  const std::string host_;
};

}  // namespace sdk
}  // namespace pitot
