// Alerts: a list of two lines each, groups, and one of them in whole.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string>

#include "base/text.h"
#include "cmd/client.h"
#include "cmd/view/alert_words.h"
#include "cmd/view/alerts.h"
#include "cmd/view/table.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kIndent = 10;  // Of the second line: under the alert's name.

bool IsActiveState(std::string_view state) {
  return state == "firing" || state == "keep_firing" || state == "no_data";
}

bool IsQuiet(const json::value& alert) {
  return !List(alert, "silenced_by").empty() || !List(alert, "inhibited_by").empty();
}

// "p99 38.1 s, ..." in the rule's own words, or what was measured.
std::string SummaryOf(const json::value& alert) {
  const json::value& annotations = Part(alert, "annotations");
  for (const char* name : {"summary", "description"}) {
    if (const std::string text = Text(annotations, name); !text.empty()) return text;
  }
  if (IsNull(alert, "value")) return "";
  const std::string unit = Text(alert, "unit");
  std::string out = UnitText(Number(alert, "value"), unit);
  if (!IsNull(alert, "threshold")) {
    out += ", threshold " + UnitText(Number(alert, "threshold"), unit);
  }
  return out;
}

std::string AckText(const json::value& alert) {
  const json::value& ack = Part(alert, "ack");
  if (!ack.is_object()) return "";
  std::string out = "acknowledged by " + Text(ack, "by");
  if (!IsNull(ack, "until")) out += " until " + ClockText(Text(ack, "until"));
  if (const std::string why = Text(ack, "comment"); !why.empty()) out += ": " + why;
  return out;
}

// What keeps people from being told, or told again.
std::vector<std::string> NotesOf(const json::value& alert) {
  std::vector<std::string> notes;
  const std::string state = Text(alert, "state");
  if (state == "keep_firing") notes.push_back("no longer over its threshold; held for a while");
  if (state == "no_data") notes.push_back("cannot be measured now; held as it was");
  if (Flag(alert, "flapping")) notes.push_back("comes and goes (flapping)");
  if (const std::string ack = AckText(alert); !ack.empty()) notes.push_back(ack);
  if (!List(alert, "silenced_by").empty()) {
    notes.push_back("silenced by " + JoinedText(alert, "silenced_by"));
  }
  if (const json::array& by = List(alert, "inhibited_by"); !by.empty()) {
    std::string ids;
    for (const json::value& one : by) {
      if (one.is_string()) ids += " " + ShortId(std::string_view(one.get_string()));
    }
    notes.push_back("not told: caused by" + ids);
  }
  return notes;
}

std::string WhenText(const json::value& alert, std::string_view at) {
  if (!IsNull(alert, "resolved_at")) {
    return fmt::format("over since {}", SpanOfTime(Text(alert, "resolved_at"), at));
  }
  return fmt::format("for {}", SpanOfTime(Text(alert, "active_at"), at));
}

// "pending", "resolved", or how loudly it fires.
std::string StateWord(const json::value& alert) {
  const std::string state = Text(alert, "state");
  return IsActiveState(state) ? Text(alert, "severity") : state;
}

std::string AlertLines(const json::value& alert, std::string_view at, const Terminal& terminal) {
  const std::string word = StateWord(alert);
  const std::string state = Text(alert, "state");
  const Style style = IsQuiet(alert) || !IsActiveState(state) ? Style::kDim : SeverityStyle(word);
  const std::string when = WhenText(alert, at);
  const std::string id = ShortId(Text(alert, "fingerprint"));
  const std::string name = Text(alert, "alertname");
  const size_t right = TextWidth(when) + 2 + id.size();
  const size_t left = terminal.width - std::min(terminal.width, kIndent + right + 2);
  std::string where = LabelsText(Part(alert, "labels"), "alertname severity runbook");
  const size_t room = left - std::min(left, TextWidth(name) + 2);
  // Labels that do not fit beside the name get a line of their own.
  const bool below = TextWidth(where) > room;
  const std::string beside = below ? name : name + "  " + where;
  std::string out = Styled(terminal, style, PadRight(word, kIndent)) +
                    PadRight(Fit(beside, left), left) + "  " + when + "  " +
                    Styled(terminal, Style::kDim, id) + "\n";
  if (below) out += Wrapped(where, kIndent, terminal.width);
  if (const std::string summary = SummaryOf(alert); !summary.empty()) {
    out += Wrapped(summary, kIndent, terminal.width);
  }
  if (const std::string cause = Text(Part(alert, "annotations"), "cause"); !cause.empty()) {
    out += Wrapped("likely: " + cause, kIndent, terminal.width);
  }
  for (const std::string& note : NotesOf(alert)) {
    out += Styled(terminal, Style::kDim, Wrapped("- " + note, kIndent, terminal.width));
  }
  return out;
}

