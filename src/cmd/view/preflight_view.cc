#include "cmd/view/preflight_view.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "cmd/client.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kIndent = 11;  // Of what stands below a point's line.
constexpr size_t kStatusWidth = 9;

struct StatusRow {
  std::string_view name;
  std::string_view word;
  Style style;
};
constexpr StatusRow kStatuses[] = {
    {"pass", "pass", Style::kGreen},
    {"fail", "FAIL", Style::kRed},
    {"insufficient_data", "no data", Style::kYellow},
    {"attested", "attested", Style::kGreen},
    {"waived", "waived", Style::kDim},
};

const StatusRow& RowOf(std::string_view name) {
  for (const StatusRow& row : kStatuses) {
    if (row.name == name) return row;
  }
  return kStatuses[2];
}

std::string Samples(const json::value& point) {
  std::string ids;
  for (const json::value& id : List(point, "sample_trace_ids")) {
    if (!id.is_string()) continue;
    if (!ids.empty()) ids += ", ";
    ids += CleanLine(id.get_string()).substr(0, 8);
  }
  return ids.empty() ? "" : "traces: " + ids;
}

std::string PointText(const json::value& point, bool all, const Terminal& terminal) {
  const StatusRow& row = RowOf(Text(point, "status"));
  const std::string id = Text(point, "id") + (Flag(point, "star") ? "*" : "");
  const size_t room =
      terminal.width > kIndent + kStatusWidth ? terminal.width - kIndent - kStatusWidth : 20;
  std::string out = fmt::format("{}  {}  {}\n", PadRight(id, 7),
                                Styled(terminal, row.style, PadRight(std::string(row.word), 8)),
                                Fit(Text(point, "title"), room));
  const bool passes = row.name == "pass";
  if (passes && !all) return out;
  const std::string words = Text(point, "words");
  if (!words.empty()) out += Wrapped(words, kIndent, terminal.width);
  if (const std::string ids = Samples(point); !ids.empty() && !passes) {
    out += Wrapped(ids, kIndent, terminal.width);
  }
  if (row.name == "fail") {
    out += Wrapped("-> " + Text(point, "remedy"), kIndent, terminal.width);
  }
  return out;
}

std::string NoteText(const json::value& note, std::string_view what, std::string_view words) {
  if (!note.is_object()) return {};
  return fmt::format("{} by {} until {}: {}\n", what, Text(note, "by"),
                     TimeText(Text(note, "until")).substr(0, 10), Text(note, words));
}

}  // namespace

std::string RenderPreflight(const json::value& answer, bool all, const Terminal& terminal) {
  std::string out =
      Styled(terminal, Style::kBold, fmt::format("Preflight of {}", Text(answer, "project")));
  out += fmt::format("\n{} UTC, {}{}\n\n", TimeText(Text(answer, "checked_at")),
                     DurationText(Number(answer, "took_ms")),
                     Flag(answer, "probes") ? "" : ", nothing was tried out (--no-probes)");
  std::string area;
  for (const json::value& point : List(answer, "points")) {
    const std::string id = Text(point, "id");
    if (!area.empty() && id.substr(0, 3) != area) out += "\n";
    area = id.substr(0, 3);
    out += PointText(point, all, terminal);
  }
  const json::value& counts = Part(answer, "counts");
  std::string stops;
  for (const json::value& point : List(answer, "points")) {
    if (!Flag(point, "stops_launch")) continue;
    stops += (stops.empty() ? "" : ", ") + Text(point, "id");
  }
  out += fmt::format(
      "\n{:.0f} pass · {:.0f} fail · {:.0f} without data · {:.0f} attested · {:.0f} "
      "waived\n",
      Number(counts, "pass"), Number(counts, "fail"), Number(counts, "insufficient_data"),
      Number(counts, "attested"), Number(counts, "waived"));
  if (Flag(answer, "launch")) {
    return out + Styled(terminal, Style::kGreen, "Ready: nothing stops a launch.") + "\n";
  }
  return out + Styled(terminal, Style::kRed, "Not ready.") + "\n" +
         Wrapped("It is stopped by " + stops + ".", 0, terminal.width);
}

std::string RenderPreflightNotes(const json::value& answer, const Terminal& terminal) {
  std::string out =
      Styled(terminal, Style::kBold, Text(answer, "id")) + " of " + Text(answer, "project") + "\n";
  out += NoteText(Part(answer, "attestation"), "attested", "comment");
  out += NoteText(Part(answer, "waiver"), "waived", "reason");
  const json::value& evidence = Part(answer, "evidence");
  if (evidence.is_object()) {
    out += fmt::format("recorded by {} on {} UTC\n", Text(evidence, "by"),
                       TimeText(Text(evidence, "at")));
    const json::value& values = Part(evidence, "values");
    if (values.is_object()) {
      for (const auto& [name, value] : values.get_object()) {
        out += fmt::format("  {} = {}\n", CleanLine(name), Text(values, name));
      }
    }
  }
  return out;
}

}  // namespace pitot
