// query/figures/quantiles.h
//
// Percentiles of a group: nearest rank, sorted[ceil(p * n) - 1], exact up to kQuantilesExactMax
// values; above that a sketch with 1 % relative error (ClickHouse's quantilesDD). One scan serves
// both: the values kept for the exact answer are bounded.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

inline constexpr uint64_t kQuantilesExactMax = 10'000;
// Fewer values say nothing of a 99th percentile: it is the largest of them.
inline constexpr uint64_t kP99ValuesMin = 100;

// Two columns of an aggregating SELECT: `<name>_n`, the number of values, and `<name>_q`, an array of
// Float64, one a level and empty when there is no value. `value` and `condition` are SQL over the
// rows; levels in thousandths, 1 to 999: 500 is the median.
std::string QuantileColumns(std::string_view name, std::string_view value,
                            std::string_view condition, std::span<const int> permille);

struct Quantiles {
  uint64_t count = 0;
  std::vector<double> values;  // Empty when count is 0.

  bool exact() const { return count <= kQuantilesExactMax; }
  bool low_n() const { return count < kP99ValuesMin; }
};

// The two columns, of a row in JSONCompact, from `at`.
Quantiles ReadQuantiles(const boost::json::array& row, size_t at);

// "exact" or "sketch", as answers say.
inline std::string_view QuantilesName(const Quantiles& quantiles) {
  return quantiles.exact() ? "exact" : "sketch";
}

// Output tokens, reasoning included, a second, over facts AS f: of the time after the first token when
// the call was streamed, that moment is known and at least 50 ms remain; else of the whole duration.
// Where kHasTokensPerSecondSql holds.
inline constexpr std::string_view kTokensPerSecondSql =
    "((f.output_tokens + f.reasoning_tokens) * 1e9 / if(f.streaming AND f.ttft_ns IS NOT NULL AND "
    "f.duration_ns - assumeNotNull(f.ttft_ns) >= 50000000, "
    "f.duration_ns - assumeNotNull(f.ttft_ns), f.duration_ns))";
inline constexpr std::string_view kHasTokensPerSecondSql =
    "(f.kind = 'llm' AND f.role IN ('', 'leaf') AND f.status != 'running' AND f.duration_ns > 0 "
    "AND "
    "f.output_tokens + f.reasoning_tokens > 0)";

}  // namespace pitot
