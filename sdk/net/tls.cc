#include "sdk/net/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace pitot {
inline namespace sdk {
namespace {

using Error = HttpOutcome::Error;

bool IsAddress(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

// The last error of OpenSSL in words; none is left behind, as the program may use OpenSSL too.
std::string TakeError() {
  const unsigned long code = ::ERR_peek_last_error();
  ::ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

// A socket BIO whose writes raise no SIGPIPE.
int FdOf(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(::BIO_get_data(bio))); }

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int BioWrite(BIO* bio, const char* bytes, int size) {
  ::BIO_clear_retry_flags(bio);
  const ssize_t done = ::send(FdOf(bio), bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (done < 0 && WouldBlock()) ::BIO_set_retry_write(bio);
  return static_cast<int>(done);
}

int BioRead(BIO* bio, char* to, int size) {
  ::BIO_clear_retry_flags(bio);
  const ssize_t done = ::recv(FdOf(bio), to, static_cast<size_t>(size), 0);
  if (done < 0 && WouldBlock()) ::BIO_set_retry_read(bio);
  return static_cast<int>(done);
}

long BioControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* SocketMethod() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (made == nullptr) return made;
    ::BIO_meth_set_write(made, BioWrite);
    ::BIO_meth_set_read(made, BioRead);
    ::BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

BIO* NewSocketBio(int fd) {
  BIO_METHOD* method = SocketMethod();
  BIO* bio = method == nullptr ? nullptr : ::BIO_new(method);
  if (bio == nullptr) return nullptr;
  ::BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
  ::BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

SslContext NewTlsContext(const std::string& ca_file, std::string* why) {
  SslContext context(::SSL_CTX_new(::TLS_client_method()));
  if (context == nullptr) {
    *why = "OpenSSL: " + TakeError();
    return nullptr;
  }
  ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  ::SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
  constexpr unsigned char kProtocols[] = "\x08http/1.1";
  ::SSL_CTX_set_alpn_protos(context.get(), kProtocols, sizeof(kProtocols) - 1);
  const int loaded = ca_file.empty() ? ::SSL_CTX_set_default_verify_paths(context.get())
                                     : ::SSL_CTX_load_verify_file(context.get(), ca_file.c_str());
  if (loaded != 1) {
    *why = ca_file.empty() ? "the system's certificate store: " + TakeError()
                           : "the certificates in '" + ca_file + "': " + TakeError();
    return nullptr;
  }
  ::ERR_clear_error();
  return context;
}

TlsSession::TlsSession(SSL_CTX* context, int fd, const std::string& host)
    : ssl_(::SSL_new(context)), fd_(fd), host_(host) {
  BIO* bio = ssl_ == nullptr ? nullptr : NewSocketBio(fd);
  if (bio == nullptr) {
    ssl_.reset();
    return;
  }
  ::SSL_set_bio(ssl_.get(), bio, bio);
  ::SSL_set_connect_state(ssl_.get());
  ::SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // An address is looked for among the certificate's addresses, and is never sent as a name.
  const bool set = IsAddress(host) ? ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl_.get()),
                                                                     host.c_str()) == 1
                                   : ::SSL_set1_host(ssl_.get(), host.c_str()) == 1 &&
                                         ::SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1;
  if (!set) ssl_.reset();
  ::ERR_clear_error();
}

// What to do after a call that did not succeed: wait and do it again, or give up.
Failure TlsSession::Step(int result, CallBounds& bounds, bool* again) {
  const int system_error = errno;
  *again = false;
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      *again = true;
      return bounds.Wait(fd_, POLLIN);
    case SSL_ERROR_WANT_WRITE:
      *again = true;
      return bounds.Wait(fd_, POLLOUT);
    case SSL_ERROR_ZERO_RETURN:
      return {};
    case SSL_ERROR_SYSCALL:
      ::ERR_clear_error();
      return {Error::kClosed, "the connection to " + bounds.peer() + " broke: " +
                                  (system_error == 0 ? "closed" : std::strerror(system_error))};
    default:
      return {Error::kClosed, "the connection to " + bounds.peer() + " broke: " + TakeError()};
  }
}

Failure TlsSession::HandshakeFailure(const Failure& failure) const {
  const long verified = ::SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    return {Error::kTls, "the certificate of '" + host_ +
                             "' is not trusted: " + ::X509_verify_cert_error_string(verified)};
  }
  return {Error::kTls, "TLS with '" + host_ + "': " + failure.message};
}

Failure TlsSession::Handshake(CallBounds& bounds) {
  if (ssl_ == nullptr) return {Error::kTls, "'" + host_ + "' is not a name TLS can be used with"};
  for (;;) {
    ::ERR_clear_error();
    errno = 0;
    const int result = ::SSL_connect(ssl_.get());
    if (result == 1) return {};
    bool again = false;
    Failure failure = Step(result, bounds, &again);
    if (again && failure.ok()) continue;
    if (again) return failure;
    if (failure.ok()) failure.message = "closed by the peer";
    return HandshakeFailure(failure);
  }
}

Failure TlsSession::Write(std::string_view bytes, CallBounds& bounds, size_t* done) {
  for (;;) {
    ::ERR_clear_error();
    errno = 0;
    const int result = ::SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), done);
    if (result == 1) return {};
    bool again = false;
    Failure failure = Step(result, bounds, &again);
    if (!failure.ok()) return failure;
    if (!again) return {Error::kClosed, "the connection to " + bounds.peer() + " was closed"};
  }
}

Failure TlsSession::Read(char* to, size_t bytes_max, CallBounds& bounds, size_t* done) {
  *done = 0;
  for (;;) {
    ::ERR_clear_error();
    errno = 0;
    const int result = ::SSL_read_ex(ssl_.get(), to, bytes_max, done);
    if (result == 1) return {};
    *done = 0;
    bool again = false;
    Failure failure = Step(result, bounds, &again);
    if (!failure.ok() || !again) return failure;
  }
}

void TlsSession::Close() {
  if (ssl_ == nullptr || ::SSL_is_init_finished(ssl_.get()) == 0) return;
  ::SSL_shutdown(ssl_.get());
  ::ERR_clear_error();
}

}  // namespace sdk
}  // namespace pitot
