// Hits of a full-text search, with the words found made visible.
#include <fmt/format.h>

#include <algorithm>
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

// The snippet in one line of `width` columns that shows what was found, which is coloured.
std::string Snippet(const json::value& hit, size_t width, const Terminal& terminal) {
  const json::value& value = Part(hit, "snippet");
  if (!value.is_string()) return "";
  const std::string_view text = value.get_string();
  size_t from = 0;
  size_t to = 0;
  const json::array& highlights = List(hit, "highlights");
  if (!highlights.empty() && highlights[0].is_array() && highlights[0].get_array().size() == 2) {
    const json::array& first = highlights[0].get_array();
    from = BytesOf(text, first[0].to_number<size_t>());
    to = std::max(from, BytesOf(text, first[1].to_number<size_t>()));
  }
  std::string before = CleanLine(text.substr(0, from));
  const std::string found = CleanLine(text.substr(from, to - from));
  // A third of the line for what stands before it.
  if (const size_t room = width / 3; TextWidth(before) > room) {
    std::string_view end = before;
    while (TextWidth(end) + 1 > room) end.remove_prefix(BytesOf(end, 1));
    before = "…" + std::string(end);
  }
  const size_t used = TextWidth(before) + TextWidth(found);
  if (used >= width) return Fit(before + found, width);
  return before + Styled(terminal, Style::kYellow, found) +
         Fit(CleanLine(text.substr(to)), width - used);
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
    out += "  " + Snippet(hit, terminal.width - 2, terminal) + "\n";
  }
  return out;
}

}  // namespace pitot
