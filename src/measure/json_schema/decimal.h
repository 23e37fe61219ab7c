// measure/json_schema/decimal.h
//
// A JSON number as what was written: a decimal, exact at any length. 0.1 is a tenth, 1.0 is whole, and
// 9007199254740993 is not its neighbour.
//
// Pure; values.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace pitot {

class Decimal {
 public:
  Decimal() = default;  // 0.
  // REQUIRES: `number` is a JSON number.
  explicit Decimal(std::string_view number);

  bool zero() const { return digits_.empty(); }
  bool negative() const { return negative_; }
  bool whole() const { return exponent_ >= 0; }
  // Significant digits, without zeros on either side.
  size_t digits() const { return digits_.size(); }

  // Whether this is a whole multiple of `divisor`.
  // REQUIRES: the divisor is not zero and has at most kDivisorDigitsMax digits.
  bool MultipleOf(const Decimal& divisor) const;
  static constexpr size_t kDivisorDigitsMax = 18;

  std::strong_ordering operator<=>(const Decimal& other) const;
  bool operator==(const Decimal& other) const = default;

 private:
  // digits_ * 10^exponent_; the first and last digit are not 0. Zero has no digits and exponent 0.
  bool negative_ = false;
  int64_t exponent_ = 0;
  std::string digits_;
};

}  // namespace pitot
