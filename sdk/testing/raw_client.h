// sdk/testing/raw_client.h
//
// A connection whose every byte is the test's own, and what came back on it. For tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace pitot {
inline namespace sdk {

struct RawAnswer {
  std::string bytes;  // All of it, framing and all.
  int status = 0;     // 0: no answer came.
  std::string body;   // Without framing, as far as it came.
  // The body ended as its framing says. False: the connection did.
  bool whole = false;
};

// Thread-safety: one thread at a time.
class RawClient {
 public:
  explicit RawClient(uint16_t port);  // Fails the test that uses it when nobody listens.
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::string_view bytes);
  // The next answer; fails the test after 20 s.
  RawAnswer Receive();
  // Bytes that have come by the time that there are `count`, or the connection ended.
  std::string ReceiveBytes(size_t count);
  // True: the peer has ended the connection, or does within 20 s.
  bool Ended();

 private:
  bool Fill();

  int fd_ = -1;
  std::string buffer_;
};

// A request line, headers and a body with its length.
std::string RawRequest(std::string_view path, std::string_view headers, std::string_view body);

}  // namespace sdk
}  // namespace pitot
