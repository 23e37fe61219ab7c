// http/client/tls.h
//
// Internal to http/: TLS as a pure transformation of bytes; the socket is somebody else's.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <openssl/ssl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace pitot {

// Of a client: verifies certificates against `ca_file` (PEM), or the system's when that is empty.
// kFailedPrecondition: they could not be read. May be shared by threads.
absl::StatusOr<std::shared_ptr<SSL_CTX>> MakeTlsContext(const std::string& ca_file);

// The client's end of one connection. Not thread-safe. After an error it is of no more use.
class TlsSession {
 public:
  // `host` is the name or the address that the certificate must be for.
  TlsSession(SSL_CTX& context, const std::string& host);

  // Bytes that came from the peer.
  void Received(std::string_view bytes);
  // Appends what must be sent to the peer.
  void TakeOutput(std::string& out);

  // True once the handshake is over. kFailedPrecondition: the certificate was not accepted;
  // kUnavailable: anything else.
  absl::StatusOr<bool> Handshake();
  // Plain bytes that came; 0: none now, or see ended().
  absl::StatusOr<size_t> Read(std::span<char> space);
  bool ended() const { return ended_; }  // The peer said goodbye.
  // REQUIRES: the handshake is over.
  absl::Status Write(std::string_view bytes);

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
  BIO* in_;   // Owned by ssl_.
  BIO* out_;  // Owned by ssl_.
  bool ended_ = false;
};

}  // namespace pitot
