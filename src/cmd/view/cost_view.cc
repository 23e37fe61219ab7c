// Cost as a table and as a tree.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "cmd/client.h"
#include "cmd/view/chart.h"
#include "cmd/view/figures.h"
#include "cmd/view/table.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kBarWidth = 12;
constexpr size_t kTrendWidthMax = 32;
constexpr size_t kTreeIndent = 2;

std::string CachedShare(const json::value& figures) {
  const double read = Number(Part(figures, "tokens"), "cache_read");
  const double input = Number(figures, "input_tokens");
  return input > 0 ? PercentText(read / input) : "";
}

std::string PerCall(const json::value& figures) {
  const double priced = Number(figures, "calls") - Number(figures, "unpriced_calls");
  if (IsNull(figures, "cost_usd") || priced <= 0) return "";
  return UsdText(Number(figures, "cost_usd") / priced);
}

std::vector<std::string> FieldsOf(const json::value& answer) {
  std::vector<std::string> fields;
  for (const json::value& field : List(answer, "by")) {
    if (field.is_string()) fields.emplace_back(field.get_string());
  }
  return fields;
}

std::vector<std::string> KeyCells(const std::vector<std::string>& fields,
                                  const json::value& group) {
  std::vector<std::string> cells;
  const json::value& key = Part(group, "key");
  for (const std::string& field : fields) cells.push_back(GroupText(field, Part(key, field)));
  return cells;
}

std::string KeyOf(const std::vector<std::string>& cells) {
  std::string key;
  for (const std::string& cell : cells) key += cell + '\x1f';
  return key;
}

// Sparklines by group: cost over the values of the last field of `trend`.
class Trends {
 public:
  Trends(const json::value& trend, const std::vector<std::string>& fields) {
    const std::vector<std::string> by = FieldsOf(trend);
    if (by.size() != fields.size() + 1) return;
    std::map<std::string, size_t> columns;
    for (const json::value& group : List(trend, "groups")) {
      columns.try_emplace(Text(Part(group, "key"), by.back()), 0);
    }
    if (columns.size() < 2) return;  // A point is no shape.
    size_t column = 0;
    for (auto& [time, at] : columns) at = column++;
    for (const json::value& group : List(trend, "groups")) {
      std::vector<double>& values = series_[KeyOf(KeyCells(fields, group))];
      values.resize(columns.size());
      values[columns[Text(Part(group, "key"), by.back())]] = Number(group, "cost_usd");
    }
  }

  bool any() const { return !series_.empty(); }

  std::string Line(const std::string& key) const {
    const auto found = series_.find(key);
    if (found == series_.end()) return "";
    const std::vector<double>& values = found->second;
    const size_t step = (values.size() + kTrendWidthMax - 1) / kTrendWidthMax;
    std::vector<double> columns((values.size() + step - 1) / step);
    for (size_t i = 0; i < values.size(); ++i) columns[i / step] += values[i];
    return Sparkline(columns);
  }

 private:
  std::map<std::string, std::vector<double>> series_;
};

std::string Headline(const json::value& answer, const Terminal& terminal) {
  const json::value& total = Part(answer, "total");
  std::string line = fmt::format("{} · {} · {} tokens in, {} out", MoneyText(total),
                                 Plural(Number(total, "calls"), "model call", "model calls"),
                                 ShortCount(Number(total, "input_tokens")),
                                 ShortCount(Number(total, "output_tokens")));
  if (const double unpriced = Number(total, "unpriced_calls"); unpriced > 0) {
    line += fmt::format(" · {} of unknown price", FormatCount(static_cast<uint64_t>(unpriced)));
  }
  return Styled(terminal, Style::kBold, Fit(line, terminal.width)) + "\n" +
         Styled(terminal, Style::kDim, WindowText(answer)) + "\n";
}

std::string ProjectionText(const json::value& answer, const Terminal& terminal) {
  const json::value& today = Part(answer, "projection");
  if (!today.is_object()) return "";
  std::string line = fmt::format("Today ({}): {} so far", Text(today, "timezone"),
                                 UsdText(Number(today, "spent_usd")));
  const json::value& seasonal = Part(today, "seasonal");
  if (seasonal.is_object()) {
    line += fmt::format(", about {} by midnight ({} to {}, as the last {:.0f} such days went)",
                        UsdText(Number(seasonal, "p50_usd")), UsdText(Number(seasonal, "p10_usd")),
                        UsdText(Number(seasonal, "p90_usd")), Number(seasonal, "days"));
  } else if (!IsNull(today, "linear_usd")) {
    line +=
        fmt::format(", about {} by midnight at this pace", UsdText(Number(today, "linear_usd")));
  } else if (const std::string why = Text(today, "gated"); !why.empty()) {
    line += "; " + why;
  }
  if (!IsNull(today, "mape")) {
    line += fmt::format("; such forecasts were off by {} on average",
                        PercentText(Number(today, "mape")));
  }
  return Wrapped(line, 0, terminal.width);
}

