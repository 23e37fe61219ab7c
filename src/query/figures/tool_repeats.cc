#include "query/figures/tool_repeats.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "base/status.h"
#include "query/figures/answer.h"

namespace pitot {
namespace {

enum Column { kTraceId, kTool, kCalls, kRetries, kFailed, kFirst, kLast, kColumns };

// Failed: ended otherwise than well, as far as is known.
absl::StatusOr<Table> ReadRows(const QueryContext& context, const ToolRepeatsRequest& request) {
  SqlPiece where = FactsWhere(request.scope);
  const std::string sql = fmt::format(
      "SELECT lower(hex(f.trace_id)) AS trace, toString(f.tool_name) AS tool, "
      "toInt64(count()) AS calls, toInt64(sum(f.retry_count)) AS retries, "
      "toInt64(countIf(f.tool_status NOT IN ('', 'success'))) AS failed, "
      "min(f.end_ns), max(f.end_ns) FROM facts AS f FINAL WHERE {} AND {} "
      "GROUP BY f.trace_id, tool HAVING calls + retries >= {{least:Int64}} "
      "ORDER BY failed + retries DESC, calls + retries DESC, trace, tool LIMIT {{limit:UInt32}}",
      where.sql, kIsToolCallSql);
  where.params.push_back({"least", fmt::to_string(request.least)});
  where.params.push_back({"limit", fmt::to_string(request.limit)});
  return ReadTable(context, sql, std::move(where.params), kColumns);
}

std::string RowJson(const boost::json::array& row) {
  return fmt::format(
      R"({{"trace_id":"{}","tool":{},"calls":{},"retries":{},"failed":{},"first_at":"{}",)"
      R"("last_at":"{}"}})",
      TextAt(row, kTraceId), JsonText(TextAt(row, kTool)), IntAt(row, kCalls), IntAt(row, kRetries),
      IntAt(row, kFailed), IsoTime(IntAt(row, kFirst)), IsoTime(IntAt(row, kLast)));
}

}  // namespace

absl::StatusOr<std::string> ReadToolRepeats(const QueryContext& context,
                                            const ToolRepeatsRequest& request) {
  ASSIGN_OR_RETURN(const Table table, ReadRows(context, request));
  std::vector<std::string> rows;
  for (const boost::json::value& row : table.rows) rows.push_back(RowJson(row.get_array()));
  return fmt::format(
      "{{\"window\":{},\"of\":\"calls\",\"least\":{},\n\"repeats\":[\n{}],\"repeats_total\":{}}}",
      WindowJson(request.scope.window), request.least, fmt::join(rows, ",\n"),
      table.rows_before_limit);
}

}  // namespace pitot
