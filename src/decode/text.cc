#include "decode/text.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

namespace pitot {
namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> kBase64Values = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 64; ++i) values[static_cast<uint8_t>(kBase64[i])] = static_cast<int8_t>(i);
  values['-'] = 62;
  values['_'] = 63;
  return values;
}();

struct Sequence {
  size_t bytes;  // Of the sequence, or of the maximal ill-formed part.
  bool valid;
};

bool In(uint8_t byte, uint8_t low, uint8_t high) { return byte >= low && byte <= high; }

// The sequence at the start of `text`, which is not empty. Table 3-7 of the Unicode Standard.
Sequence First(std::string_view text) {
  const auto at = [&](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const uint8_t lead = at(0);
  if (lead < 0x80) return {1, true};
  size_t bytes = 0;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  if (In(lead, 0xC2, 0xDF)) {
    bytes = 2;
  } else if (In(lead, 0xE0, 0xEF)) {
    bytes = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (In(lead, 0xF0, 0xF4)) {
    bytes = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  if (!In(at(1), low, high)) return {1, false};
  for (size_t i = 2; i < bytes; ++i) {
    if (!In(at(i), 0x80, 0xBF)) return {i, false};
  }
  return {bytes, true};
}

}  // namespace

bool IsUtf8Slow(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

void AppendMended(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const Sequence sequence = First(text);
    out += sequence.valid ? text.substr(0, sequence.bytes) : std::string_view("\xEF\xBF\xBD");
    text.remove_prefix(sequence.bytes);
  }
}

size_t Utf8Floor(std::string_view text, size_t at) {
  if (at >= text.size()) return text.size();
  const auto continues = [&](size_t i) { return (static_cast<uint8_t>(text[i]) & 0xC0) == 0x80; };
  // At most three steps: in bytes that are no UTF-8 any cut is as good.
  for (size_t n = at, steps = 0; steps < 4; --n, ++steps) {
    if (!continues(n)) return n;
    if (n == 0) break;
  }
  return at;
}

void AppendBase64(std::string_view raw, std::string& out) {
  const auto at = [&](size_t i) -> uint32_t {
    return i < raw.size() ? static_cast<uint8_t>(raw[i]) : 0;
  };
  out.reserve(out.size() + (raw.size() + 2) / 3 * 4);
  for (size_t i = 0; i < raw.size(); i += 3) {
    const uint32_t bits = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out += kBase64[bits >> 18];
    out += kBase64[bits >> 12 & 63];
    out += i + 1 < raw.size() ? kBase64[bits >> 6 & 63] : '=';
    out += i + 2 < raw.size() ? kBase64[bits & 63] : '=';
  }
}

bool DecodeBase64(std::string_view text, std::string& raw) {
  raw.clear();
  if (text.size() % 4 == 0 && text.ends_with('=')) {
    text.remove_suffix(text.ends_with("==") ? 2 : 1);
  }
  if (text.size() % 4 == 1) return false;
  raw.reserve(text.size() / 4 * 3 + 2);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = kBase64Values[static_cast<uint8_t>(c)];
    if (value < 0) return false;
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      raw += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return true;
}

}  // namespace pitot
