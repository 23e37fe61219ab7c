// http/test_listener.h
//
// For tests: a server that does exactly what the test says with each connection it accepts, in
// threads of its own: one connection after another, or all at once.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pitot {

class TestListener {
 public:
  // `serve(fd, n)` handles the n-th connection; the descriptor is closed after it. With `at_once`
  // each connection has a thread.
  explicit TestListener(std::function<void(int fd, int n)> serve, bool at_once = false)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(fd_, 16);
    socklen_t bytes = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &bytes);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, at_once, serve = std::move(serve)] {
      std::vector<std::jthread> threads;
      for (int n = 0;; ++n) {
        const int fd = ::accept(fd_, nullptr, nullptr);
        if (fd < 0) return;
        const auto one = [&serve, fd, n] {
          serve(fd, n);
          ::close(fd);
        };
        if (at_once) {
          threads.emplace_back(one);
        } else {
          one();
        }
      }
    });
  }
  ~TestListener() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  TestListener(const TestListener&) = delete;
  TestListener& operator=(const TestListener&) = delete;

  uint16_t port() const { return port_; }

  // Reads up to the end of a request's head and `body_bytes` behind it; "" when the peer left.
  static std::string ReadRequest(int fd, size_t body_bytes = 0) {
    std::string got;
    char bytes[4096];
    for (;;) {
      const size_t end = got.find("\r\n\r\n");
      if (end != std::string::npos && got.size() >= end + 4 + body_bytes) return got;
      const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
      if (n <= 0) return {};
      got.append(bytes, static_cast<size_t>(n));
    }
  }
  static void Send(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  // Blocks until the peer closes.
  static void AwaitClose(int fd) {
    char bytes[4096];
    while (::recv(fd, bytes, sizeof bytes, 0) > 0) {
    }
  }

 private:
  int fd_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace pitot
