#include "wire/json_read.h"

#include <charconv>
#include <cmath>

namespace pitot {
namespace {

// Whole numbers beyond this are no counts; doubles are exact up to it.
constexpr double kWholeMax = 9007199254740992.0;

}  // namespace

std::string_view Member(std::string_view object, std::string_view key) {
  std::string_view found;
  VisitObject(object, [&](std::string_view name, std::string_view value) {
    if (name == key) found = IsNull(value) ? std::string_view() : value;
  });
  return found;
}

std::string Text(std::string_view raw) { return IsString(raw) ? Unescape(Inside(raw)) : ""; }

std::string Unescape(std::string_view inside) {
  std::string out;
  if (inside.find('\\') == std::string_view::npos) {
    out = inside;
  } else {
    AppendUnquoted({inside.data() - 1, inside.size() + 2}, out);
  }
  return out;
}

int64_t UnescapedBytes(std::string_view inside) {
  int64_t bytes = static_cast<int64_t>(inside.size());
  size_t at = inside.find('\\');
  while (at != std::string_view::npos && at + 1 < inside.size()) {
    const bool unicode = inside[at + 1] == 'u';
    bytes -= unicode ? 4 : 1;  // Half of a pair counts 2, another character about as much.
    at = inside.find('\\', at + 2);
  }
  return bytes;
}

std::optional<double> Number(std::string_view raw) {
  if (IsString(raw)) raw = Inside(raw);
  double number = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  if (error != std::errc() || end != raw.data() + raw.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<int64_t> Whole(std::string_view raw) {
  int64_t whole = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), whole);
  if (error == std::errc() && end == raw.data() + raw.size() && !raw.empty()) return whole;
  const std::optional<double> number = Number(raw);
  if (!number) return std::nullopt;
  if (*number > kWholeMax) return static_cast<int64_t>(kWholeMax);
  if (*number < -kWholeMax) return -static_cast<int64_t>(kWholeMax);
  return static_cast<int64_t>(std::floor(*number));
}

bool ReadText(JsonCursor& cursor, std::string* out) {
  if (cursor.Peek() != '"') return cursor.Skip();
  std::string_view inside;
  if (!cursor.String(&inside)) return false;
  *out = Unescape(inside);
  return true;
}

bool ReadWhole(JsonCursor& cursor, std::optional<int64_t>* out) {
  std::string_view raw;
  if (!cursor.Value(&raw)) return false;
  if (const auto whole = Whole(raw)) *out = whole;
  return true;
}

bool ReadNumber(JsonCursor& cursor, std::optional<double>* out) {
  std::string_view raw;
  if (!cursor.Value(&raw)) return false;
  if (const auto number = Number(raw)) *out = number;
  return true;
}

bool ReadBool(JsonCursor& cursor, bool* out) {
  std::string_view raw;
  if (!cursor.Value(&raw)) return false;
  if (raw == "true") *out = true;
  if (raw == "false") *out = false;
  return true;
}

bool ReadRaw(JsonCursor& cursor, std::string_view* out) {
  std::string_view raw;
  if (!cursor.Value(&raw)) return false;
  if (!IsNull(raw)) *out = raw;
  return true;
}

void AppendKey(std::string_view key, std::string& out) {
  if (!out.empty() && out.back() != '{') out += ',';
  AppendQuoted(key, out);
  out += ':';
}

}  // namespace pitot
