// alert/rules/usual.h
//
// Reads what is usual in a project (UsualTraffic), and the SQL that it shares with the reading of the
// last minutes. Inside rules/.
//
// Cost is bounded whatever the traffic: with more spans than some millions in the hours looked at,
// evenly spread minutes of them stand for the rest.
#pragma once

#include <absl/status/statusor.h>

#include <boost/json/array.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "alert/rules/traffic.h"
#include "query/scope.h"

namespace pitot {

// Over facts AS f. The class of a row, a TrafficClass.
inline constexpr std::string_view kTrafficClassSql =
    "multiIf(f.kind IN ('llm', 'embedding', 'reranker') AND f.role IN ('', 'leaf'), 1, "
    "f.kind = 'tool' AND f.role != 'inner', 2, 0)";
// Whether a row is a whole run. While a trace is under way, what ended of it are orphans, roots of their
// fragments: a run only when it is an agent's, as where what called the agent sends no spans.
inline constexpr std::string_view kIsRunSql =
    "(f.is_root AND (NOT f.is_orphan OR f.kind = 'agent'))";
// Aggregates.
inline constexpr std::string_view kErrorsSql =
    "countIf(f.status = 'error' AND f.error_category != 'cancelled')";
inline constexpr std::string_view kProviderErrorsSql =
    "countIf(class = 1 AND f.status = 'error' AND f.error_category IN ('overloaded', 'timeout', "
    "'network', 'internal', 'unknown', ''))";
// Whether a call's duration says how fast answers come: not that of a quick refusal.
inline constexpr std::string_view kTimedSql =
    "(f.status NOT IN ('error', 'unfinished', 'running') OR f.error_category = 'timeout')";

absl::StatusOr<UsualTraffic> ReadUsual(const EvalContext& context, const TrafficTable& now);

// Pieces of time: whole minutes since 1970, [first, last].
struct MinuteRange {
  int64_t first = 0;
  int64_t last = 0;
};
// `from` to `to` in pieces that begin every `every` minutes, each `length` of them long (at most
// `every`).
std::vector<MinuteRange> MinuteRanges(UnixNanos from, UnixNanos to, int64_t every, int64_t length);
// The condition that an end lies in one of them; each is one range of the key. Parameters begin with
// `prefix`.
SqlPiece WithinMinutes(const std::vector<MinuteRange>& ranges, std::string_view prefix = "minute");

// Columns of rows in JSONCompact.
bool BoolAt(const boost::json::array& row, size_t column);
std::vector<std::string> TextsAt(const boost::json::array& row, size_t column);
// Two columns: buckets and counts.
LogHistogram HistogramAt(const boost::json::array& row, size_t column);

}  // namespace pitot
