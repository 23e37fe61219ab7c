#include "query/trace_list.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "base/status.h"
#include "base/text.h"
#include "decode/instant.h"
#include "query/sql_files.h"
#include "store/day.h"

namespace pitot {
namespace {

constexpr uint32_t kTracesMax = 1000;
constexpr int64_t kNanosPerHour = 60 * kNanosPerMinute;
constexpr std::string_view kLastId = "ffffffffffffffffffffffffffffffff";

// Where a page ends. As text: "since.until.start.trace_id", times in nanoseconds.
struct Position {
  UnixNanos since_ns = 0;
  UnixNanos until_ns = 0;
  UnixNanos before_ns = std::numeric_limits<int64_t>::max();
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
      !CheckId("cursor", parts[3], 16).ok()) {
    return InvalidArgument("cursor \"{}\" is not one: take `next` of the page before", cursor);
  }
  position.before_id = parts[3];
  return position;
}

absl::StatusOr<UnixNanos> ParseMoment(std::string_view text, UnixNanos now) {
  if (const auto time = ParseRfc3339(text)) return *time;
  if (const auto back = ParseDurationNs(text, 0); back.ok() && *back >= 0) {
    return now - std::min(now, *back);
  }
  return InvalidArgument("\"{}\" is no time: write 15m, 24h, 7d or 2026-01-31T12:00:00Z", text);
}

absl::StatusOr<Position> FirstPosition(const TraceListRequest& request, UnixNanos now) {
  Position position;
  ASSIGN_OR_RETURN(position.since_ns, ParseMoment(request.since, now));
  position.until_ns = std::numeric_limits<int64_t>::max();
  if (!request.until.empty()) {
    ASSIGN_OR_RETURN(position.until_ns, ParseMoment(request.until, now));
  }
  return position;
}

std::vector<SqlParam> ListParams(const TraceListRequest& request, const Position& position,
                                 const std::string& trace_id) {
  return {
      {"project", request.project},
      {"min_day", fmt::to_string(DayOf(position.since_ns))},
      {"max_day", fmt::to_string(DayOf(position.until_ns))},
      {"min_hour", fmt::to_string(position.since_ns / kNanosPerHour)},
      {"max_hour", fmt::to_string(position.until_ns / kNanosPerHour)},
      {"since_ns", fmt::to_string(position.since_ns)},
      {"until_ns", fmt::to_string(position.until_ns)},
      {"before_ns", fmt::to_string(position.before_ns)},
      {"before_id", position.before_id},
      {"trace_id", trace_id},
      {"feature", request.feature},
      {"workflow", request.workflow},
      {"user_id", request.user_id},
      {"session_id", request.session_id},
      {"status", request.status},
      {"model", request.model},
      {"limit", fmt::to_string(request.limit + 1)},
  };
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

}  // namespace

absl::StatusOr<std::string> ListTraces(Engine& engine, const TraceListRequest& request,
                                       UnixNanos now) {
  if (request.limit < 1 || request.limit > kTracesMax) {
    return InvalidArgument("limit {} is not between 1 and {}", request.limit, kTracesMax);
  }
  ASSIGN_OR_RETURN(Position position, request.cursor.empty() ? FirstPosition(request, now)
                                                             : ParsePosition(request.cursor));
  ASSIGN_OR_RETURN(
      const QueryResult result,
      engine.Query(SqlFile("trace_list.sql"), JsonLines(ListParams(request, position, ""))));

  std::string json = "{\"traces\":[";
  bool more = false;
  uint32_t rows = 0;
  for (std::string_view row : SplitText(result.body, '\n')) {
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
  TraceListRequest one;
  one.project = project;
  one.limit = 0;
  Position position;
  position.since_ns = bounds.start_min_ns;
  // A row under an older start stays until the newer one is written.
  position.until_ns = std::max(bounds.start_max_ns, bounds.start_max_ns + 1);
  ASSIGN_OR_RETURN(
      const QueryResult row,
      engine.Query(SqlFile("trace_list.sql"), JsonLines(ListParams(one, position, trace_id))));
  std::string_view trace = row.body;
  if (TakePosition(trace).empty()) {
    return Error(absl::StatusCode::kNotFound, "trace {} is being written: ask again", trace_id);
  }
  return std::string(trace) + "}";
}

}  // namespace pitot
