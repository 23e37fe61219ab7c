// Hits of a full-text search, with the words found made visible.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>

#include "cmd/client.h"
#include "cmd/view/lists.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kShortId = 12;

// Bytes of the first `count` characters.
size_t BytesOf(std::string_view text, size_t count) {
  size_t at = 0;
  while (at < text.size() && count > 0) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    --count;
  }
  return at;
}

// The snippet in one line; what was found is bold, and only its text is cleaned, so that offsets hold.
std::string Snippet(const json::value& hit, const Terminal& terminal) {
  const json::value& value = Part(hit, "snippet");
  if (!value.is_string()) return "";
  const std::string_view text = value.get_string();
  if (!terminal.colour) return CleanLine(text);
  std::string out;
  size_t done = 0;
  for (const json::value& pair : List(hit, "highlights")) {
    if (!pair.is_array() || pair.get_array().size() != 2) continue;
    const size_t from = BytesOf(text, pair.get_array()[0].to_number<size_t>());
    const size_t to = BytesOf(text, pair.get_array()[1].to_number<size_t>());
    if (from < done || to < from || to > text.size()) continue;
    out += CleanLine(text.substr(done, from - done));
    out += Styled(terminal, Style::kYellow, CleanLine(text.substr(from, to - from)));
    done = to;
  }
  return out + CleanLine(text.substr(done));
}

}  // namespace

std::string RenderSearch(const json::value& answer, const Terminal& terminal) {
  const json::array& hits = List(answer, "hits");
  if (hits.empty()) return "Nothing found. Look further back with --since 30d.\n";
  std::string out;
  for (const json::value& hit : hits) {
    const std::string head = fmt::format("{}  {}  {} {} · {}", ClockText(Text(hit, "at")),
                                         Text(hit, "trace_id").substr(0, kShortId),
                                         Text(hit, "kind"), Text(hit, "name"), Text(hit, "where"));
    out += Styled(terminal, Style::kDim, Fit(head, terminal.width)) + "\n";
    // Colours take no columns: a line with them is cut by the server's snippet alone.
    const std::string snippet = Snippet(hit, terminal);
    out += "  " + (terminal.colour ? snippet : Fit(snippet, terminal.width - 2)) + "\n";
  }
  return out;
}

}  // namespace pitot
