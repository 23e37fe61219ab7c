#include "sdk/export/value_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

#include "sdk/export/utf8.h"
#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

void AppendDigits(uint64_t value, size_t width, std::string& out) {
  char digits[20];
  const char* end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  const auto count = static_cast<size_t>(end - digits);
  if (count < width) out.append(width - count, '0');
  out.append(digits, count);
}

// False: the word is for a JSON string.
bool AppendNumber(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    return false;
  }
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
  return true;
}

// Whether a double, and 64 bits where it is an integer, hold the number.
bool NumberFits(std::string_view number) {
  const char* end = number.data() + number.size();
  const auto fits = [&](auto value) {
    const auto result = std::from_chars(number.data(), end, value);
    return result.ec == std::errc() && result.ptr == end;
  };
  if (number.find_first_of(".eE") != std::string_view::npos) return fits(0.0);
  return fits(int64_t{0}) || fits(uint64_t{0});
}

// REQUIRES: `json` is JSON.
bool NumbersFit(std::string_view json) {
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      const size_t length = std::min(json.find_first_not_of("+-.0123456789eE", i), json.size()) - i;
      if (!NumberFits(json.substr(i, length))) return false;
      i += length - 1;
    }
  }
  return true;
}

}  // namespace

void AppendHex(std::string_view bytes, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

void AppendInteger(int64_t value, std::string& out) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

void AppendScaled(int64_t value, int decimals, std::string& out) {
  if (value < 0) out += '-';
  uint64_t rest = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  uint64_t unit = 1;
  for (int i = 0; i < decimals; ++i) unit *= 10;
  AppendDigits(rest / unit, 1, out);
  rest %= unit;
  if (rest == 0) return;
  out += '.';
  AppendDigits(rest, static_cast<size_t>(decimals), out);
  out.erase(out.find_last_not_of('0') + 1);
}

void AppendRfc3339(int64_t unix_ns, int decimals, std::string& out) {
  int64_t seconds = unix_ns / kNanosPerSecond;
  int64_t nanos = unix_ns % kNanosPerSecond;
  if (nanos < 0) {
    --seconds;
    nanos += kNanosPerSecond;
  }
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts = {};
  gmtime_r(&time, &parts);
  const auto field = [&](int value, size_t width, char separator) {
    AppendDigits(static_cast<uint64_t>(value), width, out);
    out += separator;
  };
  field(parts.tm_year + 1900, 4, '-');
  field(parts.tm_mon + 1, 2, '-');
  field(parts.tm_mday, 2, 'T');
  field(parts.tm_hour, 2, ':');
  field(parts.tm_min, 2, ':');
  field(parts.tm_sec, 2, '.');
  std::string fraction;
  AppendDigits(static_cast<uint64_t>(nanos), 9, fraction);
  out.append(fraction, 0, static_cast<size_t>(decimals));
  out += 'Z';
}

void AppendJsonValue(const AttributeValue& value, std::string& out) {
  switch (value.type()) {
    case AttributeValue::Type::kString:
      return AppendJsonText(value.text(), out);
    case AttributeValue::Type::kBool:
      out += value.boolean() ? "true" : "false";
      return;
    case AttributeValue::Type::kInt:
      return AppendInteger(value.integer(), out);
    case AttributeValue::Type::kDouble: {
      std::string number;
      const bool finite = AppendNumber(value.number(), number);
      if (finite) {
        out += number;
      } else {
        AppendQuoted(number, out);
      }
      return;
    }
    case AttributeValue::Type::kJson: {
      std::string scratch;
      const std::string_view text = Utf8(value.text(), &scratch);
      if (IsJson(text) && NumbersFit(text)) {
        AppendCanonical(text, out);
      } else {
        AppendQuoted(text, out);
      }
      return;
    }
  }
}

void AppendJsonObject(std::span<const Attribute> attributes, std::string& out) {
  out += '{';
  for (const Attribute& attribute : attributes) {
    if (&attribute != attributes.data()) out += ',';
    AppendJsonText(attribute.key, out);
    out += ':';
    AppendJsonValue(attribute.value, out);
  }
  out += '}';
}

void AppendPlain(const AttributeValue& value, std::string& out) {
  std::string scratch;
  switch (value.type()) {
    case AttributeValue::Type::kString:
    case AttributeValue::Type::kJson:
      out += Utf8(value.text(), &scratch);
      return;
    case AttributeValue::Type::kDouble:
      AppendNumber(value.number(), out);
      return;
    case AttributeValue::Type::kBool:
    case AttributeValue::Type::kInt:
      return AppendJsonValue(value, out);
  }
}

}  // namespace sdk
}  // namespace pitot
