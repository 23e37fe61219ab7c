// tiny_http.h
//
// As much HTTP as the example of agents needs: one request at a time on this machine. A program has a
// server and a client of its own; what matters is that both can set and read headers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace tiny_http {

using Headers = std::map<std::string, std::string>;

struct Request {
  Headers headers;  // Names in lower case.
  std::string body;
};

// On 127.0.0.1. Throws std::runtime_error.
class Server {
 public:
  Server();
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const { return port_; }
  // Waits for one request and answers it.
  void ServeOne(const std::function<std::string(const Request&)>& answer);

 private:
  int listener_ = -1;
  uint16_t port_ = 0;
};

// The body of the answer. Throws std::runtime_error.
std::string Post(uint16_t port, const Headers& headers, const std::string& body);

}  // namespace tiny_http
