// sdk/export/proto_writer.h
//
// Writes Protocol Buffers: fields with their numbers, in the order of the calls. A field that has its
// default value may be left out by the caller; nothing here leaves one out.
// Source of the format: "Encoding" of the Protocol Buffers documentation.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace pitot {
inline namespace sdk {

class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& out) : out_(out) {}

  void Varint(uint32_t field, uint64_t value) {
    Tag(field, 0);
    AppendVarint(value);
  }
  void Fixed64(uint32_t field, uint64_t value) {
    Tag(field, 1);
    AppendFixed(value);
  }
  void Fixed32(uint32_t field, uint32_t value) {
    Tag(field, 5);
    AppendFixed(value);
  }
  void Double(uint32_t field, double value) { Fixed64(field, std::bit_cast<uint64_t>(value)); }
  // Strings must be UTF-8.
  void Bytes(uint32_t field, std::string_view value) {
    Tag(field, 2);
    AppendVarint(value.size());
    out_.append(value);
  }

  // A message in a field: what is written until End(begin) is its content.
  [[nodiscard]] size_t Begin(uint32_t field) {
    Tag(field, 2);
    out_.push_back('\0');  // Where its length goes; most are below 128.
    return out_.size();
  }
  void End(size_t begin) {
    uint64_t length = out_.size() - begin;
    char bytes[10];
    size_t count = 0;
    do {
      bytes[count++] = static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
      length >>= 7;
    } while (length != 0);
    out_.replace(begin - 1, 1, bytes, count);
  }

 private:
  void Tag(uint32_t field, uint32_t wire_type) { AppendVarint(field << 3 | wire_type); }
  void AppendVarint(uint64_t value) {
    while (value > 0x7f) {
      out_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }
  template <typename T>
  void AppendFixed(T value) {
    for (size_t i = 0; i < sizeof(T); ++i) out_.push_back(static_cast<char>(value >> (8 * i)));
  }

  std::string& out_;
};

}  // namespace sdk
}  // namespace pitot
