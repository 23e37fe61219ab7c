#include "query/figures/money.h"

#include <fmt/format.h>

#include <cstdlib>

#include "query/figures/answer.h"
#include "query/scope.h"

namespace pitot {

Money& Money::operator+=(const Money& other) {
  cost += other.cost;
  priced += other.priced;
  unpriced += other.unpriced;
  estimated += other.estimated;
  calls += other.calls;
  errors += other.errors;
  for (size_t i = 0; i < kUsageBuckets; ++i) tokens[i] += other.tokens[i];
  web_searches += other.web_searches;
  file_searches += other.file_searches;
  return *this;
}

Money& Money::operator-=(const Money& other) {
  cost -= other.cost;
  priced -= other.priced;
  unpriced -= other.unpriced;
  estimated -= other.estimated;
  calls -= other.calls;
  errors -= other.errors;
  for (size_t i = 0; i < kUsageBuckets; ++i) tokens[i] -= other.tokens[i];
  web_searches -= other.web_searches;
  file_searches -= other.file_searches;
  return *this;
}

std::string MoneyColumns() {
  std::string sql = fmt::format(
      "sumIf(ifNull(f.cost, 0), f.counted) AS cost_sum, "
      "countIf(f.counted AND f.cost IS NOT NULL) AS priced_count, "
      "countIf(f.counted AND f.unpriced) AS unpriced_count, "
      "countIf(f.counted AND f.estimated) AS estimated_count, "
      "countIf({0}) AS call_count, countIf({0} AND f.status = 'error') AS error_count",
      kIsCallSql);
  for (const std::string_view name : kUsageBucketNames) {
    sql += fmt::format(", sumIf(f.{}, f.counted)", name);
  }
  return sql + ", sumIf(f.web_searches, f.counted), sumIf(f.file_searches, f.counted)";
}

Money ReadMoney(const boost::json::array& row, size_t at) {
  Money money;
  for (int64_t* value : {&money.cost, &money.priced, &money.unpriced, &money.estimated,
                         &money.calls, &money.errors}) {
    *value = IntAt(row, at++);
  }
  for (int64_t& value : money.tokens) value = IntAt(row, at++);
  money.web_searches = IntAt(row, at++);
  money.file_searches = IntAt(row, at);
  return money;
}

std::string MoneyMembers(const Money& money) {
  Usage usage;
  usage.tokens = money.tokens;
  std::string json = fmt::format(
      R"("cost_usd":{},"calls":{},"errors":{},"unpriced_calls":{},"estimated_calls":{},"tokens":{{)",
      UsdJson(money), money.calls, money.errors, money.unpriced, money.estimated);
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    std::string_view name = kUsageBucketNames[i];
    name.remove_suffix(std::string_view("_tokens").size());
    json += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", name, money.tokens[i]);
  }
  return json + fmt::format(R"(}},"input_tokens":{},"output_tokens":{},"web_searches":{},)"
                            R"("file_searches":{})",
                            usage.input_total(), usage.output_total(), money.web_searches,
                            money.file_searches);
}

std::string UsdJson(int64_t nano_usd) {
  std::string digits = fmt::format("{:010}", std::abs(nano_usd));
  std::string text = digits.substr(0, digits.size() - 9);
  std::string fraction = digits.substr(digits.size() - 9);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (!fraction.empty()) text += "." + fraction;
  return nano_usd < 0 ? "-" + text : text;
}

std::string ShareJson(const Money& money, const Money& total) {
  if (!money.cost_known() || !total.cost_known() || total.cost == 0) return "null";
  return NumberJson(static_cast<double>(money.cost) / static_cast<double>(total.cost));
}

}  // namespace pitot
