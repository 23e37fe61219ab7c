// Rules with how they do, what was told to whom, and what a receiver said to a test.
#include <fmt/format.h>

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

std::string SecondsText(const json::value& object, std::string_view name) {
  const double seconds = Number(object, name);
  if (seconds == 0) return "at once";
  return seconds < 120 ? fmt::format("{:.0f}s", seconds) : fmt::format("{:.0f}m", seconds / 60);
}

// What became of the last evaluation, in few words.
std::string StateOf(const json::value& rule) {
  if (!Flag(rule, "enabled")) return "off";
  if (!IsNull(rule, "last_error")) return "failed";
  if (IsNull(rule, "last_evaluated_at")) return "not yet evaluated";
  if (const double n = Number(rule, "breaching"); n > 0) return fmt::format("{:.0f} breaching", n);
  const double waits = Number(rule, "learning") + Number(rule, "suppressed");
  const double series = Number(rule, "series");
  if (series == 0) return "nothing to measure";
  if (waits >= series) return Number(rule, "learning") > 0 ? "learning" : "too little traffic";
  return "ok";
}

Style StyleOf(const json::value& rule) {
  if (!Flag(rule, "enabled")) return Style::kDim;
  if (!IsNull(rule, "last_error")) return Style::kRed;
  return Number(rule, "breaching") > 0 ? Style::kYellow : Style::kPlain;
}

}  // namespace

std::string RenderRules(const json::value& answer, const Terminal& terminal) {
  Table table({{"rule", false, true},
               {"alert", false, true, 100},
               {"severity"},
               {"threshold", true},
               {"for", true},
               {"series", true, false, 90},
               {"took", true, false, 110},
               {"runbook", false, false, 130},
               {"from", false, true, 120},
               {"state", false, true}});
  std::string notes;
  for (const json::value& rule : List(answer, "rules")) {
    const std::string id = Text(rule, "id");
    table.AddRow(
        {id, Text(rule, "alertname"), Text(rule, "severity"),
         UnitText(Number(rule, "threshold"), Text(rule, "unit")), SecondsText(rule, "for_s"),
         CountText(rule, "series"), DurationText(Number(rule, "last_took_ms")),
         Text(rule, "runbook"), Text(rule, "defined_in"), StateOf(rule)},
        StyleOf(rule));
    if (!IsNull(rule, "last_error")) {
      notes += Styled(terminal, Style::kRed,
                      Wrapped(id + ": " + Text(rule, "last_error"), 0, terminal.width));
    }
  }
  std::string out = table.Render(terminal);
  if (!notes.empty()) out += "\n" + notes;
  const json::array& waiting = List(answer, "suppressed");
  if (waiting.empty()) return out;
  out += "\n" + Styled(terminal, Style::kBold, "Not judged") + "\n";
  for (const json::value& one : waiting) {
    std::string line = fmt::format("{}  {}", Text(one, "rule_id"),
                                   LabelsText(Part(one, "labels"), "alertname severity"));
    if (const std::string why = Text(one, "reason"); !why.empty()) line += ": " + why;
    out += Wrapped(line, 2, terminal.width);
  }
  return out;
}

std::string RenderNotifications(const json::value& answer, const Terminal& terminal) {
  const json::array& list = List(answer, "notifications");
  if (list.empty()) return "Nobody was told of anything yet.\n";
  Table table({{"when (UTC)"},
               {"receiver", false, true},
               {"why"},
               {"firing", true},
               {"resolved", true, false, 90},
               {"group", false, true},
               {"result", false, true}});
  for (const json::value& one : list) {
    const bool ok = Flag(one, "ok");
    const std::string labels = LabelsText(Part(one, "group_labels"), "");
    table.AddRow({ClockText(Text(one, "at")), Text(one, "receiver"), Text(one, "reason"),
                  CountText(one, "firing"), CountText(one, "resolved"),
                  labels.empty() ? "(all)" : labels, ok ? "sent" : "failed"},
                 ok ? Style::kPlain : Style::kRed);
  }
  return table.Render(terminal);
}

std::string RenderReceivers(const json::value& answer, const Terminal& terminal) {
  const json::array& receivers = List(answer, "receivers");
  if (receivers.empty()) {
    return Wrapped(
        "No receivers: alerts are shown, and nobody is told. The configuration's alerts.receivers "
        "names them (docs/notifications.md).",
        0, terminal.width);
  }
  Table table({{"receiver", false, true},
               {"channel"},
               {"to", false, true},
               {"sent", true},
               {"failed", true},
               {"waiting", true, false, 100},
               {"took", true, false, 110},
               {"last told", true},
               {"last error", false, true}});
  const std::string at = Text(answer, "at");
  const auto ago = [&](const json::value& channel, const char* member) {
    const std::string span = SpanOfTime(Text(channel, member), at);
    return span.empty() ? std::string() : span + " ago";
  };
  for (const json::value& receiver : receivers) {
    for (const json::value& channel : List(receiver, "channels")) {
      // RFC 3339 in UTC: the later text is the later time.
      const bool failing = Text(channel, "last_error_at") > Text(channel, "last_success_at");
      table.AddRow(
          {Text(receiver, "name"), Text(channel, "channel"), Text(channel, "target"),
           CountText(channel, "sent"), CountText(channel, "failed"), CountText(channel, "queued"),
           IsNull(channel, "last_success_at") ? "" : MsText(channel, "last_latency_ms"),
           ago(channel, "last_success_at"), failing ? Text(channel, "last_error") : ""},
          failing ? Style::kRed : Style::kPlain);
    }
  }
  return table.Render(terminal);
}

std::string RenderReceiverTest(const json::value& answer, const Terminal& terminal) {
  std::string out;
  for (const json::value& channel : List(answer, "channels")) {
    const bool ok = Flag(channel, "ok");
    out += Styled(terminal, ok ? Style::kGreen : Style::kRed,
                  Wrapped(fmt::format("{}: {}", Text(channel, "channel"),
                                      ok ? "delivered" : Text(channel, "error")),
                          0, terminal.width));
  }
  return out;
}

}  // namespace pitot
