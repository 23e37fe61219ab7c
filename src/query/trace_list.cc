#include "query/trace_list.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "base/status.h"
#include "base/text.h"
#include "query/sql_files.h"
#include "query/trace_stretch.h"

namespace pitot {
namespace {

constexpr int64_t kNanosPerHour = 60 * kNanosPerMinute;
constexpr std::string_view kLastId = "ffffffffffffffffffffffffffffffff";
constexpr UnixNanos kNoEnd = std::numeric_limits<int64_t>::max();

// How far back a filtered list looks at first, and how much farther each time.
constexpr int64_t kFirstReach = kNanosPerHour;
constexpr int64_t kReachGrowth = 6;

// Where a page ends. As text: "since.until.start.trace_id", times in nanoseconds.
struct Position {
  UnixNanos since_ns = 0;
  UnixNanos until_ns = kNoEnd;
  UnixNanos before_ns = kNoEnd;
  std::string before_id{kLastId};
};

std::string FormatPosition(const Position& position) {
  return fmt::format("{}.{}.{}.{}", position.since_ns, position.until_ns, position.before_ns,
                     position.before_id);
}

bool ParseInt(std::string_view text, int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

absl::StatusOr<Position> ParsePosition(std::string_view cursor) {
  const std::vector<std::string_view> parts = SplitText(cursor, '.');
  Position position;
  if (parts.size() != 4 || !ParseInt(parts[0], position.since_ns) ||
      !ParseInt(parts[1], position.until_ns) || !ParseInt(parts[2], position.before_ns) ||
      position.since_ns < 0 || !CheckId("cursor", parts[3], 16).ok()) {
    return InvalidArgument("cursor \"{}\" is not one: take `next` of the page before", cursor);
  }
  position.before_id = parts[3];
  return position;
}

absl::StatusOr<Position> FirstPosition(const TraceListRequest& request, UnixNanos now) {
  Position position;
  ASSIGN_OR_RETURN(position.since_ns, ParseMoment("since", request.since, now));
  if (!request.until.empty()) {
    ASSIGN_OR_RETURN(position.until_ns, ParseMoment("until", request.until, now));
  }
  return position;
}

std::vector<SqlParam> ListParams(const std::string& project, const Position& position,
                                 const std::string& trace_id, uint32_t limit) {
  std::vector<SqlParam> params = StretchParams(project, position.since_ns, position.until_ns);
  params.push_back({"before_ns", fmt::to_string(position.before_ns)});
  params.push_back({"before_id", position.before_id});
  params.push_back({"trace_id", trace_id});
  params.push_back({"limit", fmt::to_string(limit)});
  return params;
}

// Takes the field `position`, the last of a row of trace_list.sql, off: {...,"position":"123"}.
std::string_view TakePosition(std::string_view& row) {
  constexpr std::string_view kField = ",\"position\":\"";
  const size_t at = row.rfind(kField);
  if (at == std::string_view::npos) return {};
  std::string_view position = row.substr(at + kField.size());
  position = position.substr(0, position.find('"'));
  row = row.substr(0, at);
  return position;
}

std::string_view IdOf(std::string_view row) {
  constexpr std::string_view kField = "{\"trace_id\":\"";
  return row.starts_with(kField) ? row.substr(kField.size(), 32) : std::string_view{};
}

// At most `wanted` rows of one stretch, as lines of JSON.
absl::StatusOr<std::string> ReadStretch(const QueryContext& context,
                                        const TraceListRequest& request, const Position& part,
                                        uint32_t wanted, bool all) {
  SqlPiece list{.sql = std::string(SqlFile("trace_list.sql"))};
  if (!request.filter.empty()) {
    ASSIGN_OR_RETURN(const TraceStretch stretch,
                     MeasureStretch(context, request.project, part.since_ns, part.until_ns));
    if (stretch.traces == 0 || (stretch.traces < wanted && !all)) return std::string();
    list = OfMatchingTraces(list.sql, request.project, request.filter, part.since_ns,
                            stretch.last_end_ns);
  }
  std::ranges::move(ListParams(request.project, part, "", wanted), std::back_inserter(list.params));
  ASSIGN_OR_RETURN(QueryResult result,
                   context.engine.Query(list.sql, context.Options(std::move(list.params))));
  return std::move(result.body);
}

// The rows of a page and one more.
absl::StatusOr<std::string> ReadRows(const QueryContext& context, const TraceListRequest& request,
                                     const Position& position) {
  const uint32_t wanted = request.limit + 1;
  Position part = position;
  // The row at before_ns itself may be wanted: ids decide among equal starts.
  if (part.before_ns != kNoEnd) part.until_ns = std::min(part.until_ns, part.before_ns + 1);
  const UnixNanos newest = std::min(part.until_ns, context.now);
  for (int64_t reach = kFirstReach;; reach *= kReachGrowth) {
    const bool all = newest - position.since_ns <= reach;
    part.since_ns = all ? position.since_ns : newest - reach;
    ASSIGN_OR_RETURN(std::string rows, ReadStretch(context, request, part, wanted, all));
    if (all || std::ranges::count(rows, '\n') >= wanted) return rows;
  }
}

}  // namespace

absl::StatusOr<std::string> ListTraces(const QueryContext& context,
                                       const TraceListRequest& request) {
  ASSIGN_OR_RETURN(Position position, request.cursor.empty() ? FirstPosition(request, context.now)
                                                             : ParsePosition(request.cursor));
  ASSIGN_OR_RETURN(const std::string lines, ReadRows(context, request, position));

  std::string json = "{\"traces\":[";
  bool more = false;
  uint32_t rows = 0;
  for (std::string_view row : SplitText(lines, '\n')) {
    if (row.empty()) continue;
    if (rows == request.limit) {
      more = true;
      break;
    }
    ParseInt(TakePosition(row), position.before_ns);
    position.before_id = IdOf(row);
    json += fmt::format("{}{}}}", rows == 0 ? "\n" : ",\n", row);
    ++rows;
  }
  json += more ? fmt::format("],\"next\":\"{}\"}}", FormatPosition(position)) : "],\"next\":null}";
  return json;
}

absl::StatusOr<std::string> ReadTraceRow(Engine& engine, const std::string& project,
                                         const std::string& trace_id, const TraceBounds& bounds) {
  Position position;
  position.since_ns = bounds.start_min_ns;
  // A row under an older start stays until the newer one is written.
  position.until_ns = std::max(bounds.start_max_ns, bounds.start_max_ns + 1);
  ASSIGN_OR_RETURN(const QueryResult row,
                   engine.Query(SqlFile("trace_list.sql"),
                                JsonLines(ListParams(project, position, trace_id, 1))));
  std::string_view trace = row.body;
  if (TakePosition(trace).empty()) {
    return Error(absl::StatusCode::kNotFound, "trace {} is being written: ask again", trace_id);
  }
  return std::string(trace) + "}";
}

}  // namespace pitot
