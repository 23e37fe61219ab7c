#include "normalize/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "wire/json_text.h"

namespace pitot {
namespace {

constexpr std::string_view kPlaceholders[] = {"{}",
                                              "[]",
                                              "null",
                                              "None",
                                              "<REDACTED>",
                                              "[REDACTED]",
                                              "<not specified>",
                                              "N/A",
                                              "no-model",
                                              "Unknown",
                                              "<not serializable>"};
constexpr size_t kPlaceholderBytesMax = 18;

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

std::optional<double> ParseNumber(std::string_view text) {
  text = Trim(text);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<int64_t> CountOf(double number) {
  if (!(number >= 0) || number != std::floor(number)) return std::nullopt;
  if (number >= 9.2e18) return std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(number);
}

// False when `text` is not a JSON array.
bool AppendJsonList(std::string_view text, Arena& arena, std::vector<std::string_view>& items) {
  JsonCursor cursor(text);
  if (!cursor.Take('[')) return false;
  if (cursor.Take(']')) return cursor.AtEnd();
  do {
    std::string_view raw;
    if (!cursor.Value(&raw)) return false;
    if (raw == "null" || raw == "\"\"") continue;
    if (raw[0] != '"') {
      items.push_back(raw);
    } else if (raw.find('\\') == raw.npos) {
      items.push_back(raw.substr(1, raw.size() - 2));
    } else {
      std::string plain;
      AppendUnquoted(raw, plain);
      items.push_back(arena.Copy(plain));
    }
  } while (cursor.Take(','));
  return cursor.Take(']') && cursor.AtEnd();
}

// RFC 4648, with padding: how JSON carries bytes.
std::string_view Base64(std::string_view bytes, Arena& arena) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t size = (bytes.size() + 2) / 3 * 4;
  char* const to = arena.Allocate(size);
  char* out = to;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      const uint32_t byte = i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
      group = group << 8 | byte;
    }
    for (size_t k = 0; k < 4; ++k) {
      *out++ = i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return {to, size};
}

}  // namespace

bool IsAbsent(const AttrValue& value) {
  if (value.type == AttrType::kEmpty) return true;
  if (value.type != AttrType::kString && value.type != AttrType::kJson) return false;
  const std::string_view text = value.text;
  if (text.empty()) return true;
  if (text.size() > kPlaceholderBytesMax) return false;
  switch (text[0]) {
    case '{':
    case '[':
    case 'n':
    case 'N':
    case '<':
    case 'U':
      return std::ranges::find(kPlaceholders, text) != std::end(kPlaceholders);
    default:
      return false;
  }
}

std::optional<double> AsNumber(const AttrValue& value) {
  switch (value.type) {
    case AttrType::kInt:
      return static_cast<double>(value.integer);
    case AttrType::kDouble:
      return std::isfinite(value.number) ? std::optional(value.number) : std::nullopt;
    case AttrType::kString:
      return ParseNumber(value.text);
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> AsCount(const AttrValue& value) {
  if (value.type == AttrType::kInt) {
    return value.integer >= 0 ? std::optional(value.integer) : std::nullopt;
  }
  const std::optional<double> number = AsNumber(value);
  return number ? CountOf(*number) : std::nullopt;
}

std::optional<bool> AsBool(const AttrValue& value) {
  switch (value.type) {
    case AttrType::kBool:
      return value.boolean;
    case AttrType::kInt:
      if (value.integer == 0 || value.integer == 1) return value.integer == 1;
      return std::nullopt;
    case AttrType::kString:
      if (EqualsIgnoreCase(value.text, "true") || value.text == "1") return true;
      if (EqualsIgnoreCase(value.text, "false") || value.text == "0") return false;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::string_view AsText(const AttrValue& value, Arena& arena) {
  switch (value.type) {
    case AttrType::kEmpty:
      return {};
    case AttrType::kBool:
      return value.boolean ? "true" : "false";
    case AttrType::kString:
    case AttrType::kJson:
      return value.text;
    case AttrType::kBytes:
      return Base64(value.text, arena);
    default:
      return AsJson(value, arena);
  }
}

void AppendList(const AttrValue& value, Arena& arena, std::vector<std::string_view>& items) {
  const std::string_view text = Trim(AsText(value, arena));
  if (text.starts_with('[')) {
    const size_t before = items.size();
    if (AppendJsonList(text, arena, items)) return;
    items.resize(before);
  }
  for (size_t from = 0; from <= text.size();) {
    const size_t comma = std::min(text.find(',', from), text.size());
    const std::string_view item = Trim(text.substr(from, comma - from));
    if (!item.empty()) items.push_back(item);
    from = comma + 1;
  }
}

std::string_view AsJson(const AttrValue& value, Arena& arena) {
  switch (value.type) {
    case AttrType::kEmpty:
      return "null";
    case AttrType::kBool:
      return value.boolean ? "true" : "false";
    case AttrType::kInt: {
      const fmt::format_int digits(value.integer);
      return arena.Copy({digits.data(), digits.size()});
    }
    case AttrType::kDouble: {
      if (std::isnan(value.number)) return "\"NaN\"";
      if (std::isinf(value.number)) return value.number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
      char digits[40];
      const auto end = fmt::format_to(digits, "{}", value.number);
      return arena.Copy({digits, static_cast<size_t>(end - digits)});
    }
    case AttrType::kJson:
      return value.text;
    case AttrType::kString:
    case AttrType::kBytes:
      break;
  }
  const std::string_view text = AsText(value, arena);
  if (PlainRun(text.data(), text.data() + text.size()) == text.size()) {
    char* const to = arena.Allocate(text.size() + 2);
    to[0] = '"';
    std::copy(text.begin(), text.end(), to + 1);
    to[text.size() + 1] = '"';
    return {to, text.size() + 2};
  }
  std::string quoted;
  quoted.reserve(text.size() + 16);
  AppendQuoted(text, quoted);
  return arena.Copy(quoted);
}

std::string_view Lower(std::string_view text, Arena& arena) {
  if (std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; })) return text;
  char* const to = arena.Allocate(text.size());
  std::ranges::transform(text, to, ToLower);
  return {to, text.size()};
}

}  // namespace pitot
