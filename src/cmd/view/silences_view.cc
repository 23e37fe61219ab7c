// Silences: who is not told of what, until when, and why.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>

#include "cmd/client.h"
#include "cmd/view/alert_words.h"
#include "cmd/view/alerts.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kIndent = 10;

std::string MatchersText(const json::value& silence) {
  std::string out;
  for (const json::value& matcher : List(silence, "matchers")) {
    const bool equal = Flag(matcher, "is_equal");
    const char* op = Flag(matcher, "is_regex") ? (equal ? "=~" : "!~") : (equal ? "=" : "!=");
    out += fmt::format("{}{}{}\"{}\"", out.empty() ? "" : " ", Text(matcher, "name"), op,
                       Text(matcher, "value"));
  }
  return out;
}

std::string WhenText(const json::value& silence, std::string_view at) {
  const std::string state = Text(silence, "state");
  const std::string starts = Text(silence, "starts_at");
  const std::string ends = Text(silence, "ends_at");
  if (state == "expired") return fmt::format("ended {} ago", SpanOfTime(ends, at));
  if (state == "pending") {
    return fmt::format("begins in {}, for {}", SpanOfTime(at, starts), SpanOfTime(starts, ends));
  }
  return fmt::format("{} left, until {} UTC", SpanOfTime(at, ends), ClockText(ends));
}

}  // namespace

std::string RenderSilences(const json::value& answer, const Terminal& terminal) {
  const json::array& silences = List(answer, "silences");
  if (silences.empty()) {
    return Wrapped(
        "No silences. Make one with: pitot silence add alertname=LatencyP99High --for 2h --comment "
        "\"provider has told us\"",
        0, terminal.width);
  }
  const std::string at = Text(answer, "at");
  std::string out;
  for (const json::value& silence : silences) {
    const std::string state = Text(silence, "state");
    const Style style = state == "active" ? Style::kGreen : Style::kDim;
    if (!out.empty()) out += "\n";
    const std::string matchers = Wrapped(MatchersText(silence), kIndent, terminal.width);
    out += Styled(terminal, style, PadRight(state, kIndent)) + matchers.substr(kIndent);
    std::string what = WhenText(silence, at);
    if (const double n = Number(silence, "alerts"); state == "active") {
      what += n == 0 ? "; nothing to silence now" : "; silences " + Plural(n, "alert", "alerts");
    }
    out += Wrapped(what, kIndent, terminal.width);
    out += Wrapped(fmt::format("{}: {}", Text(silence, "created_by"), Text(silence, "comment")),
                   kIndent, terminal.width);
    out += Styled(terminal, Style::kDim, Wrapped(Text(silence, "id"), kIndent, terminal.width));
  }
  return out;
}

}  // namespace pitot
