// What runbooks found: causes first, then what each step says, then what can be done.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>

#include "cmd/client.h"
#include "cmd/view/runbooks.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kIndent = 4;
constexpr size_t kTraces = 3;

std::string TracesText(const json::value& object) {
  std::string out;
  size_t shown = 0;
  for (const json::value& trace : List(object, "trace_ids")) {
    if (!trace.is_string() || ++shown > kTraces) break;
    // Sixteen digits are enough to find it, and leave room on the line.
    out += (out.empty() ? "" : " ") + CleanLine(trace.get_string()).substr(0, 16);
  }
  return out;
}

// A paragraph whose first line begins with `head`, as wide as the indent.
std::string Headed(const Terminal& terminal, std::string_view head, std::string_view text,
                   size_t indent, Style style = Style::kPlain) {
  std::string body = Wrapped(text, indent, terminal.width);
  if (body.size() < indent) return std::string(head) + "\n";
  return Styled(terminal, style, PadRight(std::string(head), indent)) + body.substr(indent);
}

std::string CausesText(const json::value& answer, const Terminal& terminal) {
  const json::array& causes = List(answer, "causes");
  if (causes.empty()) return "No cause was found in the figures.\n";
  std::string out = Styled(terminal, Style::kBold, "Most likely") + "\n";
  size_t rank = 0;
  for (const json::value& cause : causes) {
    ++rank;
    out += Headed(terminal, fmt::format("  {}", rank), Text(cause, "words"), kIndent,
                  rank == 1 ? Style::kRed : Style::kPlain);
    const std::string traces = TracesText(cause);
    if (!traces.empty()) {
      out += Styled(terminal, Style::kDim,
                    Wrapped("pitot trace " + traces.substr(0, 16), kIndent, terminal.width));
    }
  }
  return out;
}

std::string StepText(const json::value& step, const Terminal& terminal) {
  const std::string state = Text(step, "state");
  const bool found = state == "found";
  const std::string title = fmt::format("{} {} {}",
                                        found                ? "!"
                                        : state == "unknown" ? "?"
                                                             : "-",
                                        Text(step, "step"), Text(step, "title"));
  std::string out =
      Styled(terminal, found ? Style::kYellow : Style::kPlain, Fit(title, terminal.width)) + "\n";
  out += Wrapped(Text(step, "words"), kIndent, terminal.width);
  for (const json::value& line : List(step, "detail")) {
    if (line.is_string()) {
      out += Headed(terminal, "    -", CleanLine(line.get_string()), kIndent + 2);
    }
  }
  const std::string traces = TracesText(step);
  if (!traces.empty()) {
    out += Styled(terminal, Style::kDim, Wrapped("traces " + traces, kIndent, terminal.width));
  }
  const std::string query = Text(step, "query");
  if (!query.empty()) {
    out += Styled(terminal, Style::kDim, Wrapped("$ " + query, kIndent, terminal.width));
  }
  return out;
}

// What can be done, of all steps: each with the command that does it.
std::string OffersText(const json::value& answer, const Terminal& terminal) {
  std::string out;
  for (const json::value& step : List(answer, "steps")) {
    for (const json::value& action : List(step, "actions")) {
      const std::string state = Text(action, "state");
      const std::string mode = Text(action, "mode");
      std::string how;
      if (state == "active") {
        how = fmt::format("done by {}; undo it with: pitot runbook revert {}",
                          Text(action, "actor"), Text(action, "id"));
      } else if (state == "failed") {
        how = "failed: " + Text(action, "result");
      } else if (Text(action, "kind") != "advice" && mode != "suggest") {
        how = "pitot runbook confirm " + Text(action, "id");
      } else if (Text(action, "kind") != "advice") {
        how = "Pitot may not do it: alerts.actions.mode is suggest, or no gateway runs here";
      }
      out += Headed(terminal, "  *", Text(action, "words"), kIndent);
      if (!how.empty()) out += Styled(terminal, Style::kDim, Wrapped(how, kIndent, terminal.width));
    }
  }
  return out.empty() ? "" : Styled(terminal, Style::kBold, "What can be done") + "\n" + out;
}

std::string StateLine(const json::value& action) {
  const std::string state = Text(action, "state");
  std::string out = fmt::format("{} {}", Text(action, "id"), Text(action, "kind"));
  if (state == "offered") {
    return out + fmt::format(", offered {} UTC by runbook {}",
                             ClockText(Text(action, "offered_at")), Text(action, "runbook"));
  }
  if (state == "active") {
    return out + fmt::format(", since {} UTC by {}, until {} UTC",
                             ClockText(Text(action, "applied_at")), Text(action, "actor"),
                             ClockText(Text(action, "expires_at")));
  }
  return out + fmt::format(", {} {} UTC", state, ClockText(Text(action, "ended_at")));
}

}  // namespace

std::string RenderRunbook(const json::value& answer, const Terminal& terminal) {
  const std::string head = fmt::format("Runbook {} of project {}, {} UTC", Text(answer, "runbook"),
                                       Text(answer, "project"), ClockText(Text(answer, "at")));
  std::string out = Styled(terminal, Style::kBold, Fit(head, terminal.width)) + "\n";
  out += Wrapped(Text(answer, "summary"), 0, terminal.width) + "\n";
  out += CausesText(answer, terminal) + "\n";
  for (const json::value& step : List(answer, "steps")) out += StepText(step, terminal);
  const std::string offers = OffersText(answer, terminal);
  if (!offers.empty()) out += "\n" + offers;
  return out;
}

std::string RenderAction(const json::value& action, const Terminal& terminal) {
  const std::string state = Text(action, "state");
  const Style style = state == "active"   ? Style::kGreen
                      : state == "failed" ? Style::kRed
                                          : Style::kPlain;
  std::string out = Styled(terminal, style, Fit(StateLine(action), terminal.width)) + "\n";
  out += Wrapped(Text(action, "words"), kIndent, terminal.width);
  const std::string after = Text(action, "after");
  if (!after.empty()) {
    const std::string before = Text(action, "before");
    out += Wrapped(state == "active" ? fmt::format("now {}; before, {}", after, before)
                                     : fmt::format("it was: {}; before and now: {}", after, before),
                   kIndent, terminal.width);
  }
  if (state == "active" || state == "offered") {
    const std::string guard = Text(action, "guard");
    if (!guard.empty()) out += Wrapped(guard, kIndent, terminal.width);
    const std::string rollback = Text(action, "rollback");
    if (!rollback.empty()) out += Wrapped("when undone, " + rollback, kIndent, terminal.width);
  }
  const std::string result = Text(action, "result");
  if (!result.empty()) out += Wrapped(result, kIndent, terminal.width);
  return out;
}

std::string RenderActions(const json::value& answer, const Terminal& terminal) {
  const json::array& actions = List(answer, "actions");
  if (actions.empty()) {
    return Wrapped(
        "Nothing was offered yet: runbooks do that when an alert calls for one, or by hand: "
        "pitot runbook latency",
        0, terminal.width);
  }
  std::string out;
  for (const json::value& action : actions) {
    out += (out.empty() ? "" : "\n") + RenderAction(action, terminal);
  }
  if (Text(answer, "mode") == "suggest") {
    out += "\n" +
           Wrapped("Pitot does none of this: alerts.actions.mode is suggest.", 0, terminal.width);
  }
  return out;
}

}  // namespace pitot
