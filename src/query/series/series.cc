#include "query/series/series.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/status.h"
#include "base/text.h"
#include "model/span.h"
#include "query/figures/answer.h"
#include "query/figures/call_kind.h"
#include "query/figures/grouping.h"
#include "query/series/measures.h"
#include "query/series/steps.h"

namespace pitot {
namespace {

// One group's values, [measure][step].
struct Group {
  std::vector<std::string> key;  // As JSON; empty: the rest.
  double rank = 0;
  std::vector<std::vector<std::string>> values;
};

struct Plan {
  CallKind calls;
  MeasurePlan measures;
  Grouping grouping;
  Steps steps;
};

absl::StatusOr<Plan> PlanOf(const SeriesRequest& request) {
  Plan plan;
  ASSIGN_OR_RETURN(plan.calls, ParseCallKind(request.kind));
  ASSIGN_OR_RETURN(plan.measures,
                   MeasurePlan::Parse(request.measures, plan.calls,
                                      /*is_tool=*/request.kind == Name(Kind::kTool)));
  ASSIGN_OR_RETURN(plan.grouping, Grouping::Parse(request.by, "UTC", kSeriesKeysMax));
  if (plan.grouping.has_time()) {
    return InvalidArgument("by: a series has its steps of time already; name fields only");
  }
  if (request.groups < 1 || request.groups > kSeriesGroupsMax) {
    return InvalidArgument("groups {} is not between 1 and {}", request.groups, kSeriesGroupsMax);
  }
  if (request.points < kPointsMin || request.points > kPointsMax) {
    return InvalidArgument("points {} is not between {} and {}", request.points, kPointsMin,
                           kPointsMax);
  }
  plan.steps = StepsOf(request.scope.window, request.points);
  return plan;
}

// "k0, k1"
std::string KeyList(const Grouping& grouping) {
  std::vector<std::string> keys;
  for (size_t i = 0; i < grouping.size(); ++i) keys.push_back(fmt::format("k{}", i));
  return fmt::format("{}", fmt::join(keys, ", "));
}

// Columns of a row: the step; with groups, whether it is shown and its keys; the figures.
size_t KeyColumns(const Plan& plan) { return plan.grouping.empty() ? 1 : 2 + plan.grouping.size(); }

absl::StatusOr<Table> ReadCells(const QueryContext& context, const SeriesRequest& request,
                                const Plan& plan) {
  SqlPiece where = FactsWhere(request.scope, plan.measures.calls_only());
  // Of "any" kind money counts whatever bears it, as in every other answer.
  const std::string kind = request.kind == "any" ? "1" : plan.calls.sql;
  const std::string rows = fmt::format("FROM facts AS f FINAL WHERE {} AND {} AND {}", where.sql,
                                       kind, plan.measures.Where());
  where.params.push_back({"step_ns", fmt::to_string(plan.steps.step_ns)});
  where.params.push_back({"first", fmt::to_string(plan.steps.first)});
  const std::string step = "intDiv(f.end_ns, {step_ns:Int64}) - {first:Int64} AS step";
  std::string sql;
  if (plan.grouping.empty()) {
    sql = fmt::format("SELECT {}, {} {} GROUP BY step", step, plan.measures.Columns(), rows);
  } else {
    const std::string keys = KeyList(plan.grouping);
    std::string shown;
    std::string names;
    for (size_t i = 0; i < plan.grouping.size(); ++i) {
      shown += fmt::format("if(shown, toString(k{0}), '') AS g{0}, ", i);
      names += fmt::format(", g{}", i);
    }
    sql = fmt::format(
        "{with}SELECT {step}, ({keys}) IN ({with}SELECT {keys} {rows} GROUP BY {keys} "
        "ORDER BY {rank} DESC, {keys} LIMIT {{groups:UInt32}}) AS shown, {shown}{columns} {rows} "
        "GROUP BY step, shown{names}",
        fmt::arg("with", plan.grouping.With()), fmt::arg("step", step), fmt::arg("keys", keys),
        fmt::arg("rows", rows), fmt::arg("rank", plan.measures.RankSql()), fmt::arg("shown", shown),
        fmt::arg("columns", plan.measures.Columns()), fmt::arg("names", names));
    where.params.push_back({"groups", fmt::to_string(request.groups)});
  }
  return ReadTable(context, sql, std::move(where.params),
                   KeyColumns(plan) + plan.measures.column_count());
}

Group EmptyGroup(const Plan& plan) {
  Group group;
  for (size_t i = 0; i < plan.measures.size(); ++i) {
    group.values.emplace_back(plan.steps.count,
                              std::string(MeasurePlan::EmptyJson(plan.measures.measure(i))));
  }
  return group;
}

bool TrueAt(const boost::json::array& row, size_t column) {
  return row[column].is_bool() ? row[column].get_bool() : IntAt(row, column) != 0;
}

// The groups, the largest first and the rest last.
absl::StatusOr<std::vector<Group>> GroupsOf(const Plan& plan, const Table& table) {
  std::map<std::vector<std::string>, Group> groups;  // The rest: by no key.
  if (plan.grouping.empty()) groups[{}] = EmptyGroup(plan);
  const size_t figures = KeyColumns(plan);
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    std::vector<std::string> key;
    for (size_t i = 0; !plan.grouping.empty() && TrueAt(row, 1) && i < plan.grouping.size(); ++i) {
      key.emplace_back(TextAt(row, 2 + i));
    }
    const auto step = static_cast<size_t>(IntAt(row, 0));
    if (step >= plan.steps.count) return Internal("the engine counted outside of the steps");
    const auto [found, is_new] = groups.try_emplace(key);
    Group& group = found->second;
    if (is_new) group = EmptyGroup(plan);
    group.rank += plan.measures.Rank(row, figures);
    for (size_t i = 0; i < plan.measures.size(); ++i) {
      group.values[i][step] = plan.measures.ValueJson(row, figures, i);
    }
  }
  std::vector<Group> sorted;
  for (auto& [key, group] : groups) {
    group.key = key;
    sorted.push_back(std::move(group));
  }
  // Stable: among equals the map's order, which is that of the keys.
  std::ranges::stable_sort(sorted, [](const Group& a, const Group& b) {
    if (a.key.empty() != b.key.empty()) return b.key.empty();
    return a.rank > b.rank;
  });
  return sorted;
}

std::string GroupJson(const Plan& plan, const Group& group) {
  const bool is_other = !plan.grouping.empty() && group.key.empty();
  std::string key;
  for (size_t i = 0; i < plan.grouping.size(); ++i) {
    key += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", plan.grouping.name(i),
                       is_other ? "null" : JsonText(group.key[i]));
  }
  std::string values;
  for (size_t i = 0; i < plan.measures.size(); ++i) {
    values += fmt::format("{}\"{}\":[{}]", i == 0 ? "" : ",\n", plan.measures.measure(i).name,
                          fmt::join(group.values[i], ","));
  }
  return fmt::format("{{\"key\":{{{}}},\"other\":{},\"values\":{{{}}}}}", key, is_other, values);
}

}  // namespace

absl::StatusOr<std::string> ReadSeries(const QueryContext& context, const SeriesRequest& request) {
  ASSIGN_OR_RETURN(const Plan plan, PlanOf(request));
  ASSIGN_OR_RETURN(const Table table, ReadCells(context, request, plan));
  ASSIGN_OR_RETURN(const std::vector<Group> groups, GroupsOf(plan, table));
  std::vector<std::string> names;
  for (size_t i = 0; i < plan.measures.size(); ++i) {
    names.push_back(fmt::format("\"{}\"", plan.measures.measure(i).name));
  }
  std::vector<std::string> shown;
  for (const Group& group : groups) shown.push_back(GroupJson(plan, group));
  return fmt::format(
      "{{\"window\":{},\"step_s\":{},\"of\":{},\"by\":{},\"measures\":[{}],\n\"starts\":{},\n"
      "\"groups\":[\n{}]}}",
      WindowJson(request.scope.window), plan.steps.step_ns / kNanosPerSecond,
      JsonText(plan.calls.of), plan.grouping.ByJson(), fmt::join(names, ","),
      plan.steps.StartsJson(), fmt::join(shown, ",\n"));
}

}  // namespace pitot
