#include "cmd/view/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>

namespace pitot {
namespace {

constexpr size_t kWidthMin = 40;
constexpr size_t kWidthMax = 400;

struct Range {
  char32_t first;
  char32_t last;
};

// East Asian wide and emoji. Source: Unicode 15, EastAsianWidth.txt, in coarse blocks.
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};
// Combining marks, joiners, variation selectors, marks of direction.
constexpr Range kNoWidth[] = {
    {0x0300, 0x036F}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2069},
    {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
};

template <size_t N>
bool In(const Range (&ranges)[N], char32_t c) {
  return std::ranges::any_of(ranges, [c](const Range& r) { return c >= r.first && c <= r.last; });
}

// The code point at the front of `text`, taken off; bad bytes are U+FFFD.
char32_t Take(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t bytes = lead < 0x80   ? 1
                       : lead < 0xC2 ? 0
                       : lead < 0xE0 ? 2
                       : lead < 0xF0 ? 3
                       : lead < 0xF5 ? 4
                                     : 0;
  char32_t code = bytes == 1 ? lead : lead & (0xFF >> (bytes + 1));
  bool good = bytes != 0 && bytes <= text.size();
  for (size_t i = 1; good && i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    good = (next & 0xC0) == 0x80;
    code = (code << 6) | (next & 0x3F);
  }
  text.remove_prefix(good ? bytes : 1);
  return good ? code : 0xFFFD;
}

size_t WidthOf(char32_t c) { return In(kNoWidth, c) ? 0 : In(kWide, c) ? 2 : 1; }

bool IsControl(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

std::string Clean(std::string_view text, bool keep_breaks) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t c = Take(text);
    if (c == '\n' && keep_breaks) {
      out += '\n';
    } else if (c == '\n' || c == '\t') {
      out += ' ';
    } else if (c == 0xFFFD) {
      out += "\uFFFD";
    } else if (!IsControl(c)) {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out;
}

}  // namespace

Terminal StdoutTerminal() {
  Terminal terminal;
  winsize size = {};
  const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) {
    terminal.width = size.ws_col;
  } else if (const char* columns = std::getenv("COLUMNS"); columns != nullptr) {
    const std::string_view text(columns);
    std::from_chars(text.data(), text.data() + text.size(), terminal.width);
  }
  terminal.width = std::clamp(terminal.width, kWidthMin, kWidthMax);
  const char* no_colour = std::getenv("NO_COLOR");
  terminal.colour = is_terminal && (no_colour == nullptr || *no_colour == '\0');
  return terminal;
}

std::string Styled(const Terminal& terminal, Style style, std::string_view text) {
  if (!terminal.colour || style == Style::kPlain || text.empty()) return std::string(text);
  constexpr int kCodes[] = {0, 1, 2, 31, 32, 33, 34, 35, 36};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<size_t>(style)], text);
}

std::string CleanLine(std::string_view text) { return Clean(text, false); }
std::string CleanText(std::string_view text) { return Clean(text, true); }

size_t TextWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) width += WidthOf(Take(text));
  return width;
}

std::string Fit(std::string_view text, size_t width) {
  if (TextWidth(text) <= width) return std::string(text);
  if (width == 0) return "";
  std::string_view left = text;
  size_t used = 0;
  while (!left.empty()) {
    std::string_view next = left;
    const size_t columns = WidthOf(Take(next));
    if (used + columns > width - 1) break;
    used += columns;
    left = next;
  }
  return std::string(text.substr(0, text.size() - left.size())) + "…";
}

std::string PadRight(std::string text, size_t width) {
  const size_t used = TextWidth(text);
  if (used < width) text.append(width - used, ' ');
  return text;
}

std::string PadLeft(std::string text, size_t width) {
  const size_t used = TextWidth(text);
  if (used < width) text.insert(0, width - used, ' ');
  return text;
}

}  // namespace pitot
