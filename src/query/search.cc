#include "query/search.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/hex.h"
#include "base/status.h"
#include "base/text.h"
#include "http/message.h"
#include "query/filter/lexer.h"
#include "query/filter/phrase.h"
#include "query/snippet.h"
#include "store/day.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace {

constexpr int64_t kFirstReach = kNanosPerDay;
constexpr int64_t kReachGrowth = 4;
constexpr size_t kHashesMax = 50'000;  // Of one page's spans, looked at for snippets.

constexpr std::string_view kWhere[] = {"output", "input", "reasoning", "system",
                                       "tool_definitions"};

struct Hit {
  int64_t end_ns = 0;
  int64_t start_ns = 0;
  std::string id;    // Raw bytes of trace_id and span_id.
  std::string head;  // JSON members that facts know.
  std::string_view where;
  Snippet snippet;
};

// Where a page ends: hits before it in the order of the list. "since.until.end.hex id"
struct Position {
  Window window;
  int64_t end_ns = std::numeric_limits<int64_t>::max();
  std::string id = std::string(48, 'f');
};

bool ParseInt(std::string_view text, int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// With nanoseconds, as elsewhere in answers.
std::string TimeText(int64_t unix_ns) {
  return fmt::format("{}.{:09}Z", FormatTime(unix_ns).substr(0, 19), unix_ns % kNanosPerSecond);
}

absl::StatusOr<Position> ReadPosition(const SearchRequest& request) {
  Position position;
  position.window = request.scope.window;
  if (request.cursor.empty()) return position;
  const std::vector<std::string_view> parts = SplitText(request.cursor, '.');
  std::string raw(24, '\0');
  if (parts.size() != 4 || !ParseInt(parts[0], position.window.since_ns) ||
      !ParseInt(parts[1], position.window.until_ns) || !ParseInt(parts[2], position.end_ns) ||
      position.window.since_ns < 0 || !FromHex(parts[3], raw.data(), 24)) {
    return InvalidArgument("cursor \"{}\" is not one: take `next` of the page before",
                           Shortened(request.cursor));
  }
  position.id = parts[3];
  return position;
}

absl::StatusOr<Filter> WordsFilter(const QueryContext& context, const std::string& words) {
  if (TrimText(words).empty()) return InvalidArgument("query is empty: give words to search for");
  const auto bytes_max = static_cast<size_t>(context.limits.filter_regex_bytes);
  if (words.size() > bytes_max) {
    return InvalidArgument("query has {} bytes; at most {} (limits.filter_regex_bytes)",
                           words.size(), bytes_max);
  }
  FilterLimits limits;
  limits.bytes = 4 * bytes_max;
  limits.regex_bytes = bytes_max;
  auto filter = ParseFilter(QuoteFilterText(words), limits);
  if (filter.ok()) return filter;
  return InvalidArgument("query: {}", Message(filter.status()));
}

class Searcher {
 public:
  Searcher(const QueryContext& context, const SearchRequest& request, Position position)
      : context_(context),
        request_(request),
        position_(std::move(position)),
        regex_(MakePhrase(request.words).captured, Options()) {}

  absl::StatusOr<std::string> Run(Filter filter) {
    filter_ = And(request_.scope.filter, filter);
    RETURN_IF_ERROR(FindHits());
    const bool more = hits_.size() > request_.limit;
    if (more) hits_.pop_back();
    RETURN_IF_ERROR(ReadSpans());
    return Json(more);
  }

 private:
  static re2::RE2::Options Options() {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    return options;
  }

  // Stretches of time, the newest first, each longer than the one before.
  absl::Status FindHits() {
    int64_t until =
        std::min(position_.window.until_ns, position_.end_ns == std::numeric_limits<int64_t>::max()
                                                ? position_.end_ns
                                                : position_.end_ns + 1);
    for (int64_t reach = kFirstReach; until > position_.window.since_ns; reach *= kReachGrowth) {
      const int64_t since = std::max(position_.window.since_ns, until - reach);
      RETURN_IF_ERROR(FindIn({since, until}));
      if (hits_.size() > request_.limit) break;
      until = since;
    }
    return absl::OkStatus();
  }

  absl::Status FindIn(Window window) {
    SqlPiece where = FactsWhere({request_.scope.project, window, filter_});
    where.params.push_back({"before_ns", fmt::to_string(position_.end_ns)});
    where.params.push_back({"before_id", position_.id});
    where.params.push_back({"limit", fmt::to_string(request_.limit + 1 - hits_.size())});
    const std::string sql = fmt::format(
        "SELECT f.end_ns, f.duration_ns, f.trace_id, f.span_id, toString(f.name), "
        "toString(f.kind) FROM facts AS f FINAL WHERE {} AND (f.end_ns, concat(f.trace_id, "
        "f.span_id)) < ({{before_ns:Int64}}, unhex({{before_id:String}})) ORDER BY f.end_ns DESC, "
        "f.trace_id DESC, f.span_id DESC LIMIT 3 BY f.trace_id LIMIT {{limit:UInt32}}",
        where.sql);
    ASSIGN_OR_RETURN(const QueryResult result,
                     context_.engine.Query(sql, context_.Options(where.params, "RowBinary")));
    RowBinaryReader in(result.body);
    while (!in.AtEnd()) {
      Hit hit;
      hit.end_ns = in.Number<int64_t>();
      hit.start_ns = hit.end_ns - in.Number<int64_t>();
      const std::string_view trace_id = in.Bytes(16);
      const std::string_view span_id = in.Bytes(8);
      hit.id = fmt::format("{}{}", trace_id, span_id);
      const std::string_view name = in.String();
      hit.head = fmt::format("\"trace_id\":\"{}\",\"span_id\":\"{}\",\"name\":{},\"kind\":\"{}\"",
                             ToHex(trace_id), ToHex(span_id), QuoteJson(name), in.String());
      if (!in.ok()) return Internal("the engine's list of hits cannot be read");
      hits_.push_back(std::move(hit));
    }
    return absl::OkStatus();
  }

  std::vector<SqlParam> PageParams() const {
    int64_t first = std::numeric_limits<int64_t>::max();
    int64_t last = 0;
    for (const Hit& hit : hits_) {
      first = std::min(first, hit.start_ns);
      last = std::max(last, hit.start_ns);
    }
    return {{"project", request_.scope.project},
            {"min_day", fmt::to_string(DayOf(first))},
            {"max_day", fmt::to_string(DayOf(last))}};
  }

  // What each hit holds, and in which part of it the words are.
  absl::Status ReadSpans() {
    if (hits_.empty()) return absl::OkStatus();
    std::vector<SqlParam> params = PageParams();
    std::vector<std::string> ids;
    for (const Hit& hit : hits_) ids.push_back(ToHex(hit.id));
    params.push_back({"ids", QuoteArray(ids)});
    constexpr std::string_view kSql =
        "SELECT trace_id, span_id, name, status_message, output, input, reasoning, system, "
        "tool_definitions FROM spans WHERE project = {project:String} AND toUInt16(day) BETWEEN "
        "{min_day:UInt16} AND {max_day:UInt16} AND trace_id IN (SELECT "
        "toFixedString(unhex(substring(arrayJoin({ids:Array(String)}), 1, 32)), 16)) AND "
        "concat(trace_id, span_id) IN (SELECT unhex(arrayJoin({ids:Array(String)}))) ORDER BY "
        "version DESC LIMIT 1 BY trace_id, span_id";
    ASSIGN_OR_RETURN(const QueryResult spans,
                     context_.engine.Query(kSql, context_.Options(params, "RowBinary")));
    RETURN_IF_ERROR(ReadPayloads(spans.body));
    RowBinaryReader in(spans.body);
    while (!in.AtEnd()) {
      const std::string_view id = in.Bytes(24);
      const auto hit = std::ranges::find(hits_, id, &Hit::id);
      const std::string_view name = in.String();
      const std::string_view message = in.String();
      for (const std::string_view where : kWhere) {
        const uint64_t pieces = in.Count();
        for (uint64_t i = 0; i < pieces; ++i) {
          const std::string_view piece = in.String();
          if (hit == hits_.end() || hit->snippet.found() || piece.empty()) continue;
          hit->where = where;
          hit->snippet = SnippetOf(piece);
        }
      }
      if (!in.ok()) return Internal("the engine's spans of hits cannot be read");
      if (hit == hits_.end() || hit->snippet.found()) continue;
      hit->where = "name";
      hit->snippet = MakeSnippet(name, regex_);
      if (hit->snippet.found()) continue;
      hit->where = "status_message";
      hit->snippet = MakeSnippet(message, regex_);
    }
    return absl::OkStatus();
  }

  Snippet SnippetOf(std::string_view piece) const {
    if (piece.front() == '=') return MakeSnippet(piece.substr(1), regex_);
    const auto found = snippets_.find(std::string(piece.substr(1)));
    return found == snippets_.end() ? Snippet{} : found->second;
  }

  // Of long payloads only what surrounds the match leaves the engine.
  absl::Status ReadPayloads(std::string_view spans) {
    absl::flat_hash_set<std::string> hashes;
    RowBinaryReader in(spans);
    while (!in.AtEnd()) {
      in.Bytes(24);
      in.String();
      in.String();
      for (size_t array = 0; array < std::size(kWhere); ++array) {
        const uint64_t pieces = in.Count();
        for (uint64_t i = 0; i < pieces; ++i) {
          const std::string_view piece = in.String();
          if (piece.starts_with('#') && hashes.size() < kHashesMax) {
            hashes.insert(ToHex(piece.substr(1)));
          }
        }
      }
    }
    if (hashes.empty()) return absl::OkStatus();
    std::vector<SqlParam> params = PageParams();
    params.push_back({"hashes", QuoteArray({hashes.begin(), hashes.end()})});
    params.push_back({"pattern", MakePhrase(request_.words).pattern});
    constexpr std::string_view kSql =
        "SELECT hash, if(length(content) <= 8192, content, substring(content, "
        "greatest(toInt64(position(content, extract(content, {pattern:String}))) - 1000, 1), "
        "8192)) FROM payloads WHERE project = {project:String} AND toUInt16(day) BETWEEN "
        "{min_day:UInt16} AND {max_day:UInt16} AND hash IN (SELECT "
        "toFixedString(unhex(arrayJoin({hashes:Array(String)})), 16)) AND match(content, "
        "{pattern:String}) LIMIT 1 BY hash";
    ASSIGN_OR_RETURN(const QueryResult result,
                     context_.engine.Query(kSql, context_.Options(params, "RowBinary")));
    RowBinaryReader rows(result.body);
    while (!rows.AtEnd()) {
      const std::string hash(rows.Bytes(16));
      const std::string_view content = rows.String();
      if (!rows.ok()) return Internal("the engine's payloads of hits cannot be read");
      // A part of JSON is JSON's text too.
      const std::string part = content.size() == 8192 ? fmt::format("{{{}", content) : "";
      snippets_[hash] = MakeSnippet(part.empty() ? content : std::string_view(part), regex_);
    }
    return absl::OkStatus();
  }

  std::string Json(bool more) const {
    std::string json = "{\"hits\":[";
    for (const Hit& hit : hits_) {
      std::vector<std::string> highlights;
      for (const auto& [from, to] : hit.snippet.highlights) {
        highlights.push_back(fmt::format("[{},{}]", from, to));
      }
      json +=
          fmt::format("{}{{{},\"at\":\"{}\",\"where\":\"{}\",\"snippet\":{},\"highlights\":[{}]}}",
                      json.back() == '[' ? "\n" : ",\n", hit.head, TimeText(hit.end_ns),
                      hit.where.empty() ? "name" : hit.where, QuoteJson(hit.snippet.text),
                      fmt::join(highlights, ","));
    }
    std::string next = "null";
    if (more) {
      const Hit& last = hits_.back();
      next = fmt::format("\"{}.{}.{}.{}\"", position_.window.since_ns, position_.window.until_ns,
                         last.end_ns, ToHex(last.id));
    }
    std::vector<std::string> words;
    for (std::string_view word : SplitText(request_.words, ' ')) {
      if (!word.empty()) words.push_back(QuoteJson(word));
    }
    return json + fmt::format("],\"next\":{},\"words\":[{}]}}", next, fmt::join(words, ","));
  }

  const QueryContext& context_;
  const SearchRequest& request_;
  const Position position_;
  const re2::RE2 regex_;
  Filter filter_;
  std::vector<Hit> hits_;
  absl::flat_hash_map<std::string, Snippet> snippets_;  // By raw hash.
};

}  // namespace

absl::StatusOr<std::string> Search(const QueryContext& context, const SearchRequest& request) {
  ASSIGN_OR_RETURN(const Filter words, WordsFilter(context, request.words));
  ASSIGN_OR_RETURN(Position position, ReadPosition(request));
  return Searcher(context, request, std::move(position)).Run(words);
}

}  // namespace pitot
