#include "decode/json_source.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "base/status.h"
#include "decode/text.h"

namespace pitot {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNumberChar(char c) {
  return IsDigit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// May RepairJson change something that starts with `c`?
bool NeedsLook(char c, bool in_string) {
  return c == '"' || (in_string ? c == '\\' : IsNumberChar(c));
}

size_t DigitsEnd(std::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// RFC 8259, section 6.
bool IsNumber(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  size_t end = DigitsEnd(text, at);
  if (end == at || (text[at] == '0' && end > at + 1)) return false;
  at = end;
  if (at < text.size() && text[at] == '.') {
    end = DigitsEnd(text, at + 1);
    if (end == at + 1) return false;
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    end = DigitsEnd(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

// Can simdjson hold it: an int64, a uint64 or a finite double?
bool IsHeldNumber(std::string_view text) {
  if (!IsNumber(text)) return false;
  const char* end = text.data() + text.size();
  if (text.find_first_of(".eE") != std::string_view::npos) {
    double number = 0;
    return std::from_chars(text.data(), end, number).ec == std::errc() && std::isfinite(number);
  }
  int64_t integer = 0;
  uint64_t natural = 0;
  return std::from_chars(text.data(), end, integer).ec == std::errc() ||
         std::from_chars(text.data(), end, natural).ec == std::errc();
}

// The code unit of the escape \uXXXX at text[at], if there is one.
std::optional<uint32_t> UnicodeEscape(std::string_view text, size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  uint32_t unit = 0;
  const char* first = text.data() + at + 2;
  const auto result = std::from_chars(first, first + 4, unit, 16);
  if (result.ec != std::errc() || result.ptr != first + 4) return std::nullopt;
  return unit;
}

bool IsHighSurrogate(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLowSurrogate(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// Copies the escape at text[at]; returns how many bytes of `text` it took.
size_t RepairEscape(std::string_view text, size_t at, std::string& out, bool* mended) {
  const std::optional<uint32_t> unit = UnicodeEscape(text, at);
  if (!unit) {
    const std::string_view escape = text.substr(at, 2);
    out += escape;
    return escape.size();
  }
  if (IsHighSurrogate(*unit)) {
    const std::optional<uint32_t> next = UnicodeEscape(text, at + 6);
    if (next && IsLowSurrogate(*next)) {
      out += text.substr(at, 12);
      return 12;
    }
  }
  if (IsHighSurrogate(*unit) || IsLowSurrogate(*unit)) {
    *mended = true;
    out += "\\ufffd";
  } else {
    out += text.substr(at, 6);
  }
  return 6;
}

// Walks a text token by token; knows which token may come next.
class FlawFinder {
 public:
  explicit FlawFinder(std::string_view text) : text_(text) {}

  JsonFlaw Find() {
    for (;;) {
      while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
      if (at_ == text_.size()) {
        return next_ == kEnd ? JsonFlaw{} : Flaw("the text ends too early");
      }
      if (const char* words = Token(); words != nullptr) return Flaw(words);
    }
  }

 private:
  enum Next { kValue, kValueOrClose, kKey, kKeyOrClose, kColon, kCommaOrClose, kEnd };

  JsonFlaw Flaw(std::string_view words) const { return {at_, words}; }

  const char* Token() {
    const char c = text_[at_];
    switch (next_) {
      case kEnd:
        return "something follows the value";
      case kColon:
        if (c != ':') return "a colon was expected";
        ++at_;
        next_ = kValue;
        return nullptr;
      case kKeyOrClose:
        if (c == '}') return Close(c);
        [[fallthrough]];
      case kKey:
        if (c != '"') return "a quoted key was expected";
        next_ = kColon;
        return String();
      case kCommaOrClose:
        if (c != ',') return Close(c);
        ++at_;
        next_ = open_.back() == '{' ? kKey : kValue;
        return nullptr;
      case kValueOrClose:
        if (c == ']') return Close(c);
        [[fallthrough]];
      case kValue:
        return Value(c);
    }
    return nullptr;
  }

  const char* Close(char c) {
    const char wanted = open_.back() == '{' ? '}' : ']';
    if (c != wanted)
      return wanted == '}' ? "a comma or } was expected" : "a comma or ] was expected";
    ++at_;
    open_.pop_back();
    AfterValue();
    return nullptr;
  }

  void AfterValue() { next_ = open_.empty() ? kEnd : kCommaOrClose; }

  const char* Value(char c) {
    if (c == '{' || c == '[') {
      if (open_.size() >= kJsonDepthMax) return "nested too deep";
      ++at_;
      open_.push_back(c);
      next_ = c == '{' ? kKeyOrClose : kValueOrClose;
      return nullptr;
    }
    AfterValue();
    if (c == '"') return String();
    if (c == '-' || IsDigit(c)) return Number();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return nullptr;
    }
    return "a value was expected";
  }

  const char* Number() {
    size_t end = at_;
    while (end < text_.size() && IsNumberChar(text_[end])) ++end;
    if (!IsNumber(text_.substr(at_, end - at_))) return "not a number";
    at_ = end;
    return nullptr;
  }

  const char* String() {
    size_t end = at_ + 1;
    for (; end < text_.size() && text_[end] != '"'; ++end) {
      if (static_cast<unsigned char>(text_[end]) < 0x20) {
        at_ = end;
        return "a control character inside a string must be escaped";
      }
      if (text_[end] != '\\') continue;
      const bool unicode = end + 1 < text_.size() && text_[end + 1] == 'u';
      const bool known =
          end + 1 < text_.size() &&
          std::string_view("\"\\/bfnrt").find(text_[end + 1]) != std::string_view::npos;
      if (unicode ? !UnicodeEscape(text_, end).has_value() : !known) {
        at_ = end;
        return "an unknown escape";
      }
      ++end;
    }
    if (end >= text_.size()) return "a string without end";
    at_ = end + 1;
    return nullptr;
  }

  std::string_view text_;
  size_t at_ = 0;
  Next next_ = kValue;
  std::vector<char> open_;
};

}  // namespace

JsonFlaw FindJsonFlaw(std::string_view text) { return FlawFinder(text).Find(); }

std::string RepairJson(std::string_view text, bool* mended) {
  std::string out;
  out.reserve(text.size() + 64);
  bool in_string = false;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (in_string && c == '\\') {
      at += RepairEscape(text, at, out, mended);
      continue;
    }
    if (!in_string && IsNumberChar(c) && c != 'e' && c != 'E') {
      size_t end = at;
      while (end < text.size() && IsNumberChar(text[end])) ++end;
      const std::string_view number = text.substr(at, end - at);
      const std::string_view quote = IsHeldNumber(number) ? "" : "\"";
      out += quote;
      out += number;
      out += quote;
      at = end;
      continue;
    }
    if (c == '"') in_string = !in_string;
    // What needs no look is copied in runs: bodies may be large.
    size_t end = at + 1;
    while (end < text.size() && !NeedsLook(text[end], in_string)) ++end;
    out += text.substr(at, end - at);
    at = end;
  }
  return out;
}

simdjson::error_code JsonSource::TryParse(std::string_view text, simdjson::dom::element& root) {
  if (parser_.capacity() < text.size()) {
    const simdjson::error_code error =
        parser_.allocate(std::max<size_t>(text.size(), 4096), kJsonDepthMax);
    if (error != simdjson::SUCCESS) return error;
  }
  return parser_.parse(text.data(), text.size(), /*realloc_if_needed=*/false).get(root);
}

absl::Status JsonSource::Parse(std::string_view text, simdjson::dom::element& root, bool* mended) {
  simdjson::error_code error = TryParse(text, root);
  if (error == simdjson::UTF8_ERROR || error == simdjson::STRING_ERROR ||
      error == simdjson::NUMBER_ERROR) {
    std::string utf8;
    if (!IsUtf8(text)) {
      *mended = true;
      AppendMended(text, utf8);
    } else {
      utf8 = text;
    }
    repaired_ = RepairJson(utf8, mended);
    repaired_.reserve(repaired_.size() + kJsonPadding);
    error = TryParse(repaired_, root);
  }
  if (error == simdjson::SUCCESS) return absl::OkStatus();
  const JsonFlaw flaw = FindJsonFlaw(text);
  if (!flaw.words.empty()) {
    return InvalidArgument("broken JSON at byte {}: {}", flaw.offset, flaw.words);
  }
  return InvalidArgument("broken JSON: {}", simdjson::error_message(error));
}

}  // namespace pitot
