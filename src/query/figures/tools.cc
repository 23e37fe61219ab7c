#include "query/figures/tools.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/status.h"
#include "query/figures/answer.h"
#include "query/figures/prompt_change.h"
#include "query/figures/quantiles.h"

namespace pitot {
namespace {

constexpr std::array kLevels = {500, 990};
constexpr size_t kStatuses = kToolStatusNames.size();
constexpr uint32_t kComparedVersions = 2;

// Columns behind the tool's name.
enum Column {
  kCalls = 1,
  kRetries,
  kRetriedCalls,
  kMax,
  kByStatus,
  kDurations,
  kColumns = kDurations + 2,
};

// One number for each status, in the order of ToolStatus, as an array.
std::string StatusColumn() {
  std::vector<std::string> counts;
  for (const std::string_view name : kToolStatusNames) {
    counts.push_back(fmt::format("countIf(f.tool_status = '{}')", name));
  }
  return fmt::format("[{}]", fmt::join(counts, ", "));
}

ToolCounts CountsAt(const boost::json::array& row, size_t column) {
  ToolCounts counts;
  const boost::json::array* values = row[column].if_array();
  for (size_t i = 0; values != nullptr && i < kStatuses && i < values->size(); ++i) {
    counts.by_status[i] = IntAt(*values, i);
  }
  return counts;
}

absl::StatusOr<Table> ReadToolRows(const QueryContext& context, const ToolsRequest& request) {
  SqlPiece where = FactsWhere(request.scope);
  const std::string sql = fmt::format(
      "SELECT f.tool_name AS tool, count() AS n, sum(f.retry_count), countIf(f.retry_count > 0), "
      "max(f.duration_ns), {}, {} FROM facts AS f FINAL WHERE {} AND {} GROUP BY tool WITH TOTALS "
      "ORDER BY n DESC, tool LIMIT {{limit:UInt32}}",
      StatusColumn(), QuantileColumns("duration", "f.duration_ns", "1", kLevels), where.sql,
      kIsToolCallSql);
  where.params.push_back({"limit", fmt::to_string(request.limit)});
  return ReadTable(context, sql, std::move(where.params), kColumns);
}

// The calls of one tool with one version of a prompt.
struct ToolVersion {
  UnixNanos first_at = 0;
  UnixNanos last_at = 0;
  std::string version;
  ToolCounts counts;
};
// Of the prompt that most of a tool's calls have: its newest versions, newest first.
struct ToolVersions {
  std::string prompt_name;
  std::vector<ToolVersion> newest;
};
using VersionsByTool = absl::flat_hash_map<std::string, ToolVersions>;

// `newest`: how many versions of each.
absl::StatusOr<VersionsByTool> ReadVersions(const QueryContext& context, const Scope& scope,
                                            const std::vector<std::string>& tools,
                                            uint32_t newest) {
  SqlPiece where = FactsWhere(scope);
  const std::string sql = fmt::format(
      "SELECT tool, prompt_name, "
      "arraySlice(arrayReverseSort(groupArray((first_ns, version, last_ns, by_status))), 1, "
      "{{newest:UInt32}}) AS versions "
      "FROM (SELECT toString(f.tool_name) AS tool, toString(f.prompt_name) AS prompt_name, "
      "toString(f.prompt_version) AS version, count() AS n, min(f.end_ns) AS first_ns, "
      "max(f.end_ns) AS last_ns, {} AS by_status FROM facts AS f FINAL WHERE {} AND {} "
      "AND f.prompt_name != '' AND f.prompt_version != '' "
      "AND f.tool_name IN (SELECT arrayJoin({{tools:Array(String)}})) "
      "GROUP BY tool, prompt_name, version) "
      "GROUP BY tool, prompt_name ORDER BY tool, sum(n) DESC, prompt_name LIMIT 1 BY tool",
      StatusColumn(), where.sql, kIsToolCallSql);
  where.params.push_back({"tools", QuoteArray(tools)});
  where.params.push_back({"newest", fmt::to_string(newest)});
  ASSIGN_OR_RETURN(const Table table, ReadTable(context, sql, std::move(where.params), 3));
  VersionsByTool by_tool;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    ToolVersions& versions = by_tool[std::string(TextAt(row, 0))];
    versions.prompt_name = TextAt(row, 1);
    const boost::json::array* list = row[2].if_array();
    for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const boost::json::array* one = (*list)[i].if_array();
      if (one == nullptr || one->size() != 4) return Internal("a version of a prompt is no tuple");
      versions.newest.push_back({.first_at = IntAt(*one, 0),
                                 .last_at = IntAt(*one, 2),
                                 .version = std::string(TextAt(*one, 1)),
                                 .counts = CountsAt(*one, 3)});
    }
  }
  return by_tool;
}

// Nothing: there is one version only.
std::optional<PromptChange> ChangeOf(const std::string& tool, const ToolVersions& versions) {
  if (versions.newest.size() < 2) return std::nullopt;
  const ToolVersion& now = versions.newest[0];
  const ToolVersion& before = versions.newest[1];
  return PromptChange{.tool = tool,
                      .prompt_name = versions.prompt_name,
                      .from_version = before.version,
                      .to_version = now.version,
                      .since = now.first_at,
                      .before = before.counts,
                      .after = now.counts};
}

