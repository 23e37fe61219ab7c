// sdk/testing/tls.h
//
// The two ways bytes come and go on an accepted connection: plain and by TLS, with a certificate made at
// the start. Thread-safety: a Transport belongs to one thread; TlsServer may be used by any.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace pitot {
inline namespace sdk {

class Transport {
 public:
  virtual ~Transport() = default;
  // False: there will be no connection.
  virtual bool Handshake() = 0;
  // Bytes read; 0 or less: the peer ended, or the connection broke.
  virtual long Read(char* bytes, size_t size) = 0;
  // False: the peer is gone.
  virtual bool Write(std::string_view bytes) = 0;
  // Says that nothing more will be written.
  virtual void EndWrites() = 0;
};

std::unique_ptr<Transport> MakePlainTransport(int fd);

class TlsServer {
 public:
  // A key and a self-signed certificate for localhost and 127.0.0.1, valid for ten years. Throws
  // std::runtime_error.
  TlsServer();
  ~TlsServer();
  const std::string& certificate_pem() const { return pem_; }
  // Borrows `fd`.
  std::unique_ptr<Transport> Accept(int fd);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::string pem_;
};

}  // namespace sdk
}  // namespace pitot
