// cmd/view/table.h
//
// Rows in aligned columns, fitted to a terminal: the widest columns that may shrink are cut first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/view/terminal.h"

namespace pitot {

struct TableColumn {
  std::string title;
  bool right = false;   // Numbers.
  bool shrink = false;  // May be cut to fit.
  // Shown on terminals of at least that many columns, if there is room; of those that need not be
  // shown the widest from_width goes first. 0: always.
  size_t from_width = 0;
};

class Table {
 public:
  explicit Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

  // One cell a column; clean text. `style` is of the whole row.
  void AddRow(std::vector<std::string> cells, Style style = Style::kPlain);
  size_t rows() const { return rows_.size(); }

  std::string Render(const Terminal& terminal) const;

  // Whether columns side by side stay legible in that many columns of a terminal.
  bool Fits(size_t width) const;
  // One line a cell: "name  value", a blank line between rows.
  std::string RenderRows(const Terminal& terminal) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    Style style;
  };
  // Columns shown, and how wide each is.
  struct Shown {
    size_t column;
    size_t width;
  };
  std::vector<Shown> Layout(size_t width) const;
  void DropOptional(size_t width, std::vector<Shown>& shown) const;

  const std::vector<TableColumn> columns_;
  std::vector<Row> rows_;
};

}  // namespace pitot
