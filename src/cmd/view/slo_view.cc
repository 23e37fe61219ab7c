#include "cmd/view/slo_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "cmd/client.h"
#include "cmd/view/chart.h"
#include "cmd/view/table.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kBarWidth = 6;
constexpr size_t kWideBarWidth = 16;
constexpr double kHourS = 3'600;
constexpr double kDayS = 86'400;

// Enough digits to tell 99.95 % from 99.99 %.
std::string ShareText(double share) { return fmt::format("{:.6g} %", share * 100); }

// An SLI: never rounded up to 100 %.
std::string SliText(const json::value& object, std::string_view name) {
  if (IsNull(object, name)) return "-";
  const double percent = std::floor(Number(object, name) * 1e5) / 1e3;
  return fmt::format("{:.3f} %", percent);
}

std::string BurnText(const json::value& object, std::string_view name) {
  if (IsNull(object, name)) return "-";
  const double burn = Number(object, name);
  return burn == 0 ? "0" : burn < 0.01 ? "<0.01" : fmt::format("{:.3g}", burn);
}

std::string WindowText(double seconds) {
  if (seconds >= kDayS && std::fmod(seconds, kDayS) == 0) {
    return fmt::format("{:.0f}d", seconds / kDayS);
  }
  if (seconds >= kHourS && std::fmod(seconds, kHourS) == 0) {
    return fmt::format("{:.0f}h", seconds / kHourS);
  }
  return fmt::format("{:.0f}m", seconds / 60);
}

// "11d 4h", "3h 20m", "spent", "-".
std::string GoneIn(const json::value& slo) {
  if (IsNull(slo, "budget_left")) return "-";
  // While the window is being read back, good events are missing that would add to the budget.
  if (Number(slo, "budget_left") <= 0) return Flag(slo, "loaded") ? "spent" : "-";
  if (IsNull(slo, "time_to_exhaust_s")) return IsNull(slo, "sli") ? "-" : "it lasts";
  const double s = Number(slo, "time_to_exhaust_s");
  if (s < kDayS) return FormatDuration(static_cast<int64_t>(s * 1e9));
  return fmt::format("{:.0f}d {:.0f}h", std::floor(s / kDayS),
                     std::floor(std::fmod(s, kDayS) / kHourS));
}

std::string BudgetText(const json::value& slo, size_t width) {
  if (IsNull(slo, "budget_left")) return "-";
  const double left = Number(slo, "budget_left");
  const double percent = left > 0 ? std::floor(left * 1'000) / 10 : std::ceil(left * 1'000) / 10;
  return fmt::format("{} {:5.1f} %", Bar(std::clamp(left, 0.0, 1.0), width), percent);
}

Style StyleOf(const std::string& state) {
  if (state == "burning" || state == "exhausted") return Style::kRed;
  if (state == "error") return Style::kYellow;
  return state == "ok" ? Style::kPlain : Style::kDim;
}

// Of one of its windows; null when it has none so long.
const json::value& BurnOver(const json::value& slo, double seconds) {
  for (const json::value& burn : List(slo, "burns")) {
    if (Number(burn, "window_s") == seconds) return burn;
  }
  static const json::value kNone;
  return kNone;
}

// What counts as good, in words.
std::string Meaning(const json::value& objective) {
  const std::string kind = Text(objective, "kind");
  const double threshold = Number(objective, "threshold");
  if (kind == "latency") return "ends within " + DurationText(threshold);
  if (kind == "ttft") return "first token within " + DurationText(threshold);
  if (kind == "cost_per_success") return "succeeds for at most " + UsdText(threshold);
  if (kind == "score")
    return fmt::format("{} is at least {:g}", Text(objective, "score"), threshold);
  const std::string good = Text(objective, "good");
  return good.empty() ? "does not fail" : good;
}

std::string Counted(const json::value& objective) {
  const std::string filter = Text(objective, "filter");
  const std::string kind = Text(objective, "kind");
  if (!filter.empty()) return filter;
  return kind == "cost_per_success" ? "runs" : kind == "score" ? "scores" : "model calls";
}

