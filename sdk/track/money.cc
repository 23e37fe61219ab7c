#include "pitot/money.h"

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "sdk/track/text.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr int kDecimals = 9;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Appends a decimal digit. False: too large.
bool AppendDigit(int64_t& value, int digit) {
  return !__builtin_mul_overflow(value, 10, &value) &&
         !__builtin_add_overflow(value, digit, &value);
}

}  // namespace

std::string format_usd(NanoUsd amount) {
  std::string text = DecimalUsd(amount, kDecimals);
  for (int decimals = kDecimals; decimals > 2 && text.back() == '0'; --decimals) text.pop_back();
  return WithDollar(text);
}

std::optional<NanoUsd> parse_usd(std::string_view text) {
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view decimals =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && decimals.empty())) return std::nullopt;
  if (decimals.size() > kDecimals) return std::nullopt;

  int64_t value = 0;
  for (const std::string_view digits : {whole, decimals}) {
    for (const char c : digits) {
      if (!IsDigit(c) || !AppendDigit(value, c - '0')) return std::nullopt;
    }
  }
  for (size_t i = decimals.size(); i < kDecimals; ++i) {
    if (!AppendDigit(value, 0)) return std::nullopt;
  }
  return NanoUsd{value};
}

NanoUsd usd(double amount) {
  if (!(std::abs(amount) <= 9.2e9)) {
    throw std::invalid_argument("pitot::usd(" + FormatDouble(amount) +
                                "): not an amount within 9.2e9 dollars");
  }
  // A product of 53 and 30 bits: long double keeps enough of it to round once.
  return {std::llround(static_cast<long double>(amount) * 1'000'000'000)};
}

}  // namespace sdk
}  // namespace pitot
