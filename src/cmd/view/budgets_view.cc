// Budgets: how much of each is spent, and the counters of one.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "cmd/client.h"
#include "cmd/view/chart.h"
#include "cmd/view/lists.h"
#include "cmd/view/table.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kBarWidth = 12;

std::string Usd(const json::value& object, std::string_view name) {
  return UsdText(Number(object, name));
}

std::string WindowOf(const json::value& budget) {
  const std::string window = Text(budget, "window");
  if (window == "rolling") return "rolling " + Text(budget, "length");
  const std::string zone = Text(budget, "timezone");
  return window == "lifetime" || zone == "UTC" ? window : fmt::format("{} {}", window, zone);
}

// "each user", "feature checkout-*", "global".
std::string ScopeOf(const json::value& budget) {
  std::string out = Text(budget, "scope");
  if (Text(budget, "per") == "each") out = "each " + out;
  if (const std::string match = Text(budget, "match"); match != "*") out += " " + match;
  if (const std::string project = Text(budget, "project"); !project.empty()) {
    out += " of " + project;
  }
  return out;
}

std::string KindOf(const json::value& budget) {
  if (!Flag(budget, "hard")) return "soft";
  return Text(budget, "mode") == "expected" ? "expected" : "strict";
}

// Of one counter's limit.
double Share(const json::value& counter, std::string_view name) {
  const double limit = Number(counter, "limit_usd");
  const double part = Number(counter, name);
  return limit > 0 ? part / limit : part > 0 ? 1 : 0;
}

std::string UsedText(const json::value& counter) {
  const double share = Share(counter, "spent_usd");
  return fmt::format("{} {:3.0f}%", Bar(std::min(share, 1.0), kBarWidth), 100 * share);
}

std::string ValueText(const json::value& budget, const json::value& counter) {
  if (Text(budget, "per") != "each") return "(all)";
  const std::string value = Text(counter, "value");
  return value.empty() ? "(none)" : value;
}

Style StyleOf(bool disabled, const json::value& counter) {
  if (disabled) return Style::kRed;
  return Share(counter, "spent_usd") >= 0.8 ? Style::kYellow : Style::kPlain;
}

std::string Until(const json::value& counter) {
  return IsNull(counter, "window_end") ? "" : ClockText(Text(counter, "window_end"));
}

std::string LedgerText(const json::value& ledger, const Terminal& terminal) {
  std::string out;
  const auto line = [&](const std::string& text) {
    out += Styled(terminal, Style::kRed, Wrapped(text, 0, terminal.width));
  };
  if (!IsNull(ledger, "journal_error")) {
    line("The ledger cannot be written, so hard budgets refuse calls: " +
         Text(ledger, "journal_error"));
  }
  if (!IsNull(ledger, "redis_error")) line("Redis: " + Text(ledger, "redis_error"));
  if (const double behind = Number(ledger, "clock_behind_ms"); behind >= 1000) {
    line(fmt::format("The clock went back by {}: windows wait for it.", DurationText(behind)));
  }
  return out;
}

}  // namespace

std::string RenderBudgets(const json::value& answer, const Terminal& terminal) {
  const json::array& budgets = List(answer, "budgets");
  if (budgets.empty()) {
    return Wrapped(
        "No budgets: calls through the gateway may cost what they like. Make one with: pitot "
        "budget set daily --scope global --window day --limit 20 --hard",
        0, terminal.width);
  }
  Table table({{"id", false, true},
               {"of", false, true},
               {"window", false, true, 90},
               {"kind"},
               {"limit", true},
               {"most used", false, true},
               {"used"},
               {"reserved", true, false, 110},
               {"refused", true, false, 100},
               {"state", false, true}});
  for (const json::value& budget : budgets) {
    const json::array& counters = List(budget, "counters");
    const json::value none;
    const json::value& most = counters.empty() ? none : counters.front();
    const double off = Number(budget, "counters_disabled");
    std::string state = Flag(budget, "disabled") ? Text(budget, "why") : "";
    if (state.empty() && off > 0) {
      state = Text(budget, "per") == "each" ? fmt::format("{:.0f} off", off) : Text(most, "why");
    }
    table.AddRow({Text(budget, "id"), ScopeOf(budget), WindowOf(budget), KindOf(budget),
                  Usd(budget, "limit_usd"), counters.empty() ? "" : ValueText(budget, most),
                  counters.empty() ? "" : UsedText(most), Usd(budget, "reserved_usd"),
                  CountText(budget, "refused"), state},
                 StyleOf(!state.empty(), most));
  }
  return table.Render(terminal) + LedgerText(Part(answer, "ledger"), terminal);
}

std::string RenderBudget(const json::value& budget, const Terminal& terminal) {
  std::string out = Styled(terminal, Style::kBold, Text(budget, "id")) +
                    fmt::format("  {}, {}, {} at {}, {}{}\n", ScopeOf(budget), WindowOf(budget),
                                KindOf(budget), Usd(budget, "limit_usd"),
                                Text(budget, "on_exceed") == "cut" ? "cuts streams, " : "",
                                Text(budget, "source") == "config" ? "of the configuration file"
                                                                   : "made through the API");
  if (Flag(budget, "disabled")) {
    out += Styled(terminal, Style::kRed,
                  Wrapped("Disabled: " + Text(budget, "why"), 0, terminal.width));
  }
  const json::array& counters = List(budget, "counters");
  if (counters.empty()) return out + "Nothing was spent in a window that runs.\n";
  Table table({{Text(budget, "scope"), false, true},
               {"used"},
               {"spent", true},
               {"limit", true},
               {"reserved", true},
               {"calls", true, false, 90},
               {"running", true, false, 100},
               {"refused", true},
               {"overshoot", true, false, 110},
               {"elsewhere", true, false, 130},
               {"until (UTC)", false, false, 120},
               {"state", false, true}});
  for (const json::value& counter : counters) {
    table.AddRow({ValueText(budget, counter), UsedText(counter), Usd(counter, "spent_usd"),
                  Usd(counter, "limit_usd"), Usd(counter, "reserved_usd"),
                  CountText(counter, "calls"), CountText(counter, "in_flight"),
                  CountText(counter, "refused"), Usd(counter, "overshoot_usd"),
                  Usd(counter, "elsewhere_usd"), Until(counter), Text(counter, "why")},
                 StyleOf(Flag(counter, "disabled"), counter));
  }
  out += "\n" + table.Render(terminal);
  const double more = Number(budget, "counters_total") - static_cast<double>(counters.size());
  if (more > 0) {
    out += Styled(terminal, Style::kDim,
                  fmt::format("and {}: --counter VALUE shows one",
                              Plural(more, "counter more", "counters more"))) +
           "\n";
  }
  return out;
}

}  // namespace pitot
