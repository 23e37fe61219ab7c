// Latency as a table of percentiles and as a heatmap.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cmd/client.h"
#include "cmd/view/chart.h"
#include "cmd/view/figures.h"
#include "cmd/view/table.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kStripWidth = 24;
// From there on a p99 is worth an alert.
constexpr double kRatioBad = 3;

std::string RatioText(const json::value& latency) {
  if (IsNull(latency, "ratio")) {
    return Text(latency, "baseline") == "learning" ? "learning" : "";
  }
  return fmt::format("{:.2f}×", Number(latency, "ratio"));
}

std::string P99Text(const json::value& latency) {
  return MsText(latency, "p99_ms") + (Flag(latency, "low_n") ? "*" : "");
}

std::vector<std::string> Cells(const json::value& latency, double from, double to) {
  return {CountText(latency, "count"),
          PercentText(Number(latency, "count") > 0
                          ? Number(latency, "errors") / Number(latency, "count")
                          : 0),
          MsText(latency, "p50_ms"),
          MsText(latency, "p90_ms"),
          MsText(latency, "p95_ms"),
          P99Text(latency),
          MsText(latency, "max_ms"),
          MsText(latency, "ttft_p50_ms"),
          MsText(latency, "ttft_p99_ms"),
          IsNull(latency, "tokens_per_second")
              ? ""
              : fmt::format("{:.1f}", Number(latency, "tokens_per_second")),
          RatioText(latency),
          RangeStrip(Number(latency, "p50_ms"), Number(latency, "p95_ms"),
                     Number(latency, "p99_ms"), from, to, kStripWidth)};
}

// 12 ms, 1.5 s: an edge of the heatmap, short.
std::string EdgeText(double ms) {
  if (ms < 1000) return fmt::format("{:.3g} ms", ms);
  return ms < 60'000 ? fmt::format("{:.3g} s", ms / 1e3) : fmt::format("{:.3g} m", ms / 6e4);
}

}  // namespace

std::string RenderLatency(const json::value& answer, const Terminal& terminal) {
  const json::value& total = Part(answer, "total");
  std::string line = fmt::format("{} {}", CountText(total, "count"), Text(answer, "of"));
  if (Number(total, "count") > 0) {
    line += fmt::format(" · p50 {} · p95 {} · p99 {}", MsText(total, "p50_ms"),
                        MsText(total, "p95_ms"), P99Text(total));
  }
  std::string out = Styled(terminal, Style::kBold, Fit(line, terminal.width)) + "\n" +
                    Styled(terminal, Style::kDim, WindowText(answer)) + "\n";
  const json::array& groups = List(answer, "groups");
  if (groups.empty()) return out;
  double from = std::numeric_limits<double>::max();
  double to = 0;
  for (const json::value& group : groups) {
    if (const double p50 = Number(group, "p50_ms"); p50 > 0) from = std::min(from, p50);
    to = std::max(to, Number(group, "p99_ms"));
  }
  std::vector<TableColumn> columns;
  for (const json::value& field : List(answer, "by")) {
    if (field.is_string()) {
      columns.push_back({std::string(std::string_view(field.get_string())), false, true});
    }
  }
  columns.insert(columns.end(), {{"n", true},
                                 {"errors", true, false, 90},
                                 {"p50", true},
                                 {"p90", true, false, 100},
                                 {"p95", true},
                                 {"p99", true},
                                 {"max", true, false, 110},
                                 {"ttft p50", true, false, 80},
                                 {"ttft p99", true, false, 120},
                                 {"tok/s", true, false, 80},
                                 {"to usual", true},
                                 {"p50 · p95 · p99", false, false, 135}});
  const size_t fields = columns.size() - 12;
  Table table(columns);
  bool low_n = Flag(total, "low_n");
  for (const json::value& group : groups) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < fields; ++i) {
      cells.push_back(GroupText(columns[i].title, Part(Part(group, "key"), columns[i].title)));
    }
    for (std::string& cell : Cells(group, from, to)) cells.push_back(std::move(cell));
    low_n = low_n || Flag(group, "low_n");
    table.AddRow(std::move(cells),
                 Number(group, "ratio") >= kRatioBad ? Style::kRed : Style::kPlain);
  }
  out += "\n" + table.Render(terminal);
  const auto note = [&](std::string_view text) {
    out += Styled(terminal, Style::kDim, Fit(text, terminal.width)) + "\n";
  };
  if (low_n) note("* of fewer than 100: the slowest, not a percentile");
  if (const double more = Number(answer, "groups_total") - static_cast<double>(groups.size());
      more > 0) {
    note(Plural(more, "group more", "groups more") + ": --limit");
  }
  return out;
}

std::string RenderHeatmap(const json::value& answer, const Terminal& terminal) {
  const json::array& columns = List(answer, "counts");
  const json::array& edges = List(answer, "edges_ms");
  std::string out =
      Styled(terminal, Style::kBold,
             fmt::format("{} of {} over time", Text(answer, "measure"), Text(answer, "of"))) +
      "\n" + Styled(terminal, Style::kDim, WindowText(answer)) + "\n\n";
  double most = 0;
  size_t first = edges.size();
  size_t last = 0;
  std::vector<std::vector<double>> counts(columns.size());
  for (size_t x = 0; x < columns.size(); ++x) {
    if (!columns[x].is_array()) continue;
    for (const json::value& cell : columns[x].get_array()) {
      const double count = cell.is_number() ? cell.to_number<double>() : 0;
      const size_t row = counts[x].size();
      counts[x].push_back(count);
      if (count <= 0) continue;
      most = std::max(most, count);
      first = std::min(first, row);
      last = std::max(last, row);
    }
  }
  if (most == 0) return out + "Nothing was measured in this time.\n";
  constexpr size_t kLabel = 9;
  const size_t room = terminal.width - kLabel - 1;
  const size_t step = (columns.size() + room - 1) / room;
  for (size_t row = last + 1; row-- > first;) {
    const std::string label = row < edges.size() && edges[row].is_number()
                                  ? EdgeText(edges[row].to_number<double>())
                                  : "";
    std::string line = PadLeft(label, kLabel) + " ";
    for (size_t x = 0; x < counts.size(); x += step) {
      double count = 0;
      for (size_t i = x; i < std::min(x + step, counts.size()); ++i) {
        if (row < counts[i].size()) count += counts[i][row];
      }
      line += Shade(count, most * static_cast<double>(step));
    }
    out += line + "\n";
  }
  out += Styled(terminal, Style::kDim,
                fmt::format("{}a column is {}; █ is {}", std::string(kLabel + 1, ' '),
                            DurationText(Number(answer, "step_ms") * static_cast<double>(step)),
                            Plural(most * static_cast<double>(step), "span", "spans"))) +
         "\n";
  return out;
}

}  // namespace pitot
