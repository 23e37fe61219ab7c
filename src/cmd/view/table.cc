#include "cmd/view/table.h"

#include <algorithm>

namespace pitot {
namespace {
constexpr size_t kGap = 2;
constexpr size_t kCellMin = 6;
// What may be cut stays legible at this width: optional columns go first.
constexpr size_t kCellComfort = 24;
}  // namespace

void Table::AddRow(std::vector<std::string> cells, Style style) {
  cells.resize(columns_.size());
  rows_.push_back({std::move(cells), style});
}

// Takes columns off that need not be shown, the least needed first, until the others fit.
void Table::DropOptional(size_t width, std::vector<Shown>& shown) const {
  const auto needed = [&] {
    size_t total = shown.empty() ? 0 : (shown.size() - 1) * kGap;
    for (const Shown& one : shown) {
      total += columns_[one.column].shrink ? std::min(one.width, kCellComfort) : one.width;
    }
    return total;
  };
  const auto from_width = [&](const Shown& one) { return columns_[one.column].from_width; };
  while (needed() > width) {
    const auto least = std::ranges::max_element(shown, {}, from_width);
    if (least == shown.end() || from_width(*least) == 0) return;
    shown.erase(least);
  }
}

std::vector<Table::Shown> Table::Layout(size_t width) const {
  std::vector<Shown> shown;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].from_width > width) continue;
    size_t widest = TextWidth(columns_[i].title);
    for (const Row& row : rows_) widest = std::max(widest, TextWidth(row.cells[i]));
    shown.push_back({i, widest});
  }
  DropOptional(width, shown);
  size_t total = shown.empty() ? 0 : (shown.size() - 1) * kGap;
  for (const Shown& one : shown) total += one.width;
  while (total > width) {
    Shown* widest = nullptr;
    for (Shown& one : shown) {
      if (!columns_[one.column].shrink || one.width <= kCellMin) continue;
      if (widest == nullptr || one.width > widest->width) widest = &one;
    }
    if (widest == nullptr) break;  // Nothing left to cut: the terminal wraps.
    --widest->width;
    --total;
  }
  return shown;
}

std::string Table::Render(const Terminal& terminal) const {
  const std::vector<Shown> shown = Layout(terminal.width);
  const auto line = [&](const auto& text_of, Style style) {
    std::string out;
    for (const auto& [column, width] : shown) {
      const std::string cell = Fit(text_of(column), width);
      if (column != shown.front().column) out.append(kGap, ' ');
      out += columns_[column].right ? PadLeft(cell, width) : PadRight(cell, width);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return Styled(terminal, style, out) + "\n";
  };
  std::string out = line([&](size_t i) { return columns_[i].title; }, Style::kDim);
  for (const Row& row : rows_) out += line([&](size_t i) { return row.cells[i]; }, row.style);
  return out;
}

bool Table::Fits(size_t width) const {
  size_t total = 0;
  for (const Shown& one : Layout(width)) {
    total += one.width + (total == 0 ? 0 : kGap);
    // Cut to a stump while others were cut, too: nobody can read that.
    const bool is_cut = one.width < TextWidth(columns_[one.column].title);
    if (is_cut && one.width <= kCellMin) return false;
  }
  return total <= width;
}

std::string Table::RenderRows(const Terminal& terminal) const {
  size_t names = 0;
  for (const TableColumn& column : columns_) names = std::max(names, TextWidth(column.title));
  names = std::min(names, terminal.width / 2);
  std::string out;
  for (const Row& row : rows_) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string name = PadRight(Fit(columns_[i].title, names), names + kGap);
      const std::string value = Fit(row.cells[i], terminal.width - names - kGap);
      out += value.empty() ? Styled(terminal, Style::kDim, Fit(columns_[i].title, names))
                           : Styled(terminal, Style::kDim, name) + value;
      out += "\n";
    }
    out += "\n";
  }
  return out;
}

}  // namespace pitot
