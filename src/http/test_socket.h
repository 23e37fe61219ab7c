// http/test_socket.h
//
// For tests: a plain blocking socket that sends exactly the bytes it is told to, and reads replies
// as a picky client would.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "http/headers.h"

namespace pitot {

struct RawReply {
  int status = 0;  // 0: the connection ended before a whole reply.
  HttpHeaders headers;
  std::string body;
};

class TestSocket {
 public:
  explicit TestSocket(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~TestSocket() { Close(); }
  TestSocket(const TestSocket&) = delete;
  TestSocket& operator=(const TestSocket&) = delete;

  bool connected() const { return connected_; }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  // False when the peer closed meanwhile.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // The next reply; interim 1xx ones are returned like others. `head_request`: it has no body.
  RawReply Read(bool head_request = false) {
    RawReply reply;
    size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!More()) return {};
    }
    const std::string head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    const int status = std::atoi(head.c_str() + sizeof("HTTP/1.1 ") - 1);
    for (size_t at = head.find("\r\n") + 2; at < head.size();) {
      const size_t eol = head.find("\r\n", at);
      const std::string_view line = std::string_view(head).substr(at, eol - at);
      const size_t colon = line.find(':');
      reply.headers.Add(line.substr(0, colon), TrimOws(line.substr(colon + 1)));
      at = eol + 2;
    }
    reply.status = status;
    if (head_request || status == 204 || status == 304 || status < 200) return reply;
    if (EqualsIgnoreCase(reply.headers.Get("transfer-encoding"), "chunked")) {
      if (!ReadChunks(reply.body)) reply.status = 0;
    } else if (const auto length = reply.headers.Find("content-length")) {
      const size_t bytes = std::strtoull(std::string(*length).c_str(), nullptr, 10);
      while (buffer_.size() < bytes) {
        if (!More()) return {};
      }
      reply.body = buffer_.substr(0, bytes);
      buffer_.erase(0, bytes);
    } else {
      while (More()) {
      }
      reply.body = std::exchange(buffer_, {});
    }
    return reply;
  }

  RawReply Ask(std::string_view bytes) {
    Send(bytes);
    return Read();
  }

  // True when the peer closes within the time a test may take, without sending anything more.
  bool ClosedByPeer() { return !More() && buffer_.empty(); }

  int fd() const { return fd_; }

 private:
  bool More() {
    pollfd poll_fd = {fd_, POLLIN, 0};
    if (::poll(&poll_fd, 1, 20'000) <= 0) return false;
    char bytes[65536];
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(got));
    return true;
  }

  bool ReadChunks(std::string& body) {
    for (;;) {
      size_t eol = 0;
      while ((eol = buffer_.find("\r\n")) == std::string::npos) {
        if (!More()) return false;
      }
      const size_t bytes = std::strtoull(buffer_.c_str(), nullptr, 16);
      while (buffer_.size() < eol + 2 + bytes + 2) {
        if (!More()) return false;
      }
      body += buffer_.substr(eol + 2, bytes);
      buffer_.erase(0, eol + 2 + bytes + 2);
      if (bytes == 0) return true;
    }
  }

  int fd_;
  bool connected_ = false;
  std::string buffer_;
};

// Polls `condition` until it holds; false after 20 s.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace pitot
