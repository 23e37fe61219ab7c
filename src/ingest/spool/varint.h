// ingest/spool/varint.h
//
// The primitives of our own record format: base-128 varints, zigzag, length-prefixed text.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace pitot {

inline void PutVarint(uint64_t value, std::string& out) {
  char bytes[10];
  size_t n = 0;
  while (value >= 0x80) {
    bytes[n++] = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  bytes[n++] = static_cast<char>(value);
  out.append(bytes, n);
}

inline void PutZigzag(int64_t value, std::string& out) {
  PutVarint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63), out);
}

inline void PutFixed64(uint64_t value, std::string& out) {
  char bytes[8];
  std::memcpy(bytes, &value, 8);
  out.append(bytes, 8);
}

inline void PutText(std::string_view text, std::string& out) {
  PutVarint(text.size(), out);
  out += text;
}

// Reads what the functions above wrote. After the first malformed field ok() is false and every
// further read yields zero or empty: callers check once, at the end. Never reads beyond `bytes`.
class VarintReader {
 public:
  explicit VarintReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return Fail();
      const auto byte = static_cast<uint8_t>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }

  int64_t Zigzag() {
    const uint64_t value = Varint();
    return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }

  uint8_t Byte() {
    if (at_ == end_) return static_cast<uint8_t>(Fail());
    return static_cast<uint8_t>(*at_++);
  }

  // A byte that must be below `end`, as E.
  template <typename E>
  E Enum(uint8_t end) {
    const uint8_t value = Byte();
    return static_cast<E>(value < end ? value : Fail());
  }

  uint64_t Fixed64() {
    const std::string_view raw = Fixed(8);
    uint64_t value = 0;
    if (!raw.empty()) std::memcpy(&value, raw.data(), 8);
    return value;
  }

  // Exactly `n` bytes, or empty.
  std::string_view Fixed(size_t n) {
    if (left() < n) {
      Fail();
      return {};
    }
    const std::string_view raw(at_, n);
    at_ += n;
    return raw;
  }

  std::string_view Text() {
    const uint64_t size = Varint();
    if (size > left()) {
      Fail();
      return {};
    }
    return Fixed(size);
  }

  // A number of items of at least `item_bytes` each: never more than can be there, so that it is
  // safe to allocate for.
  size_t Count(size_t item_bytes) {
    const uint64_t count = Varint();
    if (count > left() / item_bytes) return Fail();
    return count;
  }

 private:
  uint64_t Fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace pitot
