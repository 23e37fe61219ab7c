#include "sdk/testing/tls.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <climits>
#include <stdexcept>

namespace pitot {
inline namespace sdk {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

class PlainTransport : public Transport {
 public:
  explicit PlainTransport(int fd) : fd_(fd) {}

  bool Handshake() override { return true; }
  long Read(char* bytes, size_t size) override { return ::recv(fd_, bytes, size, 0); }
  bool Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void EndWrites() override { ::shutdown(fd_, SHUT_WR); }

 private:
  const int fd_;
};

// The threads that use it have SIGPIPE blocked: OpenSSL cannot be told to write without it.
class TlsTransport : public Transport {
 public:
  TlsTransport(SSL_CTX* context, int fd) : fd_(fd), ssl_(::SSL_new(context)) {
    ::SSL_set_fd(ssl_.get(), fd);
  }

  bool Handshake() override { return ::SSL_accept(ssl_.get()) == 1; }
  long Read(char* bytes, size_t size) override {
    return ::SSL_read(ssl_.get(), bytes, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  }
  bool Write(std::string_view bytes) override {
    if (bytes.empty()) return true;
    size_t written = 0;
    return ::SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) == 1;
  }
  void EndWrites() override {
    ::SSL_shutdown(ssl_.get());
    ::shutdown(fd_, SHUT_WR);
  }

 private:
  const int fd_;
  const std::unique_ptr<SSL, Free<SSL_free>> ssl_;
};

void Extend(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(
      ::X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  if (!extension || ::X509_add_ext(certificate, extension.get(), -1) != 1) {
    throw std::runtime_error(std::string("cannot make a certificate: extension ") + value);
  }
}

Certificate SelfSigned(EVP_PKEY* key) {
  constexpr long kVersion3 = 2;
  constexpr long kTenYearsSeconds = 10L * 365 * 24 * 3600;
  constexpr long kAnHourSeconds = 3600;
  Certificate certificate(::X509_new());
  X509* const x509 = certificate.get();
  ::X509_set_version(x509, kVersion3);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(x509), 1);
  ::X509_gmtime_adj(::X509_getm_notBefore(x509), -kAnHourSeconds);
  ::X509_gmtime_adj(::X509_getm_notAfter(x509), kTenYearsSeconds);
  ::X509_set_pubkey(x509, key);
  X509_NAME* const name = ::X509_get_subject_name(x509);
  ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("pitot scripted provider"),
                               -1, -1, 0);
  ::X509_set_issuer_name(x509, name);
  Extend(x509, NID_basic_constraints, "critical,CA:TRUE");
  Extend(x509, NID_key_usage, "critical,digitalSignature,keyCertSign");
  Extend(x509, NID_ext_key_usage, "serverAuth");
  Extend(x509, NID_subject_key_identifier, "hash");
  Extend(x509, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  if (::X509_sign(x509, key, ::EVP_sha256()) == 0) {
    throw std::runtime_error("cannot sign a certificate");
  }
  return certificate;
}

std::string Pem(X509* certificate) {
  const std::unique_ptr<BIO, Free<BIO_free_all>> memory(::BIO_new(::BIO_s_mem()));
  ::PEM_write_bio_X509(memory.get(), certificate);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

}  // namespace

std::unique_ptr<Transport> MakePlainTransport(int fd) {
  return std::make_unique<PlainTransport>(fd);
}

struct TlsServer::Context {
  std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> ssl{::SSL_CTX_new(::TLS_server_method())};
};

TlsServer::TlsServer() : context_(std::make_unique<Context>()) {
  const Key key(EVP_EC_gen("P-256"));
  SSL_CTX* const ssl = context_->ssl.get();
  if (!key || ssl == nullptr) throw std::runtime_error("cannot make a key for TLS");
  const Certificate certificate = SelfSigned(key.get());
  pem_ = Pem(certificate.get());
  if (::SSL_CTX_use_certificate(ssl, certificate.get()) != 1 ||
      ::SSL_CTX_use_PrivateKey(ssl, key.get()) != 1) {
    throw std::runtime_error("cannot use the certificate that was made");
  }
}

TlsServer::~TlsServer() = default;

std::unique_ptr<Transport> TlsServer::Accept(int fd) {
  return std::make_unique<TlsTransport>(context_->ssl.get(), fd);
}

}  // namespace sdk
}  // namespace pitot
