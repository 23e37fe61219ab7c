#include "alert/preflight/content_sample.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/status.h"
#include "store/day.h"

namespace pitot {
namespace {

// Keys of both tables begin with a project and an id that is random: the rows from a random place on
// are a random sample, read without the rest.
constexpr int64_t kRowsMax = 1'000;
constexpr size_t kExampleBytes = 40;
constexpr size_t kSamplesMax = 5;
constexpr std::string_view kMark = "[redacted:";

// A long content is looked at up to there: a sample of what it holds.
constexpr std::string_view kPayloadsSql =
    "SELECT substring(p.content, 1, 32768), '' FROM payloads AS p "
    "WHERE p.project = {project:String} "
    "AND toUInt16(p.day) BETWEEN {first_day:UInt16} AND {max_day:UInt16} "
    "AND p.hash {side} toFixedString(unhex({start:String}), 16) "
    "ORDER BY p.hash LIMIT 1 BY p.hash LIMIT {rows:UInt32}";
// Inline pieces begin with '='; references to payloads with '#'.
constexpr std::string_view kSpansSql =
    "SELECT substring(concat(s.status_message, '\\n', arrayStringConcat(arrayMap(x -> "
    "substring(x, 2), arrayFilter(x -> startsWith(x, '='), arrayConcat(s.input, s.output, "
    "s.system, s.reasoning))), '\\n'), '\\n', arrayStringConcat(mapValues(s.attributes), '\\n')), "
    "1, 32768), lower(hex(s.trace_id)) FROM spans AS s WHERE s.project = {project:String} "
    "AND toUInt16(s.day) BETWEEN {first_day:UInt16} AND {max_day:UInt16} "
    "AND s.start_ns + s.duration_ns >= {since_ns:Int64} "
    "AND s.trace_id {side} toFixedString(unhex({start:String}), 16) "
    "ORDER BY s.trace_id, s.span_id, s.version DESC LIMIT 1 BY s.trace_id, s.span_id "
    "LIMIT {rows:UInt32}";

std::string WithSide(std::string_view sql, std::string_view side) {
  std::string text(sql);
  constexpr std::string_view kPlace = "{side}";
  text.replace(text.find(kPlace), kPlace.size(), side);
  return text;
}

class Searcher {
 public:
  Searcher(const Redactor& redactor, ContentFindings& found) : redactor_(redactor), found_(found) {}

  void Look(std::string_view text, std::string_view trace_id) {
    if (text.find_first_not_of('\n') == std::string_view::npos) return;
    ++found_.texts;
    found_.bytes += static_cast<int64_t>(text.size());
    Arena arena;
    DropCounts drops;
    const std::string_view redacted = redactor_.RedactText(text, &arena, &drops);
    std::map<std::string, int64_t> before;
    Count(text, before);
    for (const auto& [rule, n] : before) found_.redacted_already += n;
    if (redacted == text) return;
    std::map<std::string, int64_t> after;
    Count(redacted, after);
    int64_t hits = 0;
    for (const auto& [rule, n] : after) {
      const int64_t more = n - before[rule];
      if (more <= 0) continue;
      found_.by_rule[rule] += more;
      hits += more;
    }
    found_.hits += hits;
    if (hits == 0) return;
    if (found_.example.empty()) found_.example = Around(redacted, text);
    const auto known = std::ranges::find(found_.trace_ids, trace_id);
    if (!trace_id.empty() && found_.trace_ids.size() < kSamplesMax &&
        known == found_.trace_ids.end()) {
      found_.trace_ids.emplace_back(trace_id);
    }
  }

 private:
  static void Count(std::string_view text, std::map<std::string, int64_t>& by_rule) {
    for (size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at)) {
      at += kMark.size();
      const size_t end = text.find(']', at);
      if (end == std::string_view::npos) return;
      ++by_rule[std::string(text.substr(at, end - at))];
    }
  }

  // Where the two texts begin to differ, of the redacted one.
  static std::string Around(std::string_view redacted, std::string_view text) {
    const auto differ = std::ranges::mismatch(redacted, text);
    const size_t at = static_cast<size_t>(differ.in1 - redacted.begin());
    const size_t from = at < kExampleBytes ? 0 : at - kExampleBytes;
    const size_t mark = redacted.find(']', at);
    const size_t to = mark == std::string_view::npos ? at + kExampleBytes : mark + 1;
    return std::string(redacted.substr(from, to - from));
  }

  const Redactor& redactor_;
  ContentFindings& found_;
};

absl::Status LookAt(const PointContext& context, std::string_view sql, Searcher& searcher) {
  int64_t left = kRowsMax;
  // 32 hex digits that differ from run to run.
  const std::string start =
      fmt::format("{:016x}{:016x}",
                  static_cast<uint64_t>(context.query.now) * 0x9E3779B97F4A7C15ULL, uint64_t{0});
  for (const std::string_view side : {">=", "<"}) {
    if (left <= 0) break;
    std::vector<SqlParam> params = {
        {"project", context.project},
        {"first_day", fmt::to_string(DayOf(context.day.since_ns))},
        {"max_day", fmt::to_string(DayOf(context.day.until_ns))},
        {"start", start},
        {"rows", fmt::to_string(left)},
    };
    if (sql == kSpansSql) params.push_back({"since_ns", fmt::to_string(context.day.since_ns)});
    ASSIGN_OR_RETURN(const Table table,
                     ReadTable(context.query, WithSide(sql, side), std::move(params), 2));
    left -= static_cast<int64_t>(table.rows.size());
    for (const boost::json::value& value : table.rows) {
      searcher.Look(TextAt(value.get_array(), 0), TextAt(value.get_array(), 1));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ContentFindings> SearchContents(const PointContext& context,
                                               const RedactionOptions& rules) {
  ASSIGN_OR_RETURN(const Redactor redactor, Redactor::Create(rules));
  ContentFindings found;
  Searcher searcher(redactor, found);
  RETURN_IF_ERROR(LookAt(context, kPayloadsSql, searcher));
  RETURN_IF_ERROR(LookAt(context, kSpansSql, searcher));
  return found;
}

}  // namespace pitot
