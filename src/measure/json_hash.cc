#include "measure/json_hash.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

namespace pitot {
namespace {

constexpr int kDepthMax = 64;

// What kind of value a hash is of, so that "1" is not 1.
enum Tag : uint64_t { kText = 1, kObject, kArray, kInteger, kReal, kTrue, kFalse, kNull, kRaw };

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// Of a member's name without case, "_" and "-".
uint64_t FoldedName(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (char c : name) {
    if (c == '_' || c == '-') continue;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

// The first quote or backslash at or after `p`, eight bytes at a time.
const char* FindQuoteOrEscape(const char* p, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101ULL;
  constexpr uint64_t kHighs = 0x8080808080808080ULL;
  while (end - p >= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    const uint64_t quote = word ^ (kOnes * '"');
    const uint64_t escape = word ^ (kOnes * '\\');
    const uint64_t found = (((quote - kOnes) & ~quote) | ((escape - kOnes) & ~escape)) & kHighs;
    if (found != 0) break;
    p += 8;
  }
  while (p != end && *p != '"' && *p != '\\') ++p;
  return p;
}

void AppendUtf8(uint32_t code, std::string& out) {
  const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

std::optional<uint32_t> ReadHex4(const char* p, const char* end) {
  if (end - p < 4) return std::nullopt;
  uint32_t code = 0;
  const auto [stop, error] = std::from_chars(p, p + 4, code, 16);
  if (error != std::errc() || stop != p + 4) return std::nullopt;
  return code;
}

// Appends what the escape after a backslash at `p` says; the place after it, or null.
const char* Unescape(const char* p, const char* end, std::string& out) {
  if (p == end) return nullptr;
  constexpr std::string_view kFrom = "\"\\/bfnrt";
  constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
  const size_t at = kFrom.find(*p);
  if (at != std::string_view::npos) {
    out.push_back(kTo[at]);
    return p + 1;
  }
  if (*p != 'u') return nullptr;
  const std::optional<uint32_t> code = ReadHex4(p + 1, end);
  if (!code) return nullptr;
  p += 5;
  if (*code >= 0xd800 && *code < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
    const std::optional<uint32_t> low = ReadHex4(p + 2, end);
    if (low && *low >= 0xdc00 && *low < 0xe000) {
      AppendUtf8(0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00), out);
      return p + 6;
    }
  }
  AppendUtf8(*code, out);
  return p;
}

// Appends a character as every writer escapes it that escapes no more than it must.
void AppendEscaped(char c, std::string& out) {
  constexpr std::string_view kFrom = "\"\\\b\f\n\r\t";
  constexpr std::string_view kTo = "\"\\bfnrt";
  const size_t at = kFrom.find(c);
  if (at != std::string_view::npos) {
    out.push_back('\\');
    c = kTo[at];
  }
  out.push_back(c);
}

std::string Unescaped(std::string_view escaped) {
  std::string out;
  out.reserve(escaped.size());
  const char* p = escaped.data();
  const char* const end = p + escaped.size();
  while (p != end) {
    const char* const escape = static_cast<const char*>(std::memchr(p, '\\', end - p));
    out.append(p, escape == nullptr ? end : escape);
    if (escape == nullptr) break;
    p = Unescape(escape + 1, end, out);
    if (p == nullptr) break;
  }
  return out;
}

// White space at the ends of escaped text, also where it is escaped.
std::string_view TrimEscaped(std::string_view text) {
  const auto blank = [](std::string_view two) {
    return two == "\\n" || two == "\\r" || two == "\\t";
  };
  while (!text.empty()) {
    if (IsSpace(text.front())) {
      text.remove_prefix(1);
    } else if (blank(text.substr(0, 2))) {
      text.remove_prefix(2);
    } else if (IsSpace(text.back())) {
      text.remove_suffix(1);
    } else if (text.size() >= 2 && blank(text.substr(text.size() - 2))) {
      text.remove_suffix(2);
    } else {
      break;
    }
  }
  return text;
}

}  // namespace

// Hashes one text from its start to its end. Anything that is not JSON ends it: failed_.
class JsonHasher::Reader {
 public:
  Reader(const JsonHasher& hasher, std::string_view json, int depth)
      : hasher_(hasher), p_(json.data()), end_(json.data() + json.size()), depth_(depth) {}

  std::optional<uint64_t> Whole() {
    const uint64_t hash = Value().hash;
    SkipSpace();
    if (failed_ || p_ != end_) return std::nullopt;
    return hash;
  }

 private:
  struct Hashed {
    uint64_t hash = 0;
    Tag tag = kNull;
  };

  void SkipSpace() {
    while (p_ != end_ && IsSpace(*p_)) ++p_;
  }

  bool Take(char c) {
    SkipSpace();
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }

  Hashed Fail() {
    failed_ = true;
    p_ = end_;
    return {};
  }

  Hashed Of(Tag tag, uint64_t value) const {
    return {MixHashes(value ^ hasher_.options_.seed, tag), tag};
  }

  Hashed Value() {
    SkipSpace();
    if (p_ == end_ || depth_ >= kDepthMax) return Fail();
    switch (*p_) {
      case '{':
        return Object();
      case '[':
        return Array();
      case '"': {
        ++p_;
        std::string buffer;
        const std::optional<std::string_view> text = String(buffer);
        return text ? Text(*text) : Fail();
      }
      case 't':
        return Word("true", kTrue);
      case 'f':
        return Word("false", kFalse);
      case 'n':
        return Word("null", kNull);
      default:
        return Number();
    }
  }

  Hashed Word(std::string_view word, Tag tag) {
    if (static_cast<size_t>(end_ - p_) < word.size() || std::string_view(p_, word.size()) != word) {
      return Fail();
    }
    p_ += word.size();
    return Of(tag, 0);
  }

  // After the opening quote; what stands before the closing one, escaped as AppendEscaped does. As a
  // rule that is how it came, and the view is into the text; else into `buffer`.
  std::optional<std::string_view> String(std::string& buffer) {
    const char* const start = p_;
    while (true) {
      p_ = FindQuoteOrEscape(p_, end_);
      if (end_ - p_ < 2) break;
      if (*p_ == '"') return std::string_view(start, static_cast<size_t>(p_++ - start));
      const char escaped = p_[1];
      if (escaped == 'u' || escaped == '/') return Rewritten(start, buffer);
      if (std::string_view("\"\\bfnrt").find(escaped) == std::string_view::npos) break;
      p_ += 2;
    }
    if (p_ != end_ && *p_ == '"') return std::string_view(start, static_cast<size_t>(p_++ - start));
    p_ = end_;
    return std::nullopt;
  }

  // The same, from an escape on that others write differently.
  std::optional<std::string_view> Rewritten(const char* start, std::string& buffer) {
    buffer.assign(start, p_);
    std::string character;
    while (p_ != end_ && *p_ == '\\') {
      character.clear();
      p_ = Unescape(p_ + 1, end_, character);
      if (p_ == nullptr) break;
      for (const char c : character) AppendEscaped(c, buffer);
      const char* const plain = p_;
      p_ = FindQuoteOrEscape(p_, end_);
      buffer.append(plain, p_);
    }
    if (p_ == nullptr || p_ == end_) {
      p_ = end_;
      return std::nullopt;
    }
    ++p_;
    return buffer;
  }

  Hashed Text(std::string_view escaped) const {
    if (hasher_.options_.read_strings) {
      const std::string_view inner = TrimEscaped(escaped);
      const bool like_json = inner.size() >= 2 && ((inner.front() == '{' && inner.back() == '}') ||
                                                   (inner.front() == '[' && inner.back() == ']'));
      if (like_json) {
        const std::string text = Unescaped(inner);
        const std::optional<uint64_t> hash = Reader(hasher_, text, depth_ + 1).Whole();
        if (hash) return {*hash, kText};
      }
    }
    return Of(kText, HashBytes(escaped, hasher_.options_.seed));
  }

  Hashed Number() {
    const char* const start = p_;
    bool whole = true;
    if (p_ != end_ && *p_ == '-') ++p_;
    if (p_ == end_ || !IsDigit(*p_) || (*p_ == '0' && p_ + 1 != end_ && IsDigit(p_[1]))) {
      return Fail();
    }
    for (; p_ != end_; ++p_) {
      if (IsDigit(*p_)) continue;
      if (*p_ != '.' && *p_ != 'e' && *p_ != 'E' && *p_ != '+' && *p_ != '-') break;
      whole = false;
    }
    const std::string_view digits(start, static_cast<size_t>(p_ - start));
    int64_t integer = 0;
    if (whole) {
      const auto error = std::from_chars(start, p_, integer).ec;
      // Longer than 64 bits: an id rather than a quantity.
      return error == std::errc() ? Of(kInteger, static_cast<uint64_t>(integer))
                                  : Of(kReal, HashBytes(digits));
    }
    double real = 0;
    const auto [stop, error] = std::from_chars(start, p_, real);
    if (stop != p_ || error != std::errc()) return Fail();
    if (std::abs(real) < 9.0e15 && real == std::trunc(real)) {
      return Of(kInteger, static_cast<uint64_t>(static_cast<int64_t>(real)));
    }
    uint64_t bits;
    std::memcpy(&bits, &real, 8);
    return Of(kReal, bits);
  }

  Hashed Array() {
    ++p_;
    ++depth_;
    uint64_t hash = 0;
    if (!Take(']')) {
      do {
        hash = MixHashes(hash, Value().hash);
      } while (Take(','));
      if (!Take(']')) return Fail();
    }
    --depth_;
    return Of(kArray, hash);
  }

  // Members are added up: their order is gone.
  Hashed Object() {
    ++p_;
    ++depth_;
    uint64_t sum = 0;
    if (!Take('}')) {
      std::string buffer;
      do {
        if (!Take('"')) return Fail();
        const std::optional<std::string_view> name = String(buffer);
        if (!name || !Take(':')) return Fail();
        sum += Member(*name);
      } while (Take(','));
      if (!Take('}')) return Fail();
    }
    --depth_;
    return Of(kObject, sum);
  }

  static uint64_t Pair(std::string_view name, uint64_t value) {
    return MixHashes(HashBytes(name), value);
  }

  // What the member adds to its object; 0: nothing. `name` may be overwritten by what follows, so
  // that it is judged first.
  uint64_t Member(std::string_view name) {
    const auto& names = hasher_.volatile_;
    const bool dropped =
        !names.empty() && std::binary_search(names.begin(), names.end(), FoldedName(name));
    const uint64_t pair_of_name = HashBytes(name);
    const bool message = hasher_.options_.message;
    const bool content = message && (name == "content" || name == "parts");
    const bool type = message && name == "type";
    Hashed value = Value();
    if (dropped || value.tag == kNull) return 0;
    if (content && value.tag == kText) {
      value = Of(kArray, MixHashes(0, Of(kObject, Pair("text", value.hash)).hash));
    }
    if (type && value.tag == kText) {
      const auto& silent = hasher_.silent_types_;
      if (std::ranges::find(silent, value.hash) != silent.end()) return 0;
    }
    return MixHashes(pair_of_name, value.hash);
  }

  const JsonHasher& hasher_;
  const char* p_;
  const char* const end_;
  int depth_;
  bool failed_ = false;
};

JsonHasher::JsonHasher(Options options) : options_(std::move(options)) {
  for (const std::string& name : options_.volatile_keys) volatile_.push_back(FoldedName(name));
  if (options_.message) {
    volatile_.push_back(FoldedName("cache_control"));
    for (const std::string_view type : {"text", "input_text", "output_text", "message"}) {
      silent_types_.push_back(MixHashes(HashBytes(type, options_.seed) ^ options_.seed, kText));
    }
  }
  std::ranges::sort(volatile_);
}

uint64_t JsonHasher::operator()(std::string_view json) const {
  const std::string_view text = Trim(json);
  const std::optional<uint64_t> hash = Reader(*this, text, 0).Whole();
  const uint64_t value = hash ? *hash : MixHashes(HashBytes(text, options_.seed), kRaw);
  return value == 0 ? 1 : value;
}

}  // namespace pitot
