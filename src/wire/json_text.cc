#include "wire/json_text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace pitot {
namespace {

constexpr bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsPlain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The value of four hex digits, or -1.
int HexUnit(const char* p) {
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexDigit(p[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

char* WriteUtf8(uint32_t code, char* to) {
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *to++ = static_cast<char>(0xc0 | code >> 6);
    *to++ = static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *to++ = static_cast<char>(0xe0 | code >> 12);
    *to++ = static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *to++ = static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *to++ = static_cast<char>(0xf0 | code >> 18);
    *to++ = static_cast<char>(0x80 | (code >> 12 & 0x3f));
    *to++ = static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *to++ = static_cast<char>(0x80 | (code & 0x3f));
  }
  return to;
}

void AppendUtf8(uint32_t code, std::string& out) {
  char bytes[4];
  out.append(bytes, WriteUtf8(code, bytes));
}

// What a backslash and this byte mean; 0: nothing, or more bytes follow.
constexpr std::array<char, 256> kShortEscapes = [] {
  std::array<char, 256> table = {};
  table['"'] = '"';
  table['\\'] = '\\';
  table['/'] = '/';
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}();

// Reads the escape at `p` (a backslash of an accepted string), sets `code` and returns what
// follows.
const char* ReadEscape(const char* p, const char* end, uint32_t* code) {
  if (const char meant = kShortEscapes[static_cast<unsigned char>(p[1])]; meant != 0) {
    *code = static_cast<unsigned char>(meant);
    return p + 2;
  }
  constexpr uint32_t kReplacement = 0xfffd;
  const int unit = HexUnit(p + 2);
  p += 6;
  if (unit < 0xd800 || unit > 0xdfff) {
    *code = static_cast<uint32_t>(unit);
    return p;
  }
  *code = kReplacement;
  if (unit > 0xdbff || end - p < 6 || p[0] != '\\' || p[1] != 'u') return p;
  const int low = HexUnit(p + 2);
  if (low < 0xdc00 || low > 0xdfff) return p;
  *code = 0x10000 + ((static_cast<uint32_t>(unit) - 0xd800) << 10) +
          (static_cast<uint32_t>(low) - 0xdc00);
  return p + 6;
}

// Bytes of the escape at `p`; 0: it is none, or cut off.
size_t EscapeLength(const char* p, const char* end) {
  if (*p != '\\' || end - p < 2) return 0;
  if (p[1] == 'u') return end - p >= 6 && HexUnit(p + 2) >= 0 ? 6 : 0;
  return kShortEscapes[static_cast<unsigned char>(p[1])] != 0 ? 2 : 0;
}

#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
// Vector extensions of GCC and Clang: 16 bytes a step on every processor we build for.
typedef uint8_t Bytes16 __attribute__((vector_size(16)));

Bytes16 SpecialOf(const char* p) {
  Bytes16 bytes;
  std::memcpy(&bytes, p, 16);
  return (Bytes16)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
}
#endif

// Sets bit i of `special` for each byte p[i] that may not stand in a JSON string unescaped. Returns how
// many bytes it looked at: at most 64, 0 at the end.
size_t FindSpecial(const char* p, const char* end, uint64_t* special) {
  size_t size = static_cast<size_t>(end - p);
  uint64_t bits = 0;
#if defined(__SSE2__)
  size = size >= 64 ? 64 : size >= 16 ? 16 : size;
  if (size >= 16) {
    for (size_t i = 0; i < size; i += 16) {
      const auto found = std::bit_cast<__m128i>(SpecialOf(p + i));
      bits |= uint64_t{static_cast<uint32_t>(_mm_movemask_epi8(found))} << i;
    }
    *special = bits;
    return size;
  }
#endif
  size = std::min<size_t>(size, 64);
  for (size_t i = 0; i < size; ++i) {
    if (!IsPlain(p[i])) bits |= uint64_t{1} << i;
  }
  *special = bits;
  return size;
}

// Appends a character that PlainRun stopped at, escaped.
void AppendEscaped(unsigned char c, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

// `p` points at the opening quote of an accepted string; returns what follows the closing one.
const char* AppendCanonicalString(const char* p, const char* end, std::string& out) {
  out += *p++;
  while (true) {
    const size_t run = PlainRun(p, end);
    out.append(p, run);
    p += run;
    if (*p == '"') {
      out += '"';
      return p + 1;
    }
    uint32_t code = 0;
    p = ReadEscape(p, end, &code);
    if (code < 0x80 && !IsPlain(static_cast<char>(code))) {
      AppendEscaped(static_cast<unsigned char>(code), out);
    } else {
      AppendUtf8(code, out);
    }
  }
}

}  // namespace

size_t PlainRun(const char* p, const char* end) {
  const char* const start = p;
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  while (end - p >= 16) {
    const auto halves = std::bit_cast<std::array<uint64_t, 2>>(SpecialOf(p));
    if ((halves[0] | halves[1]) != 0) {
      const size_t at = halves[0] != 0 ? static_cast<size_t>(std::countr_zero(halves[0])) / 8
                                       : 8 + static_cast<size_t>(std::countr_zero(halves[1])) / 8;
      return static_cast<size_t>(p - start) + at;
    }
    p += 16;
  }
#endif
  while (p < end && IsPlain(*p)) ++p;
  return static_cast<size_t>(p - start);
}

bool JsonCursor::Value(std::string_view* raw) {
  Peek();
  const char* const from = p_;
  if (!SkipValue(depth_max_)) return false;
  *raw = {from, static_cast<size_t>(p_ - from)};
  return true;
}

bool JsonCursor::String(std::string_view* inside) {
  if (Peek() != '"' || p_ == end_) return false;
  const char* const from = p_ + 1;
  if (!SkipString()) return false;
  *inside = {from, static_cast<size_t>(p_ - 1 - from)};
  return true;
}

bool JsonCursor::Object(std::vector<JsonMember>& members) {
  if (!Take('{')) return false;
  if (Take('}')) return true;
  do {
    if (Peek() != '"') return false;
    const char* const key = p_ + 1;
    if (!SkipString()) return false;
    JsonMember member{{key, static_cast<size_t>(p_ - 1 - key)}, {}};
    if (!Take(':') || !Value(&member.value)) return false;
    members.push_back(member);
  } while (Take(','));
  return Take('}');
}

bool JsonCursor::SkipValue(int depth) {
  switch (Peek()) {
    case '"':
      return SkipString();
    case 't':
      return SkipWord("true");
    case 'f':
      return SkipWord("false");
    case 'n':
      return SkipWord("null");
    case '{': {
      if (depth == 0) return false;
      ++p_;
      if (Take('}')) return true;
      do {
        if (Peek() != '"' || !SkipString() || !Take(':') || !SkipValue(depth - 1)) return false;
      } while (Take(','));
      return Take('}');
    }
    case '[': {
      if (depth == 0) return false;
      ++p_;
      if (Take(']')) return true;
      do {
        if (!SkipValue(depth - 1)) return false;
      } while (Take(','));
      return Take(']');
    }
    default:
      return SkipNumber();
  }
}

// Long strings with an escape every few bytes (tool results, code) are most of a request, so 64 bytes
// are looked at in one go.
bool JsonCursor::SkipString() {
  const char* p = p_ + 1;  // Behind the opening quote.
  while (true) {
    uint64_t special = 0;
    const size_t block = FindSpecial(p, end_, &special);
    if (block == 0) return false;
    while (special != 0) {
      const int at = std::countr_zero(special);
      if (p[at] == '"') {
        p_ = p + at + 1;
        return true;
      }
      const size_t length = EscapeLength(p + at, end_);
      if (length == 0) return false;
      const size_t next = static_cast<size_t>(at) + length;
      if (next >= block) {
        p += next - block;
        break;
      }
      special &= ~uint64_t{0} << next;
    }
    p += block;
  }
}

bool JsonCursor::SkipNumber() {
  const auto digits = [this] {
    const char* const from = p_;
    while (p_ < end_ && IsDigit(*p_)) ++p_;
    return p_ != from;
  };
  if (p_ < end_ && *p_ == '-') ++p_;
  if (p_ < end_ && *p_ == '0') {
    ++p_;
  } else if (!digits()) {
    return false;
  }
  if (p_ < end_ && *p_ == '.') {
    ++p_;
    if (!digits()) return false;
  }
  if (p_ < end_ && (*p_ | 0x20) == 'e') {
    ++p_;
    if (p_ < end_ && (*p_ == '+' || *p_ == '-')) ++p_;
    if (!digits()) return false;
  }
  return true;
}

bool JsonCursor::SkipWord(std::string_view word) {
  if (!std::string_view(p_, static_cast<size_t>(end_ - p_)).starts_with(word)) return false;
  p_ += word.size();
  return true;
}

bool IsJson(std::string_view text) {
  JsonCursor cursor(text);
  std::string_view raw;
  return cursor.Value(&raw) && cursor.AtEnd();
}

void AppendCanonical(std::string_view raw, std::string& out) {
  const char* p = raw.data();
  const char* const end = p + raw.size();
  while (p < end) {
    if (*p == '"') {
      p = AppendCanonicalString(p, end, out);
    } else {
      if (!IsSpace(*p)) out += *p;
      ++p;
    }
  }
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  const char* p = text.data();
  const char* const end = p + text.size();
  while (true) {
    const size_t run = PlainRun(p, end);
    out.append(p, run);
    p += run;
    if (p == end) break;
    AppendEscaped(static_cast<unsigned char>(*p++), out);
  }
  out += '"';
}

void AppendUnquoted(std::string_view raw, std::string& out) {
  const char* p = raw.data() + 1;
  const char* const end = raw.data() + raw.size() - 1;
  // No escape means more bytes than it has.
  const size_t before = out.size();
  out.resize(before + static_cast<size_t>(end - p));
  char* to = out.data() + before;
  while (p < end) {
    const size_t run = PlainRun(p, end);
    std::memcpy(to, p, run);
    to += run;
    p += run;
    if (p == end) break;
    uint32_t code = 0;
    p = ReadEscape(p, end, &code);
    to = WriteUtf8(code, to);
  }
  out.resize(static_cast<size_t>(to - out.data()));
}

}  // namespace pitot
