#include "http/client/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>

#include "base/status.h"

namespace pitot {
namespace {

std::string LastError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the connection broke";
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : text;
}

}  // namespace

absl::StatusOr<std::shared_ptr<SSL_CTX>> MakeTlsContext(const std::string& ca_file) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (context == nullptr) return Internal("TLS: {}", LastError());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  // Whether a close without a goodbye cut an answer is judged by the answer's framing.
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.get(), kHttp11, sizeof kHttp11 - 1);
  const int loaded = ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context.get())
                         : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
  if (loaded != 1) {
    return Error(absl::StatusCode::kFailedPrecondition, "cannot read certificates {}: {}", ca_file,
                 LastError());
  }
  return context;
}

TlsSession::TlsSession(SSL_CTX& context, const std::string& host)
    : ssl_(SSL_new(&context)), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
  BIO_set_mem_eof_return(in_, -1);
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_connect_state(ssl_.get());
  boost::system::error_code no_address;
  boost::asio::ip::make_address(host, no_address);
  if (no_address) {
    SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
    SSL_set1_host(ssl_.get(), host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str());
  }
}

void TlsSession::Received(std::string_view bytes) {
  BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
}

void TlsSession::TakeOutput(std::string& out) {
  const size_t pending = BIO_ctrl_pending(out_);
  if (pending == 0) return;
  const size_t held = out.size();
  out.resize(held + pending);
  BIO_read(out_, out.data() + held, static_cast<int>(pending));
}

absl::StatusOr<bool> TlsSession::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return true;
  const int why = SSL_get_error(ssl_.get(), result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return false;
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    ERR_clear_error();
    return Error(absl::StatusCode::kFailedPrecondition, "the certificate was not accepted: {}",
                 X509_verify_cert_error_string(verified));
  }
  return Unavailable("{}", LastError());
}

absl::StatusOr<size_t> TlsSession::Read(std::span<char> space) {
  ERR_clear_error();
  const int got = SSL_read(ssl_.get(), space.data(), static_cast<int>(space.size()));
  if (got > 0) return static_cast<size_t>(got);
  const int why = SSL_get_error(ssl_.get(), got);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
  if (why == SSL_ERROR_ZERO_RETURN) {
    ended_ = true;
    return 0;
  }
  return Unavailable("TLS: {}", LastError());
}

absl::Status TlsSession::Write(std::string_view bytes) {
  ERR_clear_error();
  // Into memory: all of it, or an error. A key update asked for by the peer needs no answer first.
  const int put = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (put == static_cast<int>(bytes.size())) return absl::OkStatus();
  return Unavailable("TLS: {}", LastError());
}

}  // namespace pitot
