// query/figures/money.h
//
// The figures that every answer about money has: cost, calls, tokens by bucket. One definition, as
// SQL and as JSON.
#pragma once

#include <array>
#include <boost/json/array.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/usage.h"

namespace pitot {

// Sums over a group of facts. Differences of sums are sums again: what is beyond a limit is the total
// less what is shown.
struct Money {
  int64_t cost = 0;    // Nano-USD; of counted spans whose cost is known.
  int64_t priced = 0;  // How many those are.
  int64_t unpriced = 0;
  int64_t estimated = 0;
  int64_t calls = 0;
  int64_t errors = 0;
  std::array<int64_t, kUsageBuckets> tokens = {};
  int64_t web_searches = 0;
  int64_t file_searches = 0;

  // Known unless no counted span has a price and at least one lacks it. 0: nothing was spent.
  bool cost_known() const { return priced > 0 || unpriced == 0; }

  Money& operator+=(const Money& other);
  Money& operator-=(const Money& other);
};

// What MoneyColumns selects, in number.
inline constexpr size_t kMoneyColumns = 6 + kUsageBuckets + 2;

// The columns of a group, over facts AS f, without a comma at either end. The first is named cost_sum
// (unknown is 0 there), calls and errors are call_count and error_count: for ORDER BY.
std::string MoneyColumns();

// A span that MoneyColumns counts in any of them: groups consist of these.
inline constexpr std::string_view kBearsMoneySql =
    "(f.counted OR (f.kind IN ('llm', 'embedding', 'reranker') AND f.role IN ('', 'leaf') AND "
    "f.status != 'running'))";

// From column `at` of a row in JSONCompact.
Money ReadMoney(const boost::json::array& row, size_t at);

// The members of a JSON object, without braces: "cost_usd":0.0105,"calls":3,...
std::string MoneyMembers(const Money& money);

// US dollars as a JSON number: 1500000 -> 0.0015.
std::string UsdJson(int64_t nano_usd);
inline std::string UsdJson(const Money& money) {
  return money.cost_known() ? UsdJson(money.cost) : "null";
}

// The part of `total` that `money` is, as a JSON number; null when either is unknown or total is 0.
std::string ShareJson(const Money& money, const Money& total);

}  // namespace pitot
