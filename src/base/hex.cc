#include "base/hex.h"

#include <array>
#include <cstdint>

namespace pitot {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

constexpr std::array<int8_t, 256> kValues = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 10; ++i) values['0' + i] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    values['a' + i] = static_cast<int8_t>(10 + i);
    values['A' + i] = static_cast<int8_t>(10 + i);
  }
  return values;
}();

}  // namespace

void AppendHex(std::string_view raw, std::string& out) {
  out.reserve(out.size() + raw.size() * 2);
  for (const unsigned char c : raw) {
    out += kDigits[c >> 4];
    out += kDigits[c & 15];
  }
}

std::string ToHex(std::string_view raw) {
  std::string out;
  AppendHex(raw, out);
  return out;
}

bool FromHex(std::string_view text, char* raw, size_t bytes) {
  if (text.size() != bytes * 2) return false;
  for (size_t i = 0; i < bytes; ++i) {
    const int high = kValues[static_cast<uint8_t>(text[2 * i])];
    const int low = kValues[static_cast<uint8_t>(text[2 * i + 1])];
    if (high < 0 || low < 0) return false;
    raw[i] = static_cast<char>(high << 4 | low);
  }
  return true;
}

}  // namespace pitot
