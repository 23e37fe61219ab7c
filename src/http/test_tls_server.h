// http/test_tls_server.h
//
// For tests: a TLS server with a certificate for "localhost" that signs itself. It answers every
// read with the same reply, unless the test says otherwise.
#pragma once

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/test_listener.h"

namespace pitot {

class TestTlsServer {
 public:
  using Serve = std::function<void(SSL* ssl)>;

  using Greet = std::function<void(int fd)>;

  // `serve` runs after the handshake; null: every read is answered with "secret". `greet` runs before
  // it, for protocols that begin without TLS.
  explicit TestTlsServer(Serve serve = nullptr, Greet greet = nullptr)
      : serve_(std::move(serve)),
        greet_(std::move(greet)),
        context_(SSL_CTX_new(TLS_server_method())) {
    key_ = EVP_RSA_gen(2048);
    certificate_ = X509_new();
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_NAME* name = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate_, name);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate_, names, -1);
    X509_EXTENSION_free(names);
    X509_set_pubkey(certificate_, key_);
    X509_sign(certificate_, key_, EVP_sha256());
    SSL_CTX_use_certificate(context_, certificate_);
    SSL_CTX_use_PrivateKey(context_, key_);
    ca_file_ = std::filesystem::temp_directory_path() /
               fmt::format("pitot_ca_{}_{}.pem", ::getpid(), static_cast<void*>(this));
    FILE* file = std::fopen(ca_file_.c_str(), "w");
    PEM_write_X509(file, certificate_);
    std::fclose(file);
    listener_ = std::make_unique<TestListener>([this](int fd, int) { Accept(fd); });
  }
  ~TestTlsServer() {
    listener_.reset();
    std::filesystem::remove(ca_file_);
    X509_free(certificate_);
    EVP_PKEY_free(key_);
    SSL_CTX_free(context_);
  }
  TestTlsServer(const TestTlsServer&) = delete;
  TestTlsServer& operator=(const TestTlsServer&) = delete;

  std::string ca_file() const { return ca_file_; }
  uint16_t port() const { return listener_->port(); }

 private:
  void Accept(int fd) {
    if (greet_ != nullptr) greet_(fd);
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
      if (serve_ != nullptr) {
        serve_(ssl);
      } else {
        char bytes[4096];
        while (SSL_read(ssl, bytes, sizeof bytes) > 0) {
          const std::string_view reply = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
          SSL_write(ssl, reply.data(), static_cast<int>(reply.size()));
        }
      }
    }
    SSL_free(ssl);
  }

  const Serve serve_;
  const Greet greet_;
  SSL_CTX* const context_;
  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
  std::filesystem::path ca_file_;
  std::unique_ptr<TestListener> listener_;
};

}  // namespace pitot
