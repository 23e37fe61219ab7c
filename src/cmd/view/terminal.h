// cmd/view/terminal.h
//
// Text made for a terminal: how wide it is, whether it has colours, how many columns a text takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pitot {

struct Terminal {
  size_t width = 100;  // Columns.
  bool colour = false;
};

// Of standard output: the width from the terminal, else COLUMNS, else 100; colours on a terminal
// only, and not with NO_COLOR.
Terminal StdoutTerminal();

enum class Style { kPlain, kBold, kDim, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan };

// `text` in that style; unchanged without colours.
std::string Styled(const Terminal& terminal, Style style, std::string_view text);

// One line without control characters: text from spans is a stranger's, and terminals obey escapes.
std::string CleanLine(std::string_view text);
// The same, but line breaks stay.
std::string CleanText(std::string_view text);

// Columns that clean UTF-8 text takes.
size_t TextWidth(std::string_view text);

// `text` cut to `width` columns, with "…" when something was cut.
std::string Fit(std::string_view text, size_t width);
std::string PadRight(std::string text, size_t width);
std::string PadLeft(std::string text, size_t width);

}  // namespace pitot
