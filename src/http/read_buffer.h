// http/read_buffer.h
//
// Internal to http/: bytes read from a connection and not yet used.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace pitot {

class ReadBuffer {
 public:
  // Room beyond `kept_bytes` is given back whenever the buffer is empty.
  explicit ReadBuffer(size_t kept_bytes) : kept_bytes_(kept_bytes) {}

  std::string_view view() const { return {data_.data() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  size_t size() const { return end_ - begin_; }
  void Consume(size_t bytes);
  // Room behind the bytes held, at least `bytes_min`.
  std::span<char> Space(size_t bytes_min);
  void Filled(size_t bytes) { end_ += bytes; }

 private:
  const size_t kept_bytes_;
  std::vector<char> data_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace pitot
