// Tools and errors: what failed, and how.
#include <fmt/format.h>

#include <boost/json.hpp>
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

constexpr size_t kBarWidth = 12;
constexpr size_t kShortId = 12;

// A count of calls by outcome, with its share where it matters.
std::string Outcome(const json::value& tool, const char* name) {
  const double count = Number(Part(tool, "status"), name);
  return count == 0 ? "" : fmt::format("{:.0f}", count);
}

Style VerdictStyle(std::string_view verdict) {
  if (verdict == "schema_drift" || verdict == "worse") return Style::kRed;
  return verdict == "better" ? Style::kGreen : Style::kDim;
}

std::string Changes(const json::value& answer, const Terminal& terminal) {
  std::string out;
  for (const json::value& tool : List(answer, "tools")) {
    const json::value& change = Part(tool, "change");
    const std::string verdict = Text(change, "verdict");
    if (verdict != "schema_drift" && verdict != "worse" && verdict != "better") continue;
    const std::string word = verdict == "schema_drift" ? "schema drift" : verdict;
    out += Styled(terminal, VerdictStyle(verdict), word) + "\n" +
           Wrapped(Text(change, "message"), 2, terminal.width);
  }
  return out.empty() ? out : "\n" + out;
}

std::string Examples(const json::value& category, const Terminal& terminal) {
  std::string out;
  for (const json::value& example : List(category, "examples")) {
    std::string what = Text(example, "tool_name");
    if (what.empty()) what = Text(example, "model");
    if (what.empty()) what = Text(example, "name");
    std::string message = Text(example, "message");
    if (message.empty()) message = "(no message)";
    out += Styled(terminal, Style::kDim,
                  Fit(fmt::format("  {}  {}  {}: {}", ClockText(Text(example, "at")),
                                  Text(example, "trace_id").substr(0, kShortId), what, message),
                      terminal.width)) +
           "\n";
  }
  return out;
}

}  // namespace

std::string RenderTools(const json::value& answer, const Terminal& terminal) {
  const json::value& total = Part(answer, "total");
  const double calls = Number(total, "calls");
  std::string line = Plural(calls, "tool call", "tool calls");
  if (calls > 0) {
    line += fmt::format(" · {} succeeded", PercentText(Number(Part(total, "share"), "success")));
  }
  if (const double retries = Number(total, "retries"); retries > 0) {
    line += " · " + Plural(retries, "retry", "retries");
  }
  std::string out = Styled(terminal, Style::kBold, line) + "\n" +
                    Styled(terminal, Style::kDim, WindowText(answer)) + "\n";
  if (List(answer, "tools").empty()) return out;
  Table table({{"tool", false, true},
               {"calls", true},
               {"ok", true},
               {"", false, false, 100},
               {"error", true},
               {"timeout", true},
               {"limited", true},
               {"bad args", true},
               {"blocked", true, false, 110},
               {"retries", true, false, 90},
               {"p50", true, false, 95},
               {"p99", true}});
  bool low_n = false;
  for (const json::value& tool : List(answer, "tools")) {
    const double ok = Number(Part(tool, "share"), "success");
    low_n = low_n || Flag(tool, "low_n");
    std::string name = Text(tool, "tool");
    table.AddRow(
        {name.empty() ? "(no name)" : name, CountText(tool, "calls"),
         ok > 0 ? PercentText(ok) : "0 %", Bar(ok, kBarWidth), Outcome(tool, "error"),
         Outcome(tool, "timeout"), Outcome(tool, "rate_limited"), Outcome(tool, "invalid_args"),
         Outcome(tool, "blocked"), Number(tool, "retries") > 0 ? CountText(tool, "retries") : "",
         MsText(tool, "p50_ms"), MsText(tool, "p99_ms") + (Flag(tool, "low_n") ? "*" : "")},
        Text(Part(tool, "change"), "verdict") == "schema_drift" ? Style::kRed : Style::kPlain);
  }
  out += "\n" + table.Render(terminal);
  if (low_n) {
    out += Styled(terminal, Style::kDim,
                  Fit("* of fewer than 100: the slowest, not a percentile", terminal.width)) +
           "\n";
  }
  const double listed = static_cast<double>(List(answer, "tools").size());
  if (const double more = Number(answer, "tools_total") - listed; more > 0) {
    out +=
        Styled(terminal, Style::kDim, Plural(more, "tool more", "tools more") + ": --limit") + "\n";
  }
  return out + Changes(answer, terminal);
}

std::string RenderErrors(const json::value& answer, const Terminal& terminal) {
  const double spans = Number(answer, "spans");
  const double errors = Number(answer, "errors");
  std::string line = errors == 0 ? fmt::format("No errors in {}", Plural(spans, "span", "spans"))
                                 : fmt::format("{} in {} ({})", Plural(errors, "error", "errors"),
                                               Plural(spans, "span", "spans"),
                                               PercentText(spans > 0 ? errors / spans : 0));
  std::string out = Styled(terminal, Style::kBold, line) + "\n" +
                    Styled(terminal, Style::kDim, WindowText(answer)) + "\n";
  for (const json::value& category : List(answer, "categories")) {
    std::string head = fmt::format(
        "\n{}  {} {:>7}  {}, {}", PadRight(Text(category, "category"), 15),
        Bar(Number(category, "share"), kBarWidth), PercentText(Number(category, "share")),
        Plural(Number(category, "count"), "span", "spans"),
        Plural(Number(category, "traces"), "trace", "traces"));
    out += head + "\n";
    for (const auto& [name, label] : {std::pair("tools", "tools"), {"models", "models"}}) {
      if (const std::string words = JoinedText(category, name); !words.empty()) {
        out += Fit(fmt::format("  {}: {}", label, words), terminal.width) + "\n";
      }
    }
    out += Examples(category, terminal);
  }
  return out;
}

}  // namespace pitot