std::string VerdictText(const json::value& rule) {
  if (!Flag(rule, "reachable")) return "cannot be";
  const std::string verdict = Text(rule, "verdict");
  if (verdict == "breach") return "fires";
  if (verdict == "suppressed_low_traffic") return "too few";
  return verdict == "no_data" ? "no data" : verdict;
}

std::string BurnTable(const json::value& slo, const Terminal& terminal) {
  Table table({{"over"}, {"valid", true}, {"bad", true}, {"good", true}, {"burn", true}});
  for (const json::value& burn : List(slo, "burns")) {
    const double valid = Number(burn, "valid");
    const json::value share = {
        {"sli", valid > 0 ? json::value(Number(burn, "good") / valid) : json::value()}};
    table.AddRow({WindowText(Number(burn, "window_s")), CountText(burn, "valid"),
                  CountText(burn, "bad"), SliText(share, "sli"), BurnText(burn, "burn")});
  }
  return table.Render(terminal);
}

std::string RuleTable(const json::value& slo, const Terminal& terminal) {
  Table table({{"alert"},
               {"rule", false, true},
               {"fires above", true},
               {"over"},
               {"burn", true},
               {"and over"},
               {"burn", true},
               {"now"}});
  std::vector<std::string> reasons;
  for (const json::value& rule : List(slo, "rules")) {
    const json::value& over_long = Part(rule, "long");
    const json::value& over_short = Part(rule, "short");
    const std::string verdict = VerdictText(rule);
    table.AddRow(
        {Text(rule, "tier"), Text(rule, "name"), fmt::format("{:.4g}", Number(rule, "factor")),
         WindowText(Number(over_long, "window_s")), BurnText(over_long, "burn"),
         WindowText(Number(over_short, "window_s")), BurnText(over_short, "burn"), verdict},
        verdict == "fires" ? Style::kRed
        : verdict == "ok"  ? Style::kPlain
                           : Style::kDim);
    if (const std::string reason = Text(rule, "reason"); !reason.empty()) {
      reasons.push_back(fmt::format("{}: {}.", Text(rule, "name"), reason));
    }
  }
  std::string out = table.rows() == 0 ? "No burn rule is on.\n" : table.Render(terminal);
  for (const std::string& reason : reasons) {
    out += Styled(terminal, Style::kDim, Wrapped(reason, 2, terminal.width));
  }
  return out;
}

// The budget burning down, and where events were bad.
std::string HistoryText(const json::value& answer, const Terminal& terminal) {
  const json::array& history = List(answer, "history");
  if (history.empty()) return "";
  std::vector<double> left;
  std::vector<double> bad;
  for (const json::value& step : history) {
    left.push_back(std::max(0.0, Number(step, "budget_left")));
    const double valid = Number(step, "valid");
    bad.push_back(valid > 0 ? Number(step, "bad") / valid : 0);
  }
  const size_t width = terminal.width > 36 ? terminal.width - 32 : 4;
  const auto fitted = [&](std::vector<double> values, bool most) {
    // Several steps a column when they are more than columns: the worst of them counts.
    std::vector<double> out;
    const size_t columns = std::min(width, values.size());
    for (size_t i = 0; i < columns; ++i) {
      const auto from = values.begin() + static_cast<ptrdiff_t>(i * values.size() / columns);
      const auto to = values.begin() + static_cast<ptrdiff_t>((i + 1) * values.size() / columns);
      out.push_back(most ? *std::max_element(from, to) : *std::min_element(from, to));
    }
    return out;
  };
  const double peak = *std::ranges::max_element(bad);
  return fmt::format("\nleft         {}\nbad          {}  at most {}\n             {} to {} UTC\n",
                     Sparkline(fitted(left, false)), Sparkline(fitted(bad, true)),
                     peak > 0 ? PercentText(peak) : "0 %", ClockText(Text(history.front(), "from")),
                     ClockText(Text(history.back(), "to")));
}

}  // namespace

