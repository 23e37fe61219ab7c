// wire/json_text.h
//
// Reading and rewriting JSON text in place, without building a tree: requests of megabytes pass
// through, and normalize/ moves long texts from one JSON shape into another, so the work is finding
// where strings end, not interpreting them.
//
// The canonical form of a JSON text: no white space outside strings; each string with the fewest
// escapes (\" \\ \b \f \n \r \t, \u00XX for other control characters, everything else as UTF-8;
// half of a surrogate pair becomes U+FFFD); numbers and key order as they came. Equal values
// written by clients with different habits (`\u00e9`, `\/`, spaces) thus become equal bytes.
//
// Thread-safety: none. Nothing here allocates except by growing the output string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

// Bytes from `p` on that may stand in a JSON string unescaped.
size_t PlainRun(const char* p, const char* end);

struct JsonMember {
  std::string_view key;    // Between the quotes, escapes not undone.
  std::string_view value;  // One JSON value, white space inside it kept.
};

// A cursor over JSON text. Each call checks what it passes over (RFC 8259); after a false the text
// is not JSON and the cursor is of no use.
class JsonCursor {
 public:
  // Values nested deeper than `depth_max` count as malformed.
  explicit JsonCursor(std::string_view text, int depth_max = 128)
      : p_(text.data()), end_(p_ + text.size()), depth_max_(depth_max) {}

  // The next byte that is not white space; 0 at the end. Consumes white space only.
  char Peek() {
    while (p_ < end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) ++p_;
    return p_ < end_ ? *p_ : '\0';
  }
  // Consumes `c` if it is next.
  [[nodiscard]] bool Take(char c) {
    if (Peek() != c || p_ == end_) return false;
    ++p_;
    return true;
  }
  // Passes over one value of any type.
  [[nodiscard]] bool Value(std::string_view* raw);
  // Passes over one value of any type.
  [[nodiscard]] bool Skip() { return SkipValue(depth_max_); }
  // Passes over one string; `inside` is what stands between its quotes, escapes not undone.
  [[nodiscard]] bool String(std::string_view* inside);
  // Passes over one object, appending its members.
  [[nodiscard]] bool Object(std::vector<JsonMember>& members);
  const char* position() const { return p_; }
  // True when nothing but white space is left.
  bool AtEnd() { return Peek() == 0 && p_ == end_; }

 private:
  bool SkipValue(int depth);
  bool SkipString();
  bool SkipNumber();
  bool SkipWord(std::string_view word);

  const char* p_;
  const char* end_;
  int depth_max_;
};

// True when `text` is exactly one JSON value.
bool IsJson(std::string_view text);

// Appends the canonical form. REQUIRES: `raw` was accepted by JsonCursor.
void AppendCanonical(std::string_view raw, std::string& out);

// Appends `text` as a JSON string, with quotes.
void AppendQuoted(std::string_view text, std::string& out);

// Appends what a JSON string means. REQUIRES: `raw` is a string accepted by JsonCursor, with its
// quotes.
void AppendUnquoted(std::string_view raw, std::string& out);

}  // namespace pitot
