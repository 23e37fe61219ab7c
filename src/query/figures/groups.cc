#include "query/figures/groups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "base/hex.h"
#include "base/status.h"
#include "base/text.h"
#include "query/figures/answer.h"
#include "query/figures/group_lists.h"
#include "query/figures/money.h"
#include "query/figures/provider_health.h"
#include "query/figures/quantiles.h"

namespace pitot {
namespace {

struct Order {
  std::string_view name;
  std::string_view sql;  // Of the group; largest first.
};
constexpr Order kOrders[] = {{"last", "max(f.end_ns)"},
                             {"cost", "cost_sum"},
                             {"errors", "toInt64(error_count)"},
                             {"calls", "toInt64(call_count)"},
                             {"name", "toInt64(0)"}};

// Where a page begins.
struct Position {
  Window window;
  uint64_t total_rows = 0;
  std::string_view order;
  bool is_first = true;
  // Of the last row of the page before.
  int64_t value = 0;
  std::vector<std::string> keys;
};

std::string FormatCursor(const Position& position) {
  std::string cursor =
      fmt::format("{}.{}.{}.{}.{}", position.window.since_ns, position.window.until_ns,
                  position.total_rows, position.order, position.value);
  for (const std::string& key : position.keys) cursor += "." + ToHex(key);
  return cursor;
}

bool ParseWhole(std::string_view text, auto& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

absl::StatusOr<std::string_view> FindOrder(std::string_view name) {
  const auto order = std::ranges::find(kOrders, name, &Order::name);
  if (order != std::end(kOrders)) return order->name;
  std::vector<std::string_view> names;
  for (const Order& known : kOrders) names.push_back(known.name);
  return InvalidArgument("order \"{}\" is unknown{}; possible are {}", name,
                         DidYouMean(name, names), fmt::join(names, ", "));
}

absl::StatusOr<Position> ParseCursor(std::string_view cursor, size_t keys) {
  const absl::Status bad =
      InvalidArgument("cursor \"{}\" is not one: take `next` of the page before", cursor);
  const std::vector<std::string_view> parts = SplitText(cursor, '.');
  Position position;
  position.is_first = false;
  if (parts.size() != 5 + keys || !ParseWhole(parts[0], position.window.since_ns) ||
      !ParseWhole(parts[1], position.window.until_ns) ||
      !ParseWhole(parts[2], position.total_rows) || !ParseWhole(parts[4], position.value) ||
      position.window.since_ns >= position.window.until_ns) {
    return bad;
  }
  const auto order = FindOrder(parts[3]);
  if (!order.ok()) return bad;
  position.order = *order;
  for (size_t i = 5; i < parts.size(); ++i) {
    std::string key(parts[i].size() / 2, '\0');
    if (parts[i].size() % 2 != 0 || !FromHex(parts[i], key.data(), key.size())) return bad;
    position.keys.push_back(std::move(key));
  }
  return position;
}

absl::StatusOr<Position> PositionOf(const GroupListRequest& request, const ListSpec& spec) {
  if (!request.cursor.empty()) {
    ASSIGN_OR_RETURN(const Position position, ParseCursor(request.cursor, spec.keys.size()));
    if (!request.order.empty() && request.order != position.order) {
      return InvalidArgument("order \"{}\" is not the cursor's \"{}\"", request.order,
                             position.order);
    }
    return position;
  }
  Position position;
  position.window = request.scope.window;
  ASSIGN_OR_RETURN(position.order,
                   FindOrder(request.order.empty() ? spec.default_order : request.order));
  return position;
}

// What lies behind the position: a lesser value, or the same and a greater key.
SqlPiece Behind(const Position& position, const ListSpec& spec) {
  if (position.is_first) return {};
  SqlPiece piece;
  std::vector<std::string> keys;
  std::vector<std::string> params;
  for (size_t i = 0; i < position.keys.size(); ++i) {
    keys.push_back(fmt::format("toString({})", spec.keys[i].sql));
    params.push_back(fmt::format("{{key{}:String}}", i));
    piece.params.push_back({fmt::format("key{}", i), position.keys[i]});
  }
  piece.sql =
      fmt::format(" HAVING place < {{place:Int64}} OR (place = {{place:Int64}} AND ({}) > ({}))",
                  fmt::join(keys, ", "), fmt::join(params, ", "));
  piece.params.push_back({"place", fmt::to_string(position.value)});
  return piece;
}

// Columns: keys, place in the order, before, money, quantiles (two each), after.
size_t ColumnsOf(const ListSpec& spec) {
  return spec.keys.size() + 1 + spec.before.size() + kMoneyColumns + 2 * spec.quantiles.size() +
         spec.after.size();
}

absl::StatusOr<Table> ReadRows(const QueryContext& context, const GroupListRequest& request,
                               const ListSpec& spec, const Position& position) {
  Scope scope = request.scope;
  scope.window = position.window;
  SqlPiece where = FactsWhere(scope, spec.calls_only);
  SqlPiece behind = Behind(position, spec);
  std::ranges::move(behind.params, std::back_inserter(where.params));
  where.params.push_back({"rows", fmt::to_string(request.limit + 1)});

  std::vector<std::string_view> keys;
  for (const ListKey& key : spec.keys) keys.push_back(key.sql);
  std::vector<std::string> columns;
  for (const ListColumn& column : spec.before) columns.emplace_back(column.sql);
  columns.push_back(MoneyColumns());
  for (const ListQuantiles& quantiles : spec.quantiles) {
    std::vector<int> levels;
    for (const ListQuantile& shown : quantiles.shown) levels.push_back(shown.permille);
    columns.push_back(
        QuantileColumns(quantiles.alias, quantiles.value, quantiles.condition, levels));
  }
  for (const ListColumn& column : spec.after) columns.emplace_back(column.sql);
  const std::string sql = fmt::format(
      "SELECT {keys}, {place} AS place, {columns} FROM facts AS f FINAL WHERE {where} AND {also} "
      "GROUP BY {keys}{having} ORDER BY place DESC, {keys} LIMIT {{rows:UInt32}}",
      fmt::arg("keys", fmt::join(keys, ", ")),
      fmt::arg("place", std::ranges::find(kOrders, position.order, &Order::name)->sql),
      fmt::arg("columns", fmt::join(columns, ", ")), fmt::arg("where", where.sql),
      fmt::arg("also", spec.where), fmt::arg("having", behind.sql));
  return ReadTable(context, sql, std::move(where.params), ColumnsOf(spec));
}

std::string CountsJson(const boost::json::value& value) {
  const auto* pair = value.if_array();
  if (pair == nullptr || pair->size() != 2) return "{}";
  const auto* names = (*pair)[0].if_array();
  const auto* counts = (*pair)[1].if_array();
  if (names == nullptr || counts == nullptr || names->size() != counts->size()) return "{}";
  std::string json = "{";
  for (size_t i = 0; i < names->size(); ++i) {
    json +=
        fmt::format("{}{}:{}", i == 0 ? "" : ",", JsonText(TextAt(*names, i)), IntAt(*counts, i));
  }
  return json + "}";
}

using HealthMap = absl::flat_hash_map<std::string, ProviderHealth>;

std::string ColumnJson(const boost::json::array& row, size_t at, ColumnType type,
                       const HealthMap& health) {
  switch (type) {
    case ColumnType::kText:
      return JsonText(TextAt(row, at));
    case ColumnType::kNumber:
      return fmt::to_string(IntAt(row, at));
    case ColumnType::kTime:
      return fmt::format("\"{}\"", IsoTime(IntAt(row, at)));
    case ColumnType::kJson:
      return boost::json::serialize(row[at]);
    case ColumnType::kCounts:
      return CountsJson(row[at]);
    case ColumnType::kHealth: {
      const auto found = health.find(std::string(TextAt(row, 0)));
      return HealthJson(found == health.end() ? ProviderHealth{} : found->second, IntAt(row, at),
                        IntAt(row, at + 1));
    }
    case ColumnType::kHidden:
      break;
  }
  return "null";
}

std::string RowJson(const boost::json::array& row, const ListSpec& spec, const HealthMap& health) {
  std::string json = "{";
  size_t at = 0;
  for (const ListKey& key : spec.keys) {
    json += fmt::format("\"{}\":{},", key.name, JsonText(TextAt(row, at++)));
  }
  ++at;  // The place in the order.
  const auto add = [&](std::span<const ListColumn> columns) {
    for (const ListColumn& column : columns) {
      if (column.type != ColumnType::kHidden) {
        json += fmt::format("\"{}\":{},", column.name, ColumnJson(row, at, column.type, health));
      }
      ++at;
    }
  };
  add(spec.before);
  json += MoneyMembers(ReadMoney(row, at)) + ",";
  at += kMoneyColumns;
  for (const ListQuantiles& quantiles : spec.quantiles) {
    const Quantiles values = ReadQuantiles(row, at);
    for (size_t i = 0; i < quantiles.shown.size(); ++i) {
      json += fmt::format(
          "\"{}\":{},", quantiles.shown[i].name,
          values.values.empty() ? "null" : NumberJson(values.values[i] / quantiles.divisor));
    }
    at += 2;
  }
  add(spec.after);
  json.back() = '}';
  return json;
}

}  // namespace

absl::StatusOr<std::string> GroupListJson(const QueryContext& context,
                                          const GroupListRequest& request) {
  const ListSpec& spec = SpecOf(request.list);
  ASSIGN_OR_RETURN(Position position, PositionOf(request, spec));
  ASSIGN_OR_RETURN(const Table table, ReadRows(context, request, spec, position));
  if (position.is_first) position.total_rows = table.rows_before_limit;
  HealthMap health;
  if (request.list == GroupList::kProviders && !table.rows.empty()) {
    Scope scope = request.scope;
    scope.window = position.window;
    ASSIGN_OR_RETURN(health, ReadProviderHealth(context, scope));
  }
  std::string json =
      fmt::format("{{\"window\":{},\"{}\":[", WindowJson(position.window), spec.name);
  const size_t rows = std::min<size_t>(table.rows.size(), request.limit);
  for (size_t i = 0; i < rows; ++i) {
    json += i == 0 ? "\n" : ",\n";
    json += RowJson(table.rows[i].get_array(), spec, health);
  }
  std::string next = "null";
  if (table.rows.size() > rows) {
    const auto& last = table.rows[rows - 1].get_array();
    position.keys.clear();
    for (size_t i = 0; i < spec.keys.size(); ++i) {
      position.keys.emplace_back(TextAt(last, i));
    }
    position.value = IntAt(last, spec.keys.size());
    next = fmt::format("\"{}\"", FormatCursor(position));
  }
  return json + fmt::format("],\"next\":{},\"total_rows\":{}}}", next, position.total_rows);
}

}  // namespace pitot
