#include "sdk/testing/raw_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>

namespace pitot {
inline namespace sdk {
namespace {

constexpr time_t kDeadlineSeconds = 20;

// How a body is framed, and how far it came.
struct Framing {
  size_t bytes = 0;  // Of the answer that are accounted for.
  bool whole = false;
};

Framing ReadChunks(std::string_view all, size_t at, std::string& body) {
  for (;;) {
    const size_t line = all.find("\r\n", at);
    if (line == std::string_view::npos) return {.bytes = all.size(), .whole = false};
    const size_t size = std::strtoul(all.data() + at, nullptr, 16);
    const std::string_view chunk = all.substr(line + 2, size);
    body += chunk;
    at = line + 2 + size + 2;
    if (at > all.size()) return {.bytes = all.size(), .whole = false};
    if (size == 0) return {.bytes = at, .whole = true};
  }
}

}  // namespace

RawClient::RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0)
      << "nobody listens on port " << port;
  const timeval deadline = {.tv_sec = kDeadlineSeconds, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
}

RawClient::~RawClient() { ::close(fd_); }

void RawClient::Send(std::string_view bytes) {
  EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

bool RawClient::Fill() {
  char bytes[64 << 10];
  const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
  EXPECT_FALSE(got < 0 && errno == EAGAIN) << "nothing came for 20 s after: " << buffer_;
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(got));
  return true;
}

RawAnswer RawClient::Receive() {
  RawAnswer answer;
  for (bool ended = false;;) {
    const std::string_view all = buffer_;
    const size_t head = all.find("\r\n\r\n");
    Framing framing;
    answer.body.clear();
    if (head != std::string_view::npos) {
      constexpr std::string_view kLength = "\r\nContent-Length: ";
      const size_t length = all.substr(0, head).find(kLength);
      if (length == std::string_view::npos) {
        framing = ReadChunks(all, head + 4, answer.body);
      } else {
        const size_t size = std::strtoul(all.data() + length + kLength.size(), nullptr, 10);
        answer.body = all.substr(head + 4, size);
        framing = {.bytes = head + 4 + answer.body.size(), .whole = answer.body.size() == size};
      }
      answer.status = std::atoi(all.data() + sizeof "HTTP/1.1");
    }
    if (framing.whole || ended) {
      answer.whole = framing.whole;
      answer.bytes = buffer_.substr(0, framing.whole ? framing.bytes : buffer_.size());
      buffer_.erase(0, answer.bytes.size());
      return answer;
    }
    ended = !Fill();
  }
}

std::string RawClient::ReceiveBytes(size_t count) {
  while (buffer_.size() < count && Fill()) continue;
  return buffer_;
}

bool RawClient::Ended() {
  const size_t before = buffer_.size();
  return !Fill() && buffer_.size() == before;
}

std::string RawRequest(std::string_view path, std::string_view headers, std::string_view body) {
  std::string out = "POST ";
  out += path;
  out += " HTTP/1.1\r\nHost: localhost\r\n";
  out += headers;
  out += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
  out += "\r\n\r\n";
  out += body;
  return out;
}

}  // namespace sdk
}  // namespace pitot
