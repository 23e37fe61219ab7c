// tests/bench/ingest/post_connection.h
//
// One keep-alive HTTP/1.1 connection that posts bodies: as little client as an answer allows, so
// that the server's share of the machine is what is measured.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pitot {

struct PostTarget {
  std::string host;  // IPv4, in numbers.
  uint16_t port = 0;
  std::string path;
  std::string extra_header;  // "Name: value"; may be empty.
};

// Not thread-safe.
class PostConnection {
 public:
  explicit PostConnection(const PostTarget& target) : target_(target) {}
  ~PostConnection() { Close(); }
  PostConnection(const PostConnection&) = delete;
  PostConnection& operator=(const PostConnection&) = delete;

  // Posts one body and reads the whole answer, connecting first where need be. The status, or 0 when
  // there was none; `answer` then says why. Chunked answers are not read (and count as 0).
  int Post(std::string_view body, std::string& answer);

 private:
  bool Connect();
  bool Send(std::string_view bytes);
  bool ReadAnswer(std::string& answer);
  void Close();

  const PostTarget target_;
  int fd_ = -1;
};

}  // namespace pitot