std::vector<std::string> FigureCells(const json::value& figures, double share) {
  return {MoneyText(figures),
          PercentText(share),
          Bar(share, kBarWidth),
          CountText(figures, "calls"),
          ShortCount(Number(figures, "input_tokens")),
          ShortCount(Number(figures, "output_tokens")),
          CachedShare(figures),
          PerCall(figures)};
}

std::string TreeLine(const json::value& node, double total, size_t depth,
                     const Terminal& terminal) {
  const double cost = Number(node, "cost_usd");
  const double share = total > 0 ? cost / total : 0;
  const std::string figures =
      fmt::format(" {:>10} {:>7} {} {:>7}", MoneyText(node), PercentText(share),
                  Bar(share, kBarWidth), ShortCount(Number(node, "calls")));
  const size_t names = terminal.width - std::min(terminal.width, TextWidth(figures));
  const std::string field = Text(node, "field");
  std::string name = Flag(node, "other")          ? "(the rest)"
                     : depth == 0                 ? "all"
                     : Text(node, "name").empty() ? fmt::format("(no {})", field)
                                                  : Text(node, "name");
  if (depth > 0) name = std::string(depth * kTreeIndent, ' ') + name;
  return PadRight(Fit(name, names), names) + figures + "\n";
}

}  // namespace

std::string RenderCost(const json::value& answer, const json::value& trend,
                       const Terminal& terminal) {
  std::string out = Headline(answer, terminal) + ProjectionText(answer, terminal);
  const std::vector<std::string> fields = FieldsOf(answer);
  if (fields.empty() || List(answer, "groups").empty()) return out;
  const Trends trends(trend, fields);
  std::vector<TableColumn> columns;
  for (const std::string& field : fields) columns.push_back({field, false, true});
  columns.insert(columns.end(), {{"cost", true},
                                 {"share", true},
                                 {"", false, false, 70},
                                 {"calls", true},
                                 {"in", true},
                                 {"out", true},
                                 {"cached", true, false, 100},
                                 {"a call", true, false, 90}});
  if (trends.any()) columns.push_back({"over time", false, false, 120});
  Table table(std::move(columns));
  const double total = Number(answer, "total_usd");
  const auto add = [&](std::vector<std::string> cells, const json::value& figures, Style style) {
    const std::string key = KeyOf(cells);
    const double share = total > 0 ? Number(figures, "cost_usd") / total : 0;
    for (std::string& cell : FigureCells(figures, share)) cells.push_back(std::move(cell));
    if (trends.any()) cells.push_back(trends.Line(key));
    table.AddRow(std::move(cells), style);
  };
  for (const json::value& group : List(answer, "groups")) {
    add(KeyCells(fields, group), group, Style::kPlain);
  }
  if (const json::value& other = Part(answer, "other"); other.is_object()) {
    std::vector<std::string> cells(fields.size());
    cells[0] =
        fmt::format("({} more)", FormatCount(static_cast<uint64_t>(Number(answer, "groups_total")) -
                                             List(answer, "groups").size()));
    add(std::move(cells), other, Style::kDim);
  }
  out += "\n" + table.Render(terminal);
  if (Number(Part(answer, "total"), "unpriced_calls") > 0) {
    out += Styled(terminal, Style::kDim,
                  Fit("+ and calls of unknown price: `pitot prices` names their models",
                      terminal.width)) +
           "\n";
  }
  return out;
}

std::string RenderCostTree(const json::value& answer, const Terminal& terminal) {
  const json::value& tree = Part(answer, "tree");
  const double total = Number(tree, "cost_usd");
  std::string out = Styled(terminal, Style::kDim, WindowText(answer)) + "\n";
  struct Entry {
    const json::value* node;
    size_t depth;
  };
  std::vector<Entry> todo = {{&tree, 0}};
  while (!todo.empty()) {
    const auto [node, depth] = todo.back();
    todo.pop_back();
    out += TreeLine(*node, total, depth, terminal);
    const json::array& children = List(*node, "children");
    for (size_t i = children.size(); i-- > 0;) todo.push_back({&children[i], depth + 1});
  }
  if (const double pruned = Number(answer, "pruned"); pruned > 0) {
    out += Styled(terminal, Style::kDim,
                  Plural(pruned, "path is", "paths are") + " in (the rest): --limit") +
           "\n";
  }
  return out;
}

}  // namespace pitot
