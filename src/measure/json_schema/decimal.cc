#include "measure/json_schema/decimal.h"

#include <algorithm>

namespace pitot {
namespace {

using Wide = unsigned __int128;

// Exponents beyond are taken for this: no text is long enough to make up for it.
constexpr int64_t kExponentMax = int64_t{1} << 50;

int64_t ReadExponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  for (const char c : text) value = std::min(value * 10 + (c - '0'), kExponentMax);
  return negative ? -value : value;
}

uint64_t PowerOfTen(int64_t exponent, uint64_t modulus) {
  Wide result = 1 % modulus;
  Wide base = 10 % modulus;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = result * base % modulus;
    base = base * base % modulus;
  }
  return static_cast<uint64_t>(result);
}

}  // namespace

Decimal::Decimal(std::string_view number) {
  negative_ = number.starts_with('-');
  if (negative_) number.remove_prefix(1);
  const size_t e = number.find_first_of("eE");
  if (e != std::string_view::npos) exponent_ = ReadExponent(number.substr(e + 1));
  const std::string_view mantissa = number.substr(0, e);
  const size_t point = mantissa.find('.');
  digits_ = mantissa.substr(0, point);
  if (point != std::string_view::npos) {
    digits_ += mantissa.substr(point + 1);
    exponent_ -= static_cast<int64_t>(mantissa.size() - point - 1);
  }
  const size_t last = digits_.find_last_not_of('0');
  if (last == std::string::npos) {
    *this = Decimal();
    return;
  }
  exponent_ += static_cast<int64_t>(digits_.size() - last - 1);
  digits_.resize(last + 1);
  digits_.erase(0, digits_.find_first_not_of('0'));
}

bool Decimal::MultipleOf(const Decimal& divisor) const {
  if (zero()) return true;
  // The last digit is not 0, so that no power of ten is left over to divide by.
  if (exponent_ < divisor.exponent_) return false;
  uint64_t modulus = 0;
  for (const char c : divisor.digits_) modulus = modulus * 10 + static_cast<uint64_t>(c - '0');
  Wide rest = 0;
  for (const char c : digits_) rest = (rest * 10 + static_cast<Wide>(c - '0')) % modulus;
  return rest * PowerOfTen(exponent_ - divisor.exponent_, modulus) % modulus == 0;
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  const auto sign = [](const Decimal& d) { return d.zero() ? 0 : d.negative_ ? -1 : 1; };
  if (sign(*this) != sign(other)) return sign(*this) <=> sign(other);
  const Decimal& small = negative_ ? other : *this;
  const Decimal& large = negative_ ? *this : other;
  const auto magnitude = [](const Decimal& d) {
    return static_cast<int64_t>(d.digits_.size()) + d.exponent_;
  };
  if (magnitude(small) != magnitude(large)) return magnitude(small) <=> magnitude(large);
  return small.digits_.compare(large.digits_) <=> 0;
}

}  // namespace pitot
