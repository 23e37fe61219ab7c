// What will be spent, and what was spent that is not usual.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
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

constexpr size_t kIndent = 2;
constexpr size_t kNameWidth = 18;
constexpr size_t kChartWidthMax = 72;
// Beyond it a ratio says no more than that nothing was usual.
constexpr double kRatioShownMax = 999;

std::string Figure(std::string_view name, const std::string& text, const Terminal& terminal) {
  const std::string wrapped = Wrapped(text, kIndent + kNameWidth, terminal.width);
  const size_t at = wrapped.find_first_not_of(' ');
  return std::string(kIndent, ' ') + PadRight(std::string(name), kNameWidth) +
         (at == std::string::npos ? "\n" : wrapped.substr(at));
}

std::string OffBy(const json::value& figures, std::string_view what) {
  if (IsNull(figures, "mape")) return "";
  const double mape = Number(figures, "mape");
  return fmt::format("; {} off by {} on average", what, mape > 0 ? PercentText(mape) : "0 %");
}

std::string BudgetLine(const json::value& figures, const Terminal& terminal) {
  const json::value& budget = Part(figures, "budget");
  if (!budget.is_object()) return "";
  const std::string verdict = Text(budget, "verdict");
  const std::string name = "budget " + UsdText(Number(budget, "limit_usd"));
  if (verdict == "too_early") return Figure(name, "too early to tell", terminal);
  const std::string share = PercentText(Number(budget, "of_limit"));
  std::string text = fmt::format("{}, {} of it", UsdText(Number(budget, "projected_usd")),
                                 share.empty() ? "0 %" : share);
  Style style = Style::kPlain;
  if (verdict == "over") {
    text += ": alerts from 80 % on";
    style = Style::kYellow;
  } else if (verdict == "surely_over") {
    text += ": nine such days of ten would pass it, which is a page";
    style = Style::kRed;
  }
  return Styled(terminal, style, Figure(name, text, terminal));
}

std::string DayText(const json::value& day, const Terminal& terminal) {
  std::string out = Styled(
      terminal, Style::kBold,
      Fit(fmt::format("Today, {} ({}): {} in {:.1f} of {:.0f} hours", Text(day, "day"),
                      Text(day, "timezone"),
                      IsNull(day, "spent_usd") ? "unpriced" : UsdText(Number(day, "spent_usd")),
                      Number(day, "hours_elapsed"), Number(day, "day_hours")),
          terminal.width));
  out += "\n";
  out += Figure("at this pace",
                IsNull(day, "linear_usd") ? Text(day, "gated")
                                          : UsdText(Number(day, "linear_usd")) + " by midnight",
                terminal);
  if (const json::value& seasonal = Part(day, "seasonal"); seasonal.is_object()) {
    out += Figure(
        "as such days went",
        fmt::format("{} by midnight, {} to {}, by {:.0f} days{}",
                    UsdText(Number(seasonal, "p50_usd")), UsdText(Number(seasonal, "p10_usd")),
                    UsdText(Number(seasonal, "p90_usd")), Number(seasonal, "days"),
                    OffBy(day, "such forecasts were")),
        terminal);
  } else {
    out += Figure("as such days went",
                  "not enough of them yet" + OffBy(day, "forecasts by the pace were"), terminal);
  }
  return out + BudgetLine(day, terminal);
}

std::string MonthText(const json::value& month, const Terminal& terminal) {
  std::string out =
      Styled(terminal, Style::kBold,
             Fit(fmt::format("{}: {} so far, {}", Text(month, "month"),
                             UsdText(Number(month, "spent_usd")),
                             Plural(Number(month, "days_left"), "day to come", "days to come")),
                 terminal.width)) +
      "\n";
  if (IsNull(month, "projected_usd")) {
    out += Figure("by weekdays", Text(month, "gated"), terminal);
  } else {
    out += Figure("by weekdays",
                  fmt::format("{} at its end, by {}; the last week was {:.2f}x usual{}",
                              UsdText(Number(month, "projected_usd")),
                              Plural(Number(month, "past_days"), "past day", "past days"),
                              Number(month, "trend"), OffBy(month, "whole weeks were")),
                  terminal);
  }
  return out + BudgetLine(month, terminal);
}

