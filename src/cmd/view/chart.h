// cmd/view/chart.h
//
// Shapes made of characters. Pure; widths in columns.
#pragma once

#include <span>
#include <string>

#include "cmd/view/terminal.h"

namespace pitot {

// "██████▌   ": `fraction` (0 to 1) of `width` columns in eighths, padded with blanks. What is more
// than nothing shows at least an eighth.
std::string Bar(double fraction, size_t width);

// "━━━━······": how far work has come, 30 columns.
std::string ProgressBar(double fraction);

// "▁▂▅█▃": one column a value, relative to the largest; zero is a blank, negative counts as zero.
std::string Sparkline(std::span<const double> values);

// "  ├──▪────┤ ": where `low`, `middle` and `high` stand between `from` and `to` on a logarithmic
// scale. Empty when there is no such scale (from <= 0, to <= from).
std::string RangeStrip(double low, double middle, double high, double from, double to,
                       size_t width);

// " ░▒▓█": how much of `most` `count` is, by root, so that few are seen beside many.
std::string_view Shade(double count, double most);

}  // namespace pitot
