#include "query/series/measures.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/status.h"
#include "base/text.h"
#include "model/usage.h"
#include "query/figures/answer.h"
#include "query/figures/money.h"
#include "query/figures/quantiles.h"
#include "query/scope.h"

namespace pitot {
namespace {

using enum MeasureType;
using enum MeasureOf;

constexpr std::string_view kDurationSql = "f.duration_ns";
constexpr std::string_view kTtftSql = "f.ttft_ns";

constexpr Measure kMeasures[] = {
    // Exact while a step has few; a sketch of bounded size where it has many.
    {"traces", kCount, kSpans, "uniqCombined64If(17)(f.trace_id, @)", 0, false},
    {"spans", kCount, kSpans, "countIf(@)"},
    {"calls", kCount, kCalls, "countIf(@)"},
    {"errors", kCount, kErrors, "countIf(@)"},
    {"cost_usd", kMoney, kCounted, "sumIf(ifNull(f.cost, 0), @)"},
    {"unpriced_calls", kCount, kCounted, "countIf(@ AND f.unpriced)"},
    {"input_tokens", kCount, kCounted,
     "sumIf(toInt64(f.input_tokens) + f.cache_read_tokens + f.cache_write_5m_tokens + "
     "f.cache_write_1h_tokens + f.input_audio_tokens + f.input_image_tokens, @)"},
    {"output_tokens", kCount, kCounted,
     "sumIf(toInt64(f.output_tokens) + f.reasoning_tokens + f.output_audio_tokens + "
     "f.output_image_tokens, @)"},
    {"cache_read_tokens", kCount, kCounted, "sumIf(toInt64(f.cache_read_tokens), @)"},
    {"length", kCount, kLength, "countIf(@)"},
    {"retries", kCount, kToolCalls, "sumIf(f.retry_count, @)"},
    {"p50_ms", kNanos, kSpans, kDurationSql, 500, false},
    {"p90_ms", kNanos, kSpans, kDurationSql, 900, false},
    {"p95_ms", kNanos, kSpans, kDurationSql, 950, false},
    {"p99_ms", kNanos, kSpans, kDurationSql, 990, false},
    {"ttft_p50_ms", kNanos, kTtft, kTtftSql, 500, false},
    {"ttft_p99_ms", kNanos, kTtft, kTtftSql, 990, false},
    {"tokens_per_second", kNumber, kSpeed, kTokensPerSecondSql, 500, false},
};

bool IsQuantile(const Measure& measure) { return measure.permille != 0; }

absl::StatusOr<const Measure*> FindMeasure(std::string_view name) {
  const auto found = std::ranges::find(kMeasures, name, &Measure::name);
  if (found != std::end(kMeasures)) return &*found;
  std::vector<std::string_view> names;
  for (const Measure& measure : kMeasures) names.push_back(measure.name);
  return InvalidArgument("measures: there is no \"{}\"{}; possible are {}", name,
                         DidYouMean(name, names), fmt::join(names, ", "));
}

std::string WithCondition(std::string_view sql, std::string_view condition) {
  std::string text(sql);
  return text.replace(text.find('@'), 1, condition);
}

}  // namespace

std::span<const Measure> Measures() { return kMeasures; }

absl::StatusOr<MeasurePlan> MeasurePlan::Parse(std::span<const std::string> names,
                                               const CallKind& calls, bool is_tool) {
  if (names.empty()) return InvalidArgument("measures names none; spans is one");
  MeasurePlan plan;
  plan.calls_ = calls;
  plan.is_tool_ = is_tool;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const Measure* measure, FindMeasure(name));
    plan.measures_.push_back({.measure = measure});
  }
  plan.PlaceColumns();
  return plan;
}

MeasurePlan::Source& MeasurePlan::SourceOf(const Measure& measure) {
  const auto found = std::ranges::find(sources_, measure.sql, &Source::sql);
  if (found != sources_.end()) return *found;
  return sources_.emplace_back(Source{.sql = measure.sql, .of = measure.of});
}