// Two rows of one line each: what was spent, and below it where that was an anomaly.
std::string HoursChart(const json::array& hours, const Terminal& terminal) {
  const size_t width = std::min(kChartWidthMax, terminal.width);
  if (hours.size() < 2 || width == 0) return "";
  const size_t step = (hours.size() + width - 1) / width;
  std::vector<double> spent((hours.size() + step - 1) / step);
  std::string marks(spent.size(), ' ');
  for (size_t i = 0; i < hours.size(); ++i) {
    spent[i / step] += Number(hours[i], "spent_usd");
    if (Flag(hours[i], "anomaly")) marks[i / step] = '^';
  }
  std::string out = Sparkline(spent) + "\n";
  if (marks.find('^') != std::string::npos) {
    marks.erase(marks.find_last_not_of(' ') + 1);
    out += Styled(terminal, Style::kRed, marks) + "\n";
  }
  return out;
}

std::string KeyText(const json::value& cause) {
  std::string text;
  if (const json::object* key = Part(cause, "key").if_object()) {
    for (const auto& member : *key) {
      text += (text.empty() ? "" : ", ") +
              GroupText({member.key().data(), member.key().size()}, member.value());
    }
  }
  return text;
}

// Figures first: names are cut where the line ends.
std::string CauseLine(const json::value& cause, const Terminal& terminal) {
  const std::string share = PercentText(std::min(1.0, Number(cause, "share")));
  const std::string usual =
      Flag(cause, "new") ? std::string("new") : "instead of " + UsdText(Number(cause, "usual_usd"));
  return Fit(fmt::format("    {} {}, {} of the rise: {}", UsdText(Number(cause, "spent_usd")),
                         usual, share, KeyText(cause)),
             terminal.width) +
         "\n";
}

std::string BaselineText(const json::value& worst) {
  const std::string baseline = Text(worst, "baseline");
  const double hours = Number(worst, "compared_hours");
  if (baseline == "last_24_hours") return fmt::format("the last {:.0f} hours", hours);
  return Plural(hours, "same hour", "same hours") +
         (baseline == "same_hour_of_week" ? " of the week" : " of the day");
}

std::string WorstLine(const json::value& worst, const Terminal& terminal) {
  std::string ratio;
  if (!IsNull(worst, "ratio") && Number(worst, "ratio") <= kRatioShownMax) {
    ratio = fmt::format(", {:.1f}x", Number(worst, "ratio"));
  }
  const double z = Number(worst, "z");
  const std::string line = fmt::format(
      "    worst {}: {}{}, z {} by {}", ClockText(Text(worst, "at")),
      UsdText(Number(worst, "spent_usd")), ratio,
      z > kRatioShownMax ? fmt::format("over {:.0f}", kRatioShownMax) : fmt::format("{:.1f}", z),
      BaselineText(worst));
  return Styled(terminal, Style::kDim, Fit(line, terminal.width)) + "\n";
}

std::string AnomalyText(const json::value& anomaly, const Terminal& terminal) {
  const std::string line =
      fmt::format("{} to {}{}: {} where {} is usual", TimeText(Text(anomaly, "since")),
                  ClockText(Text(anomaly, "until")), Flag(anomaly, "ongoing") ? " and on" : "",
                  UsdText(Number(anomaly, "spent_usd")), UsdText(Number(anomaly, "usual_usd")));
  std::string out = Styled(terminal, Flag(anomaly, "ongoing") ? Style::kRed : Style::kPlain,
                           Fit(line, terminal.width)) +
                    "\n";
  out += WorstLine(Part(anomaly, "worst"), terminal);
  for (const json::value& cause : List(anomaly, "causes")) out += CauseLine(cause, terminal);
  return out;
}

}  // namespace

std::string RenderForecast(const json::value& answer, const Terminal& terminal) {
  return DayText(Part(answer, "day"), terminal) + "\n" + MonthText(Part(answer, "month"), terminal);
}

std::string RenderAnomalies(const json::value& answer, const Terminal& terminal) {
  const json::array& anomalies = List(answer, "anomalies");
  const std::string state = Text(answer, "state");
  const std::string found =
      state == "learning" ? "Not enough history yet: 20 hours of spending are needed"
      : anomalies.empty() ? "No hour cost unusually much"
                          : Plural(static_cast<double>(anomalies.size()), "anomaly", "anomalies") +
                                (state == "anomaly" ? ", one goes on" : ", all over");
  std::string out = Styled(terminal, Style::kBold,
                           Fit(fmt::format("{}; {} judged", found,
                                           Plural(Number(answer, "hours_judged"), "hour", "hours")),
                               terminal.width)) +
                    "\n" + Styled(terminal, Style::kDim, Fit(WindowText(answer), terminal.width)) +
                    "\n" + HoursChart(List(answer, "hours"), terminal);
  for (const json::value& anomaly : anomalies) out += "\n" + AnomalyText(anomaly, terminal);
  return out;
}

}  // namespace pitot
