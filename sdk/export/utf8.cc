#include "sdk/export/utf8.h"

#include <cstdint>
#include <cstring>

#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Step {
  size_t bytes;  // To pass over; at least 1.
  bool valid;
};

// The character at the start of `text`, or the longest start of one that cannot go on.
Step FirstCharacter(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte also excludes long forms, surrogates and what is beyond U+10FFFF.
  const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {i, false};
    const bool fits =
        i == 1 ? byte(i) >= low && byte(i) <= high : byte(i) >= 0x80 && byte(i) <= 0xBF;
    if (!fits) return {i, false};
  }
  return {length, true};
}

// Bytes up to the first one that is not ASCII.
size_t AsciiRun(std::string_view text) {
  size_t i = 0;
  for (uint64_t word = 0; i + sizeof(word) <= text.size(); i += sizeof(word)) {
    std::memcpy(&word, text.data() + i, sizeof(word));
    if ((word & 0x8080808080808080ULL) != 0) break;
  }
  while (i < text.size() && static_cast<uint8_t>(text[i]) < 0x80) ++i;
  return i;
}

// Bytes of valid UTF-8 at the start.
size_t ValidRun(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    i += AsciiRun(text.substr(i));
    if (i == text.size()) break;
    const Step step = FirstCharacter(text.substr(i));
    if (!step.valid) break;
    i += step.bytes;
  }
  return i;
}

}  // namespace

bool IsUtf8(std::string_view text) { return ValidRun(text) == text.size(); }

std::string_view Utf8(std::string_view text, std::string* scratch) {
  size_t valid = ValidRun(text);
  if (valid == text.size()) return text;
  scratch->clear();
  scratch->reserve(text.size() + 16);
  while (true) {
    scratch->append(text.substr(0, valid));
    text.remove_prefix(valid);
    if (text.empty()) return *scratch;
    text.remove_prefix(FirstCharacter(text).bytes);
    scratch->append(kReplacement);
    valid = ValidRun(text);
  }
}

void AppendJsonText(std::string_view text, std::string& out) {
  std::string scratch;
  AppendQuoted(Utf8(text, &scratch), out);
}

}  // namespace sdk
}  // namespace pitot
