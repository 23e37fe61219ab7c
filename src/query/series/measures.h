// query/series/measures.h
//
// What a series can show of the spans that ended in one step: the table of measures, as SQL over
// facts AS f and as JSON. Pure.
#pragma once

#include <absl/status/statusor.h>

#include <boost/json/array.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/figures/call_kind.h"

namespace pitot {

enum class MeasureType : uint8_t {
  kCount,  // 0 where there is nothing.
  kMoney,  // Nano-USD, shown in USD; null where nothing that counts has a known price.
  kNanos,  // A percentile, shown in milliseconds; null where there is no value.
  kNumber  // A percentile of a plain number.
};

// Which rows a measure counts.
enum class MeasureOf : uint8_t {
  kSpans,      // Of the kind asked for.
  kErrors,     // Those with status error.
  kCalls,      // Model calls, each once; with kind tool, tool calls.
  kCounted,    // What counts in sums of money and tokens.
  kLength,     // Model calls that stopped at their limit of tokens.
  kToolCalls,  // Each once.
  kTtft,       // Spans of the kind whose time to the first token is known.
  kSpeed,      // Model calls with output and a duration.
};

struct Measure {
  std::string_view name;
  MeasureType type;
  MeasureOf of;
  std::string_view sql;  // An aggregate, "@" its condition; of percentiles, what each is of.
  int permille = 0;      // Of percentiles.
  // It adds up: over steps, over groups.
  bool is_sum = true;
};

std::span<const Measure> Measures();

// The measures of one answer, for one kind of span.
class MeasurePlan {
 public:
  // kInvalidArgument names the wrong one and the nearest, or says that none is named.
  static absl::StatusOr<MeasurePlan> Parse(std::span<const std::string> names,
                                           const CallKind& calls, bool is_tool);

  size_t size() const { return measures_.size(); }
  const Measure& measure(size_t i) const { return *measures_[i].measure; }

  // All that is measured has f.is_call, so that nothing else needs to be read.
  bool calls_only() const;
  // The condition of rows that at least one measure counts.
  std::string Where() const;
  // What groups are ranked by, an aggregate: the first measure that adds up, else the spans.
  std::string RankSql() const;
  // The columns, without a comma at either end; column_count() of them. The first is the rank.
  std::string Columns() const;
  size_t column_count() const { return column_count_; }

  // From column `at` of a row in JSONCompact on, which is where Columns() begin.
  double Rank(const boost::json::array& row, size_t at) const;
  std::string ValueJson(const boost::json::array& row, size_t at, size_t measure) const;
  // Where no span ended.
  static std::string_view EmptyJson(const Measure& measure);

 private:
  struct Column {
    const Measure* measure = nullptr;
    size_t at = 0;        // Behind the first; of percentiles, of the two that one source has.
    size_t quantile = 0;  // Of percentiles: which of the source's.
  };
  // Values of which one or more percentiles are taken.
  struct Source {
    std::string_view sql;
    MeasureOf of;
    std::vector<int> permille;
    size_t at = 0;
  };

  std::string ConditionOf(MeasureOf of) const;
  Source& SourceOf(const Measure& measure);
  void PlaceColumns();

  CallKind calls_;
  bool is_tool_ = false;
  std::vector<Column> measures_;
  std::vector<Source> sources_;
  size_t column_count_ = 0;
};

}  // namespace pitot