std::string CountsText(const json::value& counts) {
  struct Word {
    const char* name;
    const char* word;
  };
  std::string out;
  for (const Word& one : {Word{"firing", "firing"},
                          {"keep_firing", "held"},
                          {"no_data", "without data"},
                          {"pending", "pending"},
                          {"resolved", "resolved lately"},
                          {"silenced", "silenced"},
                          {"inhibited", "inhibited"},
                          {"acknowledged", "acknowledged"}}) {
    const double n = Number(counts, one.name);
    if (n > 0) out += fmt::format("{}{:.0f} {}", out.empty() ? "" : ", ", n, one.word);
  }
  return out.empty() ? "nothing fires" : out;
}

std::string GroupsText(const json::value& answer, const Terminal& terminal) {
  const std::string at = Text(answer, "at");
  Table table({{"receiver", false, true},
               {"group", false, true},
               {"alerts", true},
               {"last told", true},
               {"next", true}});
  for (const json::value& group : List(answer, "groups")) {
    const std::string last = SpanOfTime(Text(group, "last_sent_at"), at);
    const std::string next = SpanOfTime(at, Text(group, "next_flush_at"));
    const std::string labels = LabelsText(Part(group, "labels"), "");
    table.AddRow({Text(group, "receiver"), labels.empty() ? "(all)" : labels,
                  fmt::format("{}", List(group, "alerts").size()),
                  last.empty() ? "not yet" : last + " ago", next.empty() ? "" : "in " + next});
  }
  return table.rows() == 0 ? "" : "\n" + table.Render(terminal);
}

}  // namespace

int AlertsThatFire(const json::value& answer) {
  return static_cast<int>(std::ranges::count_if(List(answer, "alerts"), [](const auto& alert) {
    return IsActiveState(Text(alert, "state")) && !IsQuiet(alert);
  }));
}

std::string RenderAlerts(const json::value& answer, const Terminal& terminal) {
  const std::string at = Text(answer, "at");
  const std::string evaluated = SpanOfTime(Text(answer, "evaluated_at"), at);
  const std::string headline = CountsText(Part(answer, "counts")) +
                               (evaluated.empty() ? "; rules have not been evaluated yet"
                                                  : fmt::format("; evaluated {} ago", evaluated));
  std::string out = Styled(terminal, Style::kBold, Wrapped(headline, 0, terminal.width));
  for (const json::value& alert : List(answer, "alerts")) {
    out += "\n" + AlertLines(alert, at, terminal);
  }
  if (const double more = Number(answer, "left_out"); more > 0) {
    out +=
        Styled(terminal, Style::kDim, "\nand " + Plural(more, "alert more", "alerts more")) + "\n";
  }
  return out + GroupsText(answer, terminal);
}

std::string RenderAlert(const json::value& answer, const Terminal& terminal) {
  const json::value& alert = Part(answer, "alert");
  const std::string severity = Text(alert, "severity");
  std::string out = Styled(terminal, Style::kBold, Text(alert, "alertname")) + "  " +
                    Styled(terminal, SeverityStyle(severity), severity) +
                    fmt::format("  {}  {}\n", Text(alert, "state"), Text(alert, "fingerprint"));
  for (const char* name : {"summary", "description"}) {
    const std::string text = Text(Part(alert, "annotations"), name);
    if (!text.empty()) out += Wrapped(text, 0, terminal.width);
  }
  if (const std::string cause = Text(Part(alert, "annotations"), "cause"); !cause.empty()) {
    out += Wrapped("likely: " + cause, 0, terminal.width);
  }
  out += "\n";
  const auto row = [&](std::string_view name, const std::string& text) {
    if (text.empty()) return;
    const std::string lines = Wrapped(text, 14, terminal.width);
    out += PadRight(std::string(name), 14) + lines.substr(14);
  };
  const auto time = [&](std::string_view name, const char* member) {
    if (IsNull(alert, member)) return;
    const std::string text = Text(alert, member);
    row(name, fmt::format("{} UTC ({} ago)", TimeText(text), SpanOfTime(text, Text(answer, "at"))));
  };
  row("where", LabelsText(Part(alert, "labels"), "alertname severity"));
  if (!IsNull(alert, "value")) row("value", UnitText(Number(alert, "value"), Text(alert, "unit")));
  if (!IsNull(alert, "threshold")) {
    row("threshold", UnitText(Number(alert, "threshold"), Text(alert, "unit")));
  }
  time("breaching", "active_at");
  time("fired", "fired_at");
  time("last breach", "last_breach_at");
  time("resolved", "resolved_at");
  time("last told", "last_sent_at");
  row("receivers", JoinedText(alert, "receivers"));
  if (const double times = Number(alert, "occurrences"); times > 1) {
    row("within a day", fmt::format("fired {:.0f} times", times));
  }
  for (const std::string& note : NotesOf(alert)) row("note", note);
  row("traces", JoinedText(alert, "exemplar_trace_ids"));
  row("rule", Text(alert, "rule_id"));
  row("runbook", Text(alert, "runbook"));
  row("see", Text(alert, "generator_url"));
  for (const auto& [name, value] : Part(alert, "annotations").is_object()
                                       ? Part(alert, "annotations").get_object()
                                       : json::object()) {
    if (name != "summary" && name != "description" && name != "cause") {
      row(CleanLine(std::string_view(name)), Text(Part(alert, "annotations"), name));
    }
  }
  return out;
}

}  // namespace pitot
