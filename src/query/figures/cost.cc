#include "query/figures/cost.h"

#include <fmt/format.h>

#include "base/status.h"
#include "query/figures/answer.h"
#include "query/figures/grouping.h"
#include "query/figures/money.h"
#include "query/figures/projection.h"
#include "query/figures/timezone.h"

namespace pitot {
namespace {

absl::StatusOr<Table> ReadGroups(const QueryContext& context, const CostRequest& request,
                                 const Grouping& grouping) {
  SqlPiece where = FactsWhere(request.scope, /*calls_only=*/true);
  for (SqlParam& param : grouping.params()) where.params.push_back(std::move(param));
  where.params.push_back({"limit", fmt::to_string(request.limit)});
  const std::string sql =
      fmt::format("{}SELECT {}{} FROM facts AS f FINAL WHERE {} AND {}{}{} LIMIT {{limit:UInt32}}",
                  grouping.With(), grouping.Shown(), MoneyColumns(), where.sql, kBearsMoneySql,
                  grouping.GroupBy(), grouping.OrderBy("cost_sum DESC"));
  return ReadTable(context, sql, std::move(where.params), grouping.size() + kMoneyColumns);
}

std::string CostWindowJson(const CostRequest& request) {
  std::string window = WindowJson(request.scope.window);
  window.pop_back();
  return window + ",\"timezone\":" + JsonText(request.timezone) + "}";
}

}  // namespace

absl::StatusOr<std::string> CostJson(const QueryContext& context, const CostRequest& request) {
  ASSIGN_OR_RETURN(const Grouping grouping, Grouping::Parse(request.by, request.timezone));
  RETURN_IF_ERROR(CheckTimezone(context, request.timezone));
  ASSIGN_OR_RETURN(const Table table, ReadGroups(context, request, grouping));

  // Without groups the only row is the total.
  Money total;
  if (grouping.empty() && !table.rows.empty()) {
    total = ReadMoney(table.rows[0].get_array(), 0);
  } else if (!table.totals.empty()) {
    total = ReadMoney(table.totals, grouping.size());
  }
  const size_t groups_total = grouping.empty() ? 0 : table.rows_before_limit;
  Money other = total;
  std::string groups;
  for (size_t i = 0; i < table.rows.size() && !grouping.empty(); ++i) {
    const auto& row = table.rows[i].get_array();
    const Money money = ReadMoney(row, grouping.size());
    other -= money;
    groups += fmt::format("{}{{\"key\":{},{},\"share\":{}}}", i == 0 ? "\n" : ",\n",
                          grouping.KeyJson(row), MoneyMembers(money), ShareJson(money, total));
  }
  std::string projection = "null";
  if (request.projection) {
    ASSIGN_OR_RETURN(projection, ProjectionJson(context, request.scope, request.timezone));
  }
  return fmt::format(
      R"({{"window":{},"by":{},"groups":[{}],"groups_total":{},"other":{},"total":{{{}}},)"
      R"("total_usd":{},"projection":{}}})",
      CostWindowJson(request), grouping.ByJson(), groups, groups_total,
      groups_total > request.limit ? fmt::format("{{{}}}", MoneyMembers(other)) : "null",
      MoneyMembers(total), UsdJson(total), projection);
}

}  // namespace pitot
