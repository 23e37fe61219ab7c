#include "tests/bench/ingest/post_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace pitot {
namespace {

// The value of a header in an answer's head, or nothing. `name` with colon.
std::string_view HeaderOf(std::string_view head, std::string_view name) {
  for (size_t line = head.find("\r\n"); line != std::string_view::npos;) {
    line += 2;
    const size_t end = head.find("\r\n", line);
    const std::string_view text = head.substr(line, end - line);
    if (text.size() > name.size() && strncasecmp(text.data(), name.data(), name.size()) == 0) {
      return text.substr(name.size());
    }
    line = end;
  }
  return {};
}

}  // namespace

int PostConnection::Post(std::string_view body, std::string& answer) {
  answer.clear();
  if (fd_ < 0 && !Connect()) {
    answer = std::string("connect: ") + std::strerror(errno);
    return 0;
  }
  std::string request =
      "POST " + target_.path + " HTTP/1.1\r\nHost: " + target_.host + ":" +
      std::to_string(target_.port) +
      "\r\nContent-Type: application/x-protobuf\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n";
  if (!target_.extra_header.empty()) request += target_.extra_header + "\r\n";
  request += "\r\n";
  request += body;
  if (!Send(request) || !ReadAnswer(answer)) {
    Close();
    if (answer.empty()) answer = "the connection ended without an answer";
    return 0;
  }
  return answer.size() > 12 ? std::atoi(answer.c_str() + 9) : 0;
}

bool PostConnection::Connect() {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(target_.port);
  if (inet_pton(AF_INET, target_.host.c_str(), &address.sin_addr) != 1 ||
      connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    Close();
    return false;
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return true;
}

bool PostConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool PostConnection::ReadAnswer(std::string& answer) {
  size_t want = 0;  // Known once the head is there.
  char buffer[16 * 1024];
  while (want == 0 || answer.size() < want) {
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    answer.append(buffer, static_cast<size_t>(got));
    const size_t head = answer.find("\r\n\r\n");
    if (want != 0 || head == std::string::npos) continue;
    const std::string length(
        HeaderOf(std::string_view(answer).substr(0, head + 2), "content-length:"));
    if (length.empty()) return false;
    want = head + 4 + std::strtoull(length.c_str(), nullptr, 10);
  }
  return true;
}

void PostConnection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace pitot
