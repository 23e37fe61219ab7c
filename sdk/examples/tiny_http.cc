#include "tiny_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <system_error>

namespace tiny_http {
namespace {

// A socket that is closed at the end of the scope.
struct Socket {
  explicit Socket(int fd_in) : fd(fd_in) {
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  }
  ~Socket() { ::close(fd); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  const int fd;
};

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void Send(int fd, const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t sent = ::send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) throw std::system_error(errno, std::generic_category(), "send");
    at += static_cast<size_t>(sent);
  }
}

// Headers and a body of `content-length` bytes.
Request Receive(int fd) {
  std::string bytes;
  size_t body_at = std::string::npos;
  size_t body_size = 0;
  Request request;
  while (body_at == std::string::npos || bytes.size() < body_at + body_size) {
    char piece[4096];
    const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
    if (got <= 0) throw std::runtime_error("the other side ended in mid-message");
    bytes.append(piece, static_cast<size_t>(got));
    const size_t head_end = bytes.find("\r\n\r\n");
    if (body_at != std::string::npos || head_end == std::string::npos) continue;
    body_at = head_end + 4;
    std::istringstream head(bytes.substr(0, head_end));
    std::string line;
    std::getline(head, line);  // Request or status line.
    while (std::getline(head, line)) {
      const size_t colon = line.find(':');
      if (colon == std::string::npos) continue;
      std::string name = line.substr(0, colon);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const size_t value = line.find_first_not_of(' ', colon + 1);
      if (line.back() == '\r') line.pop_back();
      request.headers[name] = value < line.size() ? line.substr(value) : "";
    }
    body_size = std::strtoul(request.headers["content-length"].c_str(), nullptr, 10);
  }
  request.body = bytes.substr(body_at, body_size);
  return request;
}

}  // namespace

Server::Server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, any, size) != 0 || ::listen(listener_, 8) != 0 ||
      ::getsockname(listener_, any, &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot listen");
  }
  port_ = ntohs(address.sin_port);
}

Server::~Server() { ::close(listener_); }

void Server::ServeOne(const std::function<std::string(const Request&)>& answer) {
  const Socket peer(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
  const std::string body = answer(Receive(peer.fd));
  Send(peer.fd,
       "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

std::string Post(uint16_t port, const Headers& headers, const std::string& body) {
  const Socket peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(port);
  if (::connect(peer.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot connect");
  }
  std::string bytes = "POST /ask HTTP/1.1\r\nhost: localhost\r\n";
  for (const auto& [name, value] : headers) bytes += name + ": " + value + "\r\n";
  Send(peer.fd, bytes + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  return Receive(peer.fd).body;
}

}  // namespace tiny_http
