#include "alert/runbook/spend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/status.h"

namespace pitot {
namespace {

constexpr int kDays = 7;
constexpr size_t kSlots = kDays + 1;  // Now, and the same time of the days before.
constexpr int kDaysMin = 2;           // Fewer say nothing of a median.
constexpr std::string_view kTokensSql =
    "(f.input_tokens + f.cache_read_tokens + f.cache_write_5m_tokens + f.cache_write_1h_tokens + "
    "f.output_tokens + f.reasoning_tokens)";

// Without other days: as much time of the day before, on average.
absl::StatusOr<std::vector<Spend>> ReadDayBefore(const Investigation& run,
                                                 std::string_view key_sql) {
  const Window current = run.current();
  const UnixNanos oldest = std::max<UnixNanos>(current.since_ns - kNanosPerDay, 0);
  SqlPiece where = FactsWhere(run.In({oldest, current.until_ns}), /*calls_only=*/true);
  where.params.push_back({"split", fmt::to_string(current.since_ns)});
  const std::string sql = fmt::format(
      "SELECT toString({0}) AS key, f.end_ns >= {{split:Int64}} AS is_now, sumIf(ifNull(f.cost, "
      "0), "
      "f.counted) / 1e9 AS usd, count(), toFloat64(sumIf({1}, f.counted)), toString(min(f.end_ns)) "
      "FROM facts AS f FINAL WHERE {2} AND {3} GROUP BY key, is_now ORDER BY usd DESC LIMIT 4000",
      key_sql, kTokensSql, where.sql, kBearsSql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(run.query(), sql, std::move(where.params), 6));
  UnixNanos first = current.since_ns;
  std::map<std::string, Spend> keys;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    Spend& spend = keys[std::string(TextAt(row, 0))];
    spend.key = TextAt(row, 0);
    (IntAt(row, 1) != 0 ? spend.usd : spend.usual_usd) = DoubleAt(row, 2);
    (IntAt(row, 1) != 0 ? spend.calls : spend.usual_calls) = DoubleAt(row, 3);
    (IntAt(row, 1) != 0 ? spend.tokens : spend.usual_tokens) = DoubleAt(row, 4);
    if (IntAt(row, 1) == 0) {
      first = std::min<UnixNanos>(first,
                                  std::strtoll(std::string(TextAt(row, 5)).c_str(), nullptr, 10));
    }
  }
  const double length =
      static_cast<double>(std::max<int64_t>(current.until_ns - current.since_ns, 1));
  const double before = static_cast<double>(std::max<int64_t>(current.since_ns - first, 1));
  const double scale = std::min(length / before, 1.0);
  std::vector<Spend> out;
  for (auto& [key, spend] : keys) {
    spend.usual_usd *= scale;
    spend.usual_calls *= scale;
    spend.usual_tokens *= scale;
    out.push_back(std::move(spend));
  }
  return out;
}

}  // namespace

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

absl::StatusOr<std::vector<Spend>> ReadSpend(const Investigation& run, std::string_view key_sql,
                                             bool& from_days) {
  const Window current = run.current();
  const UnixNanos oldest = std::max<UnixNanos>(current.since_ns - kDays * kNanosPerDay, 0);
  SqlPiece where = FactsWhere(run.In({oldest, current.until_ns}), /*calls_only=*/true);
  std::vector<std::string> ranges;
  for (int64_t day = 0; day <= kDays; ++day) {
    ranges.push_back(
        fmt::format("intDiv(f.end_ns, 60000000000) BETWEEN {{from{0}:Int64}} AND "
                    "{{to{0}:Int64}}",
                    day));
    const int64_t back = day * kNanosPerDay;
    where.params.push_back(
        {fmt::format("from{}", day), fmt::to_string((current.since_ns - back) / kNanosPerMinute)});
    where.params.push_back({fmt::format("to{}", day),
                            fmt::to_string((current.until_ns - 1 - back) / kNanosPerMinute)});
  }
  where.params.push_back({"now_since", fmt::to_string(current.since_ns)});
  where.params.push_back({"now_until", fmt::to_string(current.until_ns)});
  const std::string sql = fmt::format(
      "SELECT toString({}) AS key, intDiv({{now_until:Int64}} - 1 - f.end_ns, 86400000000000) AS "
      "back, sumIf(ifNull(f.cost, 0), f.counted) / 1e9 AS usd, count(), toFloat64(sumIf({}, "
      "f.counted)) FROM facts AS f FINAL WHERE {} AND {} AND ({}) AND f.end_ns + back * "
      "86400000000000 >= {{now_since:Int64}} GROUP BY key, back ORDER BY usd DESC LIMIT 4000",
      key_sql, kTokensSql, where.sql, kBearsSql, fmt::join(ranges, " OR "));
  ASSIGN_OR_RETURN(const Table table, ReadTable(run.query(), sql, std::move(where.params), 5));
  struct Days {
    std::array<double, kSlots> usd{}, calls{}, tokens{};
  };
  std::map<std::string, Days> keys;
  std::array<bool, kSlots> seen{};
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    const auto back = static_cast<size_t>(std::clamp<int64_t>(IntAt(row, 1), 0, kDays));
    Days& days = keys[std::string(TextAt(row, 0))];
    days.usd[back] = DoubleAt(row, 2);
    days.calls[back] = DoubleAt(row, 3);
    days.tokens[back] = DoubleAt(row, 4);
    seen[back] = true;
  }
  const auto with_data = std::count(seen.begin() + 1, seen.end(), true);
  if (with_data < kDaysMin) {
    from_days = false;
    return ReadDayBefore(run, key_sql);
  }
  std::vector<Spend> out;
  for (const auto& [key, days] : keys) {
    const auto usual = [&](const std::array<double, kSlots>& values) {
      std::vector<double> past;
      for (size_t day = 1; day < kSlots; ++day) {
        if (seen[day]) past.push_back(values[day]);
      }
      return MedianOf(std::move(past));
    };
    out.push_back({.key = key,
                   .usd = days.usd[0],
                   .usual_usd = usual(days.usd),
                   .calls = days.calls[0],
                   .usual_calls = usual(days.calls),
                   .tokens = days.tokens[0],
                   .usual_tokens = usual(days.tokens)});
  }
  return out;
}

}  // namespace pitot
