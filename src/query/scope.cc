#include "query/scope.h"

#include <algorithm>

#include "base/status.h"
#include "base/text.h"
#include "decode/instant.h"
#include "store/day.h"

namespace pitot {
namespace {

// 2200-01-01: beyond it a time is a mistake, and nanoseconds would soon overflow.
constexpr UnixNanos kLatest = 7'258'118'400LL * kNanosPerSecond;

}  // namespace

QueryOptions QueryContext::Options(std::vector<SqlParam> params, std::string_view format) const {
  QueryOptions options;
  options.params = std::move(params);
  options.format = format;
  options.settings = {
      {"date_time_output_format", "iso"},
      {"output_format_json_validate_utf8", "1"},
      {"max_memory_usage", fmt::to_string(limits.query_memory_bytes)},
  };
  options.deadline =
      std::max(std::chrono::milliseconds(1), std::chrono::duration_cast<std::chrono::milliseconds>(
                                                 deadline - std::chrono::steady_clock::now()));
  options.cancel = cancel;
  return options;
}

SqlPiece FactsWhere(const Scope& scope, bool calls_only) {
  FilterSql filter = CompileFilter(scope.filter);
  // indexHint: what bounds partitions and the key follows from end_ns, so that no row needs to be
  // asked, which would be a third of a plain sum.
  SqlPiece piece;
  piece.sql = fmt::format(
      "{} AND indexHint(toUInt16(f.day) BETWEEN {{min_day:UInt16}} AND {{max_day:UInt16}}"
      " AND intDiv(f.end_ns, 60000000000) BETWEEN {{min_minute:Int64}} AND {{max_minute:Int64}})"
      " AND f.end_ns >= {{since_ns:Int64}} AND f.end_ns < {{until_ns:Int64}}{} AND {}",
      scope.every_project ? "1" : "f.project = {project:String}",
      calls_only ? " AND f.is_call" : " AND f.is_call IN (0, 1)", filter.sql);
  const auto [since, until] = scope.window;
  piece.params = {
      {"min_day", fmt::to_string(DayOf(since))},
      {"max_day", fmt::to_string(DayOf(until))},
      {"min_minute", fmt::to_string(since / kNanosPerMinute)},
      {"max_minute", fmt::to_string(until / kNanosPerMinute)},
      {"since_ns", fmt::to_string(since)},
      {"until_ns", fmt::to_string(until)},
  };
  if (!scope.every_project) piece.params.push_back({"project", scope.project});
  std::ranges::move(filter.params, std::back_inserter(piece.params));
  return piece;
}

absl::StatusOr<UnixNanos> ParseMoment(std::string_view name, std::string_view text, UnixNanos now) {
  if (const auto time = ParseRfc3339(text)) {
    if (*time >= 0 && *time <= kLatest) return *time;
    return InvalidArgument("{} \"{}\" is not between 1970 and 2200", name, text);
  }
  if (const auto back = ParseDurationNs(text, 0); back.ok() && *back >= 0) {
    return now - std::min(now, *back);
  }
  return InvalidArgument("{} \"{}\" is no time: write 15m, 24h, 7d or 2026-01-31T12:00:00Z", name,
                         text);
}

absl::StatusOr<Window> ParseWindow(std::string_view since, std::string_view until,
                                   int64_t default_ns, UnixNanos now) {
  Window window;
  window.until_ns = now;
  if (!until.empty()) {
    ASSIGN_OR_RETURN(window.until_ns, ParseMoment("until", until, now));
  }
  window.since_ns = window.until_ns - std::min(window.until_ns, default_ns);
  if (!since.empty()) {
    ASSIGN_OR_RETURN(window.since_ns, ParseMoment("since", since, now));
  }
  if (window.since_ns >= window.until_ns) {
    return InvalidArgument("since \"{}\" is not before until \"{}\"", since,
                           until.empty() ? "now" : until);
  }
  return window;
}

}  // namespace pitot
