#include "cmd/view/chart.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace pitot {

std::string Bar(double fraction, size_t width) {
  constexpr std::string_view kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(fraction > 0)) return std::string(width, ' ');
  const double columns = std::min(fraction, 1.0) * static_cast<double>(width);
  const auto eighths = std::max(size_t{1}, static_cast<size_t>(std::lround(columns * 8)));
  std::string bar;
  for (size_t i = 0; i < eighths / 8; ++i) bar += "█";
  bar += kEighths[eighths % 8];
  return PadRight(bar, width);
}

std::string ProgressBar(double fraction) {
  constexpr size_t kWidth = 30;
  const auto filled = static_cast<size_t>(kWidth * std::clamp(fraction, 0.0, 1.0));
  std::string bar;
  for (size_t i = 0; i < kWidth; ++i) bar += i < filled ? "━" : "·";
  return bar;
}

std::string Sparkline(std::span<const double> values) {
  constexpr std::string_view kLevels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double most = 0;
  for (const double value : values) most = std::max(most, value);
  std::string line;
  for (const double value : values) {
    if (!(value > 0)) {
      line += ' ';
      continue;
    }
    const auto level = static_cast<size_t>(value / most * 8);
    line += kLevels[std::min(level, std::size(kLevels) - 1)];
  }
  return line;
}

std::string RangeStrip(double low, double middle, double high, double from, double to,
                       size_t width) {
  if (!(from > 0) || !(to > from) || !(low > 0) || width < 3) return std::string(width, ' ');
  const auto column = [&](double value) {
    const double at = std::log(value / from) / std::log(to / from);
    return static_cast<size_t>(
        std::lround(std::clamp(at, 0.0, 1.0) * static_cast<double>(width - 1)));
  };
  std::vector<std::string_view> cells(width, " ");
  const size_t first = column(low);
  const size_t last = column(std::max(high, low));
  for (size_t i = first; i <= last; ++i) cells[i] = "─";
  cells[first] = "├";
  cells[last] = "┤";
  cells[column(std::clamp(middle, low, std::max(high, low)))] = "▪";
  std::string strip;
  for (const std::string_view cell : cells) strip += cell;
  return strip;
}

std::string_view Shade(double count, double most) {
  constexpr std::string_view kShades[] = {"·", "░", "▒", "▓", "█"};
  if (!(count > 0) || !(most > 0)) return " ";
  const double share = std::sqrt(count / most);
  return kShades[std::min(static_cast<size_t>(share * 5), std::size(kShades) - 1)];
}

}  // namespace pitot