std::string RenderSlos(const json::value& answer, const Terminal& terminal) {
  const json::array& slos = List(answer, "slos");
  if (slos.empty()) {
    return Wrapped(
        "No objectives. Write them in the configuration: slos: [{name: chat-success, filter: "
        "\"kind "
        "= agent\", good: \"status != error\", target: 0.99, window: 30d}]. More: docs/slo.md",
        0, terminal.width);
  }
  const std::string first = Text(slos.front(), "project");
  const bool projects = std::ranges::any_of(
      slos, [&](const json::value& slo) { return Text(slo, "project") != first; });
  std::vector<TableColumn> columns = {{"objective", false, true}};
  if (projects) columns.push_back({"project", false, true});
  for (const TableColumn& column :
       std::vector<TableColumn>{{"state"},
                                {"target", true},
                                {"over", true, false, 90},
                                {"good", true},
                                {"budget left"},
                                {"burn 5m", true, false, 100},
                                {"burn 1h", true, false, projects ? size_t{90} : 0},
                                {"burn 6h", true, false, 110},
                                {"gone in", true}}) {
    columns.push_back(column);
  }
  Table table(std::move(columns));
  for (const json::value& slo : slos) {
    std::vector<std::string> cells = {Text(slo, "name")};
    if (projects) cells.push_back(Text(slo, "project"));
    const auto burn = [&](double seconds) {
      const json::value& over = BurnOver(slo, seconds);
      return over.is_object() ? BurnText(over, "burn") : std::string("-");
    };
    for (std::string cell :
         {Text(slo, "state"), ShareText(Number(slo, "target")), WindowText(Number(slo, "window_s")),
          SliText(slo, "sli"), BudgetText(slo, kBarWidth), burn(300), burn(kHourS),
          burn(6 * kHourS), GoneIn(slo)}) {
      cells.push_back(std::move(cell));
    }
    table.AddRow(std::move(cells), StyleOf(Text(slo, "state")));
  }
  std::string out = table.Render(terminal);
  for (const json::value& slo : slos) {
    if (IsNull(slo, "error")) continue;
    out += Styled(
        terminal, Style::kYellow,
        Wrapped(fmt::format("{}: {}", Text(slo, "name"), Text(slo, "error")), 0, terminal.width));
  }
  return out;
}

std::string RenderSlo(const json::value& answer, const Terminal& terminal) {
  const json::value& slo = Part(answer, "slo");
  const std::string state = Text(slo, "state");
  std::string out = Styled(terminal, Style::kBold, Text(slo, "name")) + "  " +
                    Styled(terminal, StyleOf(state), state) +
                    fmt::format("  project {}\n", Text(slo, "project"));
  const auto line = [&](const std::string& text) { out += Wrapped(text, 0, terminal.width); };
  if (!IsNull(slo, "description")) line(Text(slo, "description"));
  const json::value& objective = Part(slo, "objective");
  line(fmt::format("{} of {} ({}) within {}: {}", ShareText(Number(slo, "target")),
                   Counted(objective), Text(objective, "count"),
                   WindowText(Number(slo, "window_s")), Meaning(objective)));
  if (const std::string excluded = JoinedText(objective, "exclude"); !excluded.empty()) {
    out += Styled(terminal, Style::kDim, Wrapped("not counted: " + excluded, 0, terminal.width));
  }
  if (!IsNull(slo, "error")) {
    out += Styled(terminal, Style::kYellow, Wrapped(Text(slo, "error"), 0, terminal.width));
  }
  if (IsNull(slo, "as_of")) return out + "\nNothing has been counted yet.\n";
  out += fmt::format(
      "\ngood         {}   {} of {} bad\nbudget left  {}   {}\n", SliText(slo, "sli"),
      CountText(slo, "bad"), CountText(slo, "valid"), BudgetText(slo, kWideBarWidth),
      GoneIn(slo) == "it lasts" || GoneIn(slo) == "spent" ? GoneIn(slo)
      : GoneIn(slo) == "-"                                ? "not known yet"
                           : fmt::format("gone in {} at the last hour's rate", GoneIn(slo)));
  if (!Flag(slo, "loaded")) {
    out += Styled(terminal, Style::kDim,
                  fmt::format("             read back to {} UTC so far",
                              ClockText(Text(slo, "loaded_since")))) +
           "\n";
  }
  out += HistoryText(answer, terminal);
  return out + "\n" + BurnTable(slo, terminal) + "\n" + RuleTable(slo, terminal);
}

}  // namespace pitot