// {"success":1,...,"unknown":0}: calls, or shares of all calls.
std::string StatusJson(const ToolCounts& counts, bool shares) {
  const int64_t calls = counts.calls();
  std::string json = "{";
  for (size_t i = 1; i <= kStatuses; ++i) {
    const size_t status = i % kStatuses;  // "unknown", the first, is shown last.
    const int64_t count = counts.by_status[status];
    const double share = calls == 0 ? 0 : static_cast<double>(count) / static_cast<double>(calls);
    json += fmt::format("{}\"{}\":{}", i == 1 ? "" : ",",
                        status == 0 ? "unknown" : kToolStatusNames[status],
                        shares ? fmt::to_string(share) : fmt::to_string(count));
  }
  return json + "}";
}

std::string ChangeJson(const PromptChange& change, UnixNanos now) {
  const ChangeVerdict verdict = JudgeChange(change.before, change.after);
  return fmt::format(
      R"({{"prompt_name":{},"from_version":{},"to_version":{},"since":"{}","calls_before":{},)"
      R"("calls_after":{},"share_before":{},"share_after":{},"verdict":"{}","message":{}}})",
      JsonText(change.prompt_name), JsonText(change.from_version), JsonText(change.to_version),
      IsoTime(change.since), change.before.calls(), change.after.calls(),
      StatusJson(change.before, true), StatusJson(change.after, true), Name(verdict),
      JsonText(DescribeChange(change, verdict, now)));
}

// "calls":12,"status":{...},... without braces.
std::string CountsJson(const boost::json::array& row) {
  const ToolCounts counts = CountsAt(row, kByStatus);
  return fmt::format(R"("calls":{},"status":{},"share":{},"retries":{},"retried_calls":{})",
                     IntAt(row, kCalls), StatusJson(counts, false), StatusJson(counts, true),
                     IntAt(row, kRetries), IntAt(row, kRetriedCalls));
}

std::string VersionsJson(const ToolVersions& versions, uint32_t shown) {
  std::string json;
  for (size_t i = 0; i < versions.newest.size() && i < shown; ++i) {
    const ToolVersion& one = versions.newest[i];
    json += fmt::format(
        R"({}{{"prompt_name":{},"prompt_version":{},"first_at":"{}","last_at":"{}","calls":{},)"
        R"("status":{},"share":{}}})",
        i == 0 ? "" : ",", JsonText(versions.prompt_name), JsonText(one.version),
        IsoTime(one.first_at), IsoTime(one.last_at), one.counts.calls(),
        StatusJson(one.counts, false), StatusJson(one.counts, true));
  }
  return "[" + json + "]";
}

std::string ToolJson(const boost::json::array& row, const ToolVersions& versions,
                     uint32_t versions_shown, UnixNanos now) {
  const Quantiles durations = ReadQuantiles(row, kDurations);
  const double max = DoubleAt(row, kMax);
  // A sketch may say 1 % more than any call took.
  const auto level = [&](size_t i) {
    return durations.values.empty() ? std::nullopt
                                    : std::optional(std::min(durations.values[i], max));
  };
  const auto change = ChangeOf(std::string(TextAt(row, 0)), versions);
  return fmt::format(
      R"({{"tool":{},{},"p50_ms":{},"p99_ms":{},"max_ms":{},"quantiles":"{}","low_n":{},)"
      R"("change":{},"versions":{}}})",
      JsonText(TextAt(row, 0)), CountsJson(row), MillisJson(level(0)), MillisJson(level(1)),
      MillisJson(max), QuantilesName(durations), durations.low_n(),
      change ? ChangeJson(*change, now) : "null", VersionsJson(versions, versions_shown));
}

}  // namespace

absl::StatusOr<std::string> ReadTools(const QueryContext& context, const ToolsRequest& request) {
  ASSIGN_OR_RETURN(const Table table, ReadToolRows(context, request));
  if (table.totals.empty()) return Internal("the engine gave no totals");
  std::vector<std::string> names;
  for (const boost::json::value& row : table.rows) {
    names.emplace_back(TextAt(row.get_array(), 0));
  }
  VersionsByTool versions;
  if (!names.empty()) {
    ASSIGN_OR_RETURN(versions, ReadVersions(context, request.scope, names,
                                            std::max(kComparedVersions, request.versions)));
  }
  std::vector<std::string> tools;
  for (const boost::json::value& row : table.rows) {
    const std::string tool(TextAt(row.get_array(), 0));
    tools.push_back(ToolJson(row.get_array(), versions[tool], request.versions, context.now));
  }
  return fmt::format(
      "{{\"window\":{},\"of\":\"calls\",\n\"tools\":[\n{}],\"tools_total\":{},\n"
      "\"total\":{{{}}}}}",
      WindowJson(request.scope.window), fmt::join(tools, ",\n"), table.rows_before_limit,
      CountsJson(table.totals));
}

}  // namespace pitot