// The rank; then each count and sum, of money followed by whether it is known; then two for each
// source of percentiles.
void MeasurePlan::PlaceColumns() {
  column_count_ = 1;
  for (Column& column : measures_) {
    if (IsQuantile(*column.measure)) {
      Source& source = SourceOf(*column.measure);
      column.quantile = source.permille.size();
      source.permille.push_back(column.measure->permille);
    } else {
      column.at = column_count_;
      column_count_ += column.measure->type == kMoney ? 2 : 1;
    }
  }
  for (Source& source : sources_) {
    source.at = column_count_;
    column_count_ += 2;
  }
  for (Column& column : measures_) {
    if (IsQuantile(*column.measure)) column.at = SourceOf(*column.measure).at;
  }
}

std::string MeasurePlan::ConditionOf(MeasureOf of) const {
  switch (of) {
    case kSpans:
      return calls_.sql;
    case kErrors:
      return fmt::format("{} AND f.status = 'error'", calls_.sql);
    case kCalls:
      return is_tool_ ? calls_.sql : std::string(kIsCallSql);
    case kCounted:
      return "f.counted";
    case kLength:
      return fmt::format("{} AND f.finish_reason = 'length'", kIsLlmCallSql);
    case kToolCalls:
      return fmt::format("{} AND f.retry_count > 0", kIsToolCallSql);
    case kTtft:
      return fmt::format("{} AND f.ttft_ns IS NOT NULL", calls_.sql);
    case kSpeed:
      return std::string(kHasTokensPerSecondSql);
  }
  return "0";
}

bool MeasurePlan::calls_only() const {
  return calls_.calls_only || std::ranges::all_of(measures_, [&](const Column& column) {
           const MeasureOf of = column.measure->of;
           return (of == kCalls && !is_tool_) || of == kCounted || of == kLength || of == kSpeed;
         });
}

std::string MeasurePlan::Where() const {
  std::vector<std::string> conditions;
  for (const Column& column : measures_) {
    std::string condition = fmt::format("({})", ConditionOf(column.measure->of));
    if (std::ranges::find(conditions, condition) == conditions.end()) {
      conditions.push_back(std::move(condition));
    }
  }
  return fmt::format("({})", fmt::join(conditions, " OR "));
}

std::string MeasurePlan::RankSql() const {
  for (const Column& column : measures_) {
    if (!column.measure->is_sum) continue;
    return WithCondition(column.measure->sql, ConditionOf(column.measure->of));
  }
  return fmt::format("countIf({})", ConditionOf(kSpans));
}

std::string MeasurePlan::Columns() const {
  std::string sql = RankSql() + " AS rank";
  for (const Column& column : measures_) {
    const Measure& measure = *column.measure;
    if (IsQuantile(measure)) continue;
    sql += ", " + WithCondition(measure.sql, ConditionOf(measure.of));
    if (measure.type == kMoney) {
      sql +=
          ", countIf(f.counted AND f.cost IS NOT NULL) > 0 OR "
          "countIf(f.counted AND f.unpriced) = 0";
    }
  }
  for (size_t i = 0; i < sources_.size(); ++i) {
    const Source& source = sources_[i];
    sql += ", " + QuantileColumns(fmt::format("source{}", i), source.sql, ConditionOf(source.of),
                                  source.permille);
  }
  return sql;
}

double MeasurePlan::Rank(const boost::json::array& row, size_t at) const {
  return DoubleAt(row, at);
}

std::string MeasurePlan::ValueJson(const boost::json::array& row, size_t at, size_t measure) const {
  const Column& column = measures_[measure];
  const size_t place = at + column.at;
  if (column.measure->type == kCount) return fmt::to_string(IntAt(row, place));
  if (column.measure->type == kMoney) {
    const boost::json::value& known = row[place + 1];
    const bool is_known = known.is_bool() ? known.get_bool() : IntAt(row, place + 1) != 0;
    return is_known ? UsdJson(IntAt(row, place)) : "null";
  }
  const Quantiles quantiles = ReadQuantiles(row, place);
  if (quantiles.values.size() <= column.quantile) return "null";
  const double value = quantiles.values[column.quantile];
  return column.measure->type == kNanos ? MillisJson(value) : NumberJson(value);
}

std::string_view MeasurePlan::EmptyJson(const Measure& measure) {
  return IsQuantile(measure) ? "null" : "0";
}

}  // namespace pitot
