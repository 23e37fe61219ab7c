#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/status.h"
#include "query/figures/answer.h"
#include "query/figures/cost.h"
#include "query/figures/grouping.h"
#include "query/figures/money.h"
#include "query/figures/timezone.h"

namespace pitot {
namespace {

// Behind the keys of a leaf.
constexpr size_t kFigureColumns = 4;
constexpr std::string_view kFiguresSql =
    "sumIf(ifNull(f.cost, 0), f.counted) AS cost_sum, "
    "countIf(f.counted AND f.cost IS NOT NULL) AS priced_count, "
    "countIf(f.counted AND f.unpriced) AS unpriced_count";

Money FiguresAt(const boost::json::array& row, size_t at) {
  Money money;
  money.cost = IntAt(row, at);
  money.priced = IntAt(row, at + 1);
  money.unpriced = IntAt(row, at + 2);
  money.calls = IntAt(row, at + 3);
  return money;
}

struct Node {
  Money money;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
  std::optional<Money> other;
};

// Counts `row` for the first `depth` names of its path and all nodes above. A path that ends before
// its leaf is among the others of its last node.
void AddPath(Node& root, const boost::json::array& row, size_t depth, bool is_leaf,
             const Money& money) {
  Node* node = &root;
  node->money += money;
  for (size_t i = 0; i < depth; ++i) {
    auto& child = node->children[std::string(TextAt(row, i))];
    if (child == nullptr) child = std::make_unique<Node>();
    node = child.get();
    node->money += money;
  }
  if (is_leaf) return;
  if (!node->other) node->other.emplace();
  *node->other += money;
}

std::string FiguresMembers(const Money& money) {
  return fmt::format(R"("cost_usd":{},"calls":{},"unpriced_calls":{})", UsdJson(money), money.calls,
                     money.unpriced);
}

// Depth is bounded by kCostTreeDepthMax.
void AppendNode(std::string_view name, const Node& node, const Grouping& grouping, size_t depth,
                std::string& json) {
  json += fmt::format(R"({{"name":{},"field":{},{},"children":[)", JsonText(name),
                      depth == 0 ? "null" : JsonText(grouping.name(depth - 1)),
                      FiguresMembers(node.money));
  std::vector<std::pair<std::string_view, const Node*>> children;
  for (const auto& [child_name, child] : node.children) {
    children.emplace_back(child_name, child.get());
  }
  std::ranges::stable_sort(children, std::greater(),
                           [](const auto& child) { return child.second->money.cost; });
  bool first = true;
  for (const auto& [child_name, child] : children) {
    if (!std::exchange(first, false)) json += ",\n";
    AppendNode(child_name, *child, grouping, depth + 1, json);
  }
  if (node.other) {
    json += fmt::format(R"({}{{"name":null,"field":{},"other":true,{},"children":[]}})",
                        first ? "" : ",\n", JsonText(grouping.name(depth)),
                        FiguresMembers(*node.other));
  }
  json += "]}";
}

// "s0, s1": the first `count` keys as shown.
std::string Keys(size_t count) {
  std::vector<std::string> keys;
  for (size_t i = 0; i < count; ++i) keys.push_back(fmt::format("s{}", i));
  return fmt::format("{}", fmt::join(keys, ", "));
}

// One row a leaf: the keys, s0 and on, and figures.
std::string LeavesSql(const Grouping& grouping, const SqlPiece& where) {
  std::string group_by = grouping.GroupBy();
  group_by = group_by.substr(0, group_by.find(" WITH TOTALS"));
  return fmt::format(
      "{}SELECT {}{}, countIf({}) AS call_count FROM facts AS f FINAL WHERE {} AND {}{}",
      grouping.With(), grouping.Shown(), kFiguresSql, kIsCallSql, where.sql, kBearsMoneySql,
      group_by);
}

// Leaves beyond the limit become one row for each deepest node above them that has a leaf shown: each
// leaf has a rank, each node the best rank below it. Columns: the path, its depth, figures.
std::string PrunedSql(const Grouping& grouping, const std::string& leaves) {
  const size_t depth_max = grouping.size();
  std::string best;
  std::string depth;
  std::string path;
  for (size_t i = 1; i < depth_max; ++i) {
    best += fmt::format(", min(rank) OVER (PARTITION BY {}) AS best{}", Keys(i), i);
    depth += fmt::format("{}(best{} <= {{limit:UInt32}})", i == 1 ? "" : " + ", i);
  }
  for (size_t i = 0; i < depth_max; ++i) {
    path += fmt::format("if(depth > {0}, toString(s{0}), '') AS p{0}, ", i);
  }
  return fmt::format(
      "SELECT {path}depth, sum(cost_sum), sum(priced_count), sum(unpriced_count), sum(call_count) "
      "FROM (SELECT *, if(rank <= {{limit:UInt32}}, {depth_max}, {depth}) AS depth "
      "FROM (SELECT *{best} FROM (SELECT *, row_number() OVER (ORDER BY cost_sum DESC, {keys}) "
      "AS rank FROM ({leaves})))) GROUP BY ALL",
      fmt::arg("path", path), fmt::arg("depth_max", depth_max),
      fmt::arg("depth", depth.empty() ? "0" : depth), fmt::arg("best", best),
      fmt::arg("keys", Keys(depth_max)), fmt::arg("leaves", leaves));
}

struct Leaves {
  Node root;
  size_t shown = 0;
  size_t total = 0;
};

absl::StatusOr<Leaves> ReadLeaves(const QueryContext& context, const CostRequest& request,
                                  const Grouping& grouping) {
  SqlPiece where = FactsWhere(request.scope, /*calls_only=*/true);
  for (SqlParam& param : grouping.params()) where.params.push_back(std::move(param));
  where.params.push_back({"limit", fmt::to_string(request.limit)});
  const size_t depth_max = grouping.size();
  const std::string leaves_sql = LeavesSql(grouping, where);
  const std::string order =
      grouping.empty() ? "" : fmt::format(" ORDER BY cost_sum DESC, {}", Keys(depth_max));
  ASSIGN_OR_RETURN(const Table table,
                   ReadTable(context, leaves_sql + order + " LIMIT {limit:UInt32}", where.params,
                             depth_max + kFigureColumns));
  Leaves leaves;
  leaves.shown = grouping.empty() ? 0 : table.rows.size();
  leaves.total = grouping.empty() ? 0 : table.rows_before_limit;
  if (leaves.total <= request.limit) {
    for (const auto& row : table.rows) {
      const auto& columns = row.get_array();
      AddPath(leaves.root, columns, depth_max, true, FiguresAt(columns, depth_max));
    }
    return leaves;
  }
  ASSIGN_OR_RETURN(const Table pruned, ReadTable(context, PrunedSql(grouping, leaves_sql),
                                                 where.params, depth_max + 1 + kFigureColumns));
  for (const auto& row : pruned.rows) {
    const auto& columns = row.get_array();
    const auto depth = static_cast<size_t>(IntAt(columns, depth_max));
    AddPath(leaves.root, columns, depth, depth == depth_max, FiguresAt(columns, depth_max + 1));
  }
  return leaves;
}

}  // namespace

absl::StatusOr<std::string> CostTreeJson(const QueryContext& context, const CostRequest& request) {
  ASSIGN_OR_RETURN(const Grouping grouping,
                   Grouping::Parse(request.by, request.timezone, kCostTreeDepthMax));
  RETURN_IF_ERROR(CheckTimezone(context, request.timezone));
  ASSIGN_OR_RETURN(const Leaves leaves, ReadLeaves(context, request, grouping));
  std::string json = fmt::format("{{\"window\":{},\"by\":{},\"tree\":\n",
                                 WindowJson(request.scope.window), grouping.ByJson());
  AppendNode("total", leaves.root, grouping, 0, json);
  return json +
         fmt::format(",\n\"leaves\":{},\"pruned\":{}}}", leaves.shown, leaves.total - leaves.shown);
}

}  // namespace pitot
