#include "sdk/track/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iterator>

namespace pitot {
inline namespace sdk {
namespace {

std::string Fixed(double value, int decimals) {
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return {text.data(), static_cast<size_t>(size)};
}

struct Unit {
  double size;
  const char* name;
};

// `value` in three digits.
std::string ThreeDigits(double value) {
  return Fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

// Bytes of the UTF-8 code point at `at`; 0: there is none, or it is a control character.
size_t PlainCodePoint(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + size > text.size()) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xc2 && byte(at + 1) < 0xa0) return 0;  // Controls of ISO 8859.
  // Marks that turn the direction of text, by which a table could be made to lie.
  if (first == 0xe2 && byte(at + 1) == 0x80 && byte(at + 2) >= 0xaa && byte(at + 2) <= 0xae)
    return 0;
  if (first == 0xe2 && byte(at + 1) == 0x81 && byte(at + 2) >= 0xa6 && byte(at + 2) <= 0xa9)
    return 0;
  return size;
}

}  // namespace

std::string WithThousands(uint64_t value) {
  std::string text = std::to_string(value);
  for (size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string Compact(uint64_t value) {
  if (value < 10'000'000) return WithThousands(value);
  constexpr Unit kUnits[] = {{1e6, " M"}, {1e9, " G"}, {1e12, " T"}, {1e15, " P"}, {1e18, " E"}};
  const Unit* unit = kUnits;
  // From 999.5 on three digits would be four.
  while (unit + 1 != std::end(kUnits) && static_cast<double>(value) >= 0.9995 * unit[1].size)
    ++unit;
  return ThreeDigits(static_cast<double>(value) / unit->size) + unit->name;
}

std::string FormatDuration(int64_t nanoseconds) {
  constexpr Unit kUnits[] = {{1, " ns"},  {1e3, " us"},   {1e6, " ms"},
                             {1e9, " s"}, {60e9, " min"}, {3600e9, " h"}};
  const auto value = static_cast<double>(nanoseconds);
  if (nanoseconds < 1'000) return std::to_string(nanoseconds) + " ns";
  const Unit* unit = kUnits;
  // Seconds until two minutes, minutes until two hours.
  while (unit + 1 != std::end(kUnits) &&
         value >= unit[1].size * (unit[1].size > 1e9 ? 2 : 0.9995)) {
    ++unit;
  }
  return ThreeDigits(value / unit->size) + unit->name;
}

std::string DecimalUsd(NanoUsd amount, int decimals) {
  const bool negative = amount.value < 0;
  auto value = negative ? uint64_t{0} - static_cast<uint64_t>(amount.value)
                        : static_cast<uint64_t>(amount.value);
  uint64_t unit = 1;
  for (int i = decimals; i < 9; ++i) unit *= 10;
  value = (value + unit / 2) / unit;
  std::string text = std::to_string(value);
  if (const auto digits = static_cast<size_t>(decimals); decimals > 0) {
    if (text.size() <= digits) text.insert(0, digits + 1 - text.size(), '0');
    text.insert(text.size() - digits, 1, '.');
  }
  if (negative && value != 0) text.insert(text.begin(), '-');
  return text;
}

std::string WithDollar(std::string_view decimal) {
  const bool negative = decimal.starts_with('-');
  std::string out = negative ? "-$" : "$";
  return out.append(decimal.substr(negative ? 1 : 0));
}

std::string ShortUsd(NanoUsd amount) {
  const int64_t size = amount.value < 0 ? -(amount.value + 1) : amount.value;
  int decimals = size >= 1'000'000'000 ? 2 : size >= 10'000'000 ? 4 : 9;
  std::string text = DecimalUsd(amount, decimals);
  for (; decimals > 2 && text.back() == '0'; --decimals) text.pop_back();
  return WithDollar(text);
}

std::string FormatPercent(double share) {
  const double percent = 100 * share;
  return Fixed(percent, std::abs(percent) < 9.95 ? 1 : 0) + " %";
}

std::string FormatDouble(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 400> text;
  const double size = std::abs(value);
  const auto format = size == 0 || (size >= 1e-9 && size < 1e15) ? std::chars_format::fixed
                                                                 : std::chars_format::general;
  return {text.data(), std::to_chars(text.begin(), text.end(), value, format).ptr};
}

size_t TextWidth(std::string_view text) {
  size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return width;
}

std::string FitText(std::string_view text, size_t width) {
  std::string out;
  size_t cut = 0;  // Where "..." would stand.
  size_t used = 0;
  for (size_t at = 0; at < text.size(); ++used) {
    if (used == width - 3) cut = out.size();
    if (used == width) return out.substr(0, cut) + "...";
    const size_t bytes = PlainCodePoint(text, at);
    out.append(bytes == 0 ? "?" : text.substr(at, bytes));
    at += bytes == 0 ? 1 : bytes;
  }
  return out;
}

std::string PadLeft(std::string_view text, size_t width) {
  const size_t used = TextWidth(text);
  return std::string(used < width ? width - used : 0, ' ').append(text);
}

std::string PadRight(std::string_view text, size_t width) {
  const size_t used = TextWidth(text);
  return std::string(text).append(used < width ? width - used : 0, ' ');
}

}  // namespace sdk
}  // namespace pitot
