// sdk/net/test_server.h
//
// For tests: a server that does exactly what the test says with each connection, in a thread a
// connection, over TCP or TLS with a certificate that signs itself.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace pitot {

// A self-signed certificate for `names`, as OpenSSL's subjectAltName has them ("DNS:localhost").
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& names) : context_(SSL_CTX_new(TLS_server_method())) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    char path[] = "/tmp/pitot_ca_XXXXXX";
    const int fd = ::mkstemp(path);
    FILE* file = ::fdopen(fd, "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    ca_file_ = path;
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~TestCertificate() {
    std::remove(ca_file_.c_str());
    SSL_CTX_free(context_);
  }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  SSL_CTX* context() const { return context_; }
  const std::string& ca_file() const { return ca_file_; }

 private:
  SSL_CTX* const context_;
  std::string ca_file_;
};

// The server's end of a connection.
class TestPeer {
 public:
  TestPeer(int fd, SSL_CTX* context) : fd_(fd) {
    if (context != nullptr) StartTls(context);
  }
  ~TestPeer() {
    if (ssl_ != nullptr) {
      if (SSL_is_init_finished(ssl_) != 0) SSL_shutdown(ssl_);
      SSL_free(ssl_);
    }
  }
  TestPeer(const TestPeer&) = delete;
  TestPeer& operator=(const TestPeer&) = delete;

  void StartTls(SSL_CTX* context) {
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd_);
    handshaken_ = SSL_accept(ssl_) == 1;
  }
  bool usable() const { return ssl_ == nullptr || handshaken_; }
  std::string server_name() const {
    const char* name =
        ssl_ == nullptr ? nullptr : SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
  }
  int fd() const { return fd_; }

  // A request with its body; "" when the client has left.
  std::string ReadRequest() {
    for (;;) {
      const size_t end = got_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const size_t at = got_.find("Content-Length: ");
        const size_t body = at < end ? std::strtoul(got_.c_str() + at + 16, nullptr, 10) : 0;
        if (got_.size() >= end + 4 + body) {
          std::string request = got_.substr(0, end + 4 + body);
          got_.erase(0, request.size());
          return request;
        }
      }
      char bytes[4096];
      const ssize_t n = Receive(bytes, sizeof(bytes));
      if (n <= 0) return {};
      got_.append(bytes, static_cast<size_t>(n));
    }
  }
  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ssl_ != nullptr
                            ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                            : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  // Reads and drops until the client leaves.
  void AwaitEnd() {
    char bytes[4096];
    while (Receive(bytes, sizeof(bytes)) > 0) continue;
  }
  // TLS ends without saying so.
  void Drop() {
    if (ssl_ != nullptr) SSL_free(std::exchange(ssl_, nullptr));
  }
  // The connection ends with a reset instead of properly.
  void Reset() {
    const linger hard = {1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    Drop();
  }

 private:
  ssize_t Receive(char* to, size_t size) {
    if (ssl_ != nullptr) return SSL_read(ssl_, to, static_cast<int>(size));
    return ::recv(fd_, to, size, 0);
  }

  const int fd_;
  SSL* ssl_ = nullptr;
  bool handshaken_ = false;
  std::string got_;
};

class TestServer {
 public:
  // `serve(peer, n)` handles the n-th connection, from 0; then it is closed.
  using Serve = std::function<void(TestPeer& peer, int n)>;

  explicit TestServer(Serve serve, const TestCertificate* certificate = nullptr,
                      int family = AF_INET)
      : serve_(std::move(serve)),
        context_(certificate == nullptr ? nullptr : certificate->context()),
        fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage address = {};
    address.ss_family = static_cast<sa_family_t>(family);
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (family == AF_INET6) v6->sin6_addr = in6addr_loopback;
    socklen_t bytes = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), bytes) != 0) return;
    ::listen(fd_, 64);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &bytes);
    port_ = ntohs(v4->sin_port);  // At the same place in both.
    thread_ = std::thread([this] { Accept(); });
  }
  ~TestServer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    ::shutdown(fd_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(fd_);
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    return std::string(context_ == nullptr ? "http" : "https") +
           (context_ == nullptr ? "://127.0.0.1:" : "://localhost:") + std::to_string(port_) +
           std::string(path);
  }
  int connections() const { return connections_; }

 private:
  void Accept() {
    std::vector<std::thread> threads;
    for (;;) {
      const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) break;
      const int n = connections_++;
      {
        const std::lock_guard lock(mutex_);
        open_.push_back(fd);
        if (stopping_) ::shutdown(fd, SHUT_RDWR);
      }
      threads.emplace_back([this, fd, n] {
        // OpenSSL's own writes raise it; the client's must not, and its threads do not block it.
        sigset_t pipe;
        ::sigemptyset(&pipe);
        ::sigaddset(&pipe, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
        {
          TestPeer peer(fd, context_);
          if (peer.usable()) serve_(peer, n);
        }
        const std::lock_guard lock(mutex_);
        std::erase(open_, fd);
        ::close(fd);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  const Serve serve_;
  SSL_CTX* const context_;
  const int fd_;
  uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;  // Guarded by mutex_.
  bool stopping_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace pitot
