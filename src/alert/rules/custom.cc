#include "alert/rules/custom.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "alert/rules/judge.h"
#include "alert/rules/usual.h"
#include "base/status.h"
#include "base/text.h"
#include "query/figures/answer.h"
#include "query/figures/grouping.h"
#include "query/figures/quantiles.h"
#include "query/filter/fields.h"

namespace pitot {
namespace {

constexpr std::array<std::string_view, 11> kAggregates = {
    "count", "rate", "sum", "avg", "min", "max", "p50", "p90", "p95", "p99", "distinct"};
constexpr std::array<std::string_view, 4> kOps = {">", ">=", "<", "<="};
constexpr int64_t kWindowMinNs = kNanosPerMinute;
constexpr int64_t kWindowMaxNs = kNanosPerDay;
// Busier groups come first; more alerts than that help nobody.
constexpr int kGroupsMax = 1'000;

template <typename Names>
bool IsOneOf(std::string_view word, const Names& names) {
  return std::ranges::find(names, word) != std::end(names);
}

bool NeedsField(std::string_view aggregate) { return aggregate != "count" && aggregate != "rate"; }

bool IsNumber(const FilterField& field) {
  return field.table == FieldTable::kFacts &&
         (field.type == FieldType::kNumber || field.type == FieldType::kDuration ||
          field.type == FieldType::kMoney);
}

// What the stored number is divided by: durations are compared in ms, money in USD.
double UnitOf(const FilterField& field) {
  if (field.type == FieldType::kDuration) return 1e6;
  return field.type == FieldType::kMoney ? 1e9 : 1;
}

absl::Status CheckField(const CustomRule& rule) {
  if (!NeedsField(rule.aggregate)) {
    if (rule.field.empty()) return absl::OkStatus();
    return InvalidArgument("field: {} takes none", rule.aggregate);
  }
  const FilterField* const field = FindField(rule.field);
  const bool distinct = rule.aggregate == "distinct";
  const auto possible = [&](const FilterField& of) {
    return distinct ? of.groupable() && of.table == FieldTable::kFacts : IsNumber(of);
  };
  if (field != nullptr && possible(*field)) return absl::OkStatus();
  std::vector<std::string_view> known;
  for (const FilterField& each : FilterFields()) {
    if (possible(each)) known.push_back(each.name);
  }
  return InvalidArgument("field: {} of \"{}\" is not possible{}; possible are {}", rule.aggregate,
                         rule.field, DidYouMean(rule.field, known), fmt::join(known, ", "));
}

absl::Status CheckBy(const CustomRule& rule) {
  for (const std::string& name : rule.by) {
    if (IsOneOf(name, TimeBuckets())) {
      return InvalidArgument("by: \"{}\" is a time; alerts are about the last window only", name);
    }
    if (name == kSeverityLabel || name == kProjectLabel || name == kAlertNameLabel) {
      return InvalidArgument("by: every alert has \"{}\" already", name);
    }
  }
  return Grouping::Parse(rule.by).status();
}

int PermilleOf(std::string_view percentile) {
  int percent = 0;
  for (const char digit : percentile.substr(1)) percent = percent * 10 + (digit - '0');
  return percent * 10;
}

// SELECT list of the value: two columns, what it was computed of, and the value (an array with it, or
// an empty one).
std::string ValueSql(const CustomRule& rule, const FilterSql& hits) {
  if (rule.aggregate == "count") return "count() AS value_n, [toFloat64(count())]";
  if (rule.aggregate == "rate") {
    return fmt::format(
        "count() AS value_n, if(value_n = 0, emptyArrayFloat64(), [countIf({}) / value_n])",
        hits.sql);
  }
  const FilterField& field = *FindField(rule.field);
  if (rule.aggregate == "distinct") {
    return fmt::format("count() AS value_n, [toFloat64(uniqExactIf({0}, toString({0}) != ''))]",
                       field.group_sql);
  }
  const std::string known = fmt::format("({}) IS NOT NULL", field.sql);
  if (rule.aggregate.starts_with('p')) {
    return QuantileColumns("value", field.sql, known, std::array{PermilleOf(rule.aggregate)});
  }
  return fmt::format(
      "countIf({1}) AS value_n, if(value_n = 0, emptyArrayFloat64(), "
      "[toFloat64(assumeNotNull({2}If({0}, {1})))])",
      field.sql, known, rule.aggregate);
}

bool Holds(double value, std::string_view op, double threshold) {
  if (op == ">") return value > threshold;
  if (op == ">=") return value >= threshold;
  return op == "<" ? value < threshold : value <= threshold;
}

std::string LabelName(std::string_view field) {
  std::string name(field);
  std::ranges::replace(name, '.', '_');
  return name;
}

std::string ValueText(double value, std::string_view unit) {
  if (unit == "ratio") return PercentText(value);
  if (unit == "usd") return fmt::format("${:.4g}", value);
  if (unit == "ms") return SecondsText(value * 1e6);
  const std::string number = value == std::floor(value) && std::abs(value) < 1e15
                                 ? fmt::format("{:.0f}", value)
                                 : fmt::format("{:.4g}", value);
  return unit.empty() ? number : fmt::format("{} {}", number, unit);
}

std::string WindowText(int64_t ns) {
  const int64_t minutes = ns / kNanosPerMinute;
  return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60) : fmt::format("{} min", minutes);
}

class CustomRuleEvaluator final : public RuleEvaluator {
 public:
  CustomRuleEvaluator(CustomRule rule, Filter filter, Filter of, Grouping grouping)
      : rule_(std::move(rule)),
        filter_(std::move(filter)),
        of_(std::move(of)),
        grouping_(std::move(grouping)) {
    if (!NeedsField(rule_.aggregate)) {
      if (rule_.aggregate == "rate" && rule_.spec.unit.empty()) rule_.spec.unit = "ratio";
      return;
    }
    const FilterField& field = *FindField(rule_.field);
    if (rule_.aggregate == "distinct") return;
    divisor_ = UnitOf(field);
    if (!rule_.spec.unit.empty()) return;
    if (field.type == FieldType::kDuration) rule_.spec.unit = "ms";
    if (field.type == FieldType::kMoney) rule_.spec.unit = "usd";
  }

  const RuleSpec& spec() const override { return rule_.spec; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    std::vector<Reading> readings;
    if (!rule_.project.empty() && rule_.project != context.project) return readings;
    const UnixNanos now = context.query.now;
    const bool rate = rule_.aggregate == "rate";
    const Scope scope{.project = context.project,
                      .window = {std::max<UnixNanos>(0, now - rule_.window_ns), now},
                      .filter = rate ? of_ : filter_};
    SqlPiece where = FactsWhere(scope);
    FilterSql hits = rate ? CompileFilter(filter_, "hit") : FilterSql{"1", {}};
    const std::string sql = fmt::format(
        "{}SELECT {}count() AS n, groupUniqArrayIf(5)(lower(hex(f.trace_id)), {}), {} "
        "FROM facts AS f FINAL WHERE {} AND f.status != 'running'{}{}{}",
        grouping_.With(), grouping_.Shown(), hits.sql, ValueSql(rule_, hits), where.sql,
        grouping_.GroupBy(), grouping_.OrderBy("n DESC"),
        grouping_.empty() ? "" : fmt::format(" LIMIT {}", kGroupsMax));
    std::ranges::move(hits.params, std::back_inserter(where.params));
    ASSIGN_OR_RETURN(const Table table,
                     ReadTable(context.query, sql, std::move(where.params), grouping_.size() + 4));
    for (const boost::json::value& row : table.rows) {
      readings.push_back(ReadingOf(row.get_array()));
    }
    return readings;
  }

 private:
  Reading ReadingOf(const boost::json::array& row) const {
    Reading reading;
    for (size_t i = 0; i < grouping_.size(); ++i) {
      const std::string_view value = TextAt(row, i);
      if (!value.empty()) reading.labels[LabelName(grouping_.name(i))] = value;
    }
    const size_t at = grouping_.size();
    const int64_t spans = IntAt(row, at);
    const int64_t of = IntAt(row, at + 2);
    const Quantiles values = ReadQuantiles(row, at + 2);
    if (values.values.empty()) {
      reading.verdict = Verdict::kNoData;
      reading.reason = fmt::format("no value in {} spans", spans);
      return reading;
    }
    const double value = values.values[0] / divisor_;
    const double threshold = rule_.spec.threshold;
    reading.value = value;
    if (!Holds(value, rule_.op, threshold)) {
      const double clear =
          rule_.op.front() == '>' ? threshold * kClearFactor : threshold / kClearFactor;
      const bool held = threshold > 0 && Holds(value, rule_.op, clear);
      reading.verdict = held ? Verdict::kHold : Verdict::kOk;
      return reading;
    }
    if (rule_.aggregate != "count" && of < rule_.count_min) {
      reading.verdict = Verdict::kSuppressed;
      reading.reason = fmt::format("{} spans; it says nothing below {}", of, rule_.count_min);
      return reading;
    }
    reading.verdict = Verdict::kBreach;
    reading.exemplar_trace_ids = TextsAt(row, at + 1);
    reading.annotations = rule_.annotations;
    reading.annotations.try_emplace("summary", Summary(reading, value, of));
    return reading;
  }

  std::string Summary(const Reading& reading, double value, int64_t of) const {
    std::string what = rule_.aggregate;
    if (!rule_.field.empty()) what += " of " + rule_.field;
    if (!rule_.filter.empty()) what += fmt::format(" where {}", rule_.filter);
    std::vector<std::string> labels;
    for (const auto& [name, text] : reading.labels) labels.push_back(name + "=" + text);
    return fmt::format("{}{}: {} is {} ({} {}) in {}, of {} spans", rule_.spec.alertname,
                       labels.empty() ? "" : fmt::format(" {}", fmt::join(labels, " ")), what,
                       ValueText(value, rule_.spec.unit), rule_.op,
                       ValueText(rule_.spec.threshold, rule_.spec.unit),
                       WindowText(rule_.window_ns), of);
  }

  CustomRule rule_;
  const Filter filter_;
  const Filter of_;
  const Grouping grouping_;
  double divisor_ = 1;
};

}  // namespace

absl::Status Validate(const CustomRule& rule) {
  const absl::Status filter = ParseFilter(rule.filter).status();
  if (!filter.ok()) return Annotate(filter, "filter");
  const absl::Status of = ParseFilter(rule.of).status();
  if (!of.ok()) return Annotate(of, "of");
  if (!IsOneOf(rule.aggregate, kAggregates)) {
    return InvalidArgument("aggregate \"{}\" is none{}; possible are {}", rule.aggregate,
                           DidYouMean(rule.aggregate, kAggregates), fmt::join(kAggregates, ", "));
  }
  if (!rule.of.empty() && rule.aggregate != "rate") {
    return InvalidArgument("of: only a rate has it; with {} use filter", rule.aggregate);
  }
  RETURN_IF_ERROR(CheckField(rule));
  RETURN_IF_ERROR(CheckBy(rule));
  if (!IsOneOf(rule.op, kOps)) {
    return InvalidArgument("op \"{}\" is none; possible are {}", rule.op, fmt::join(kOps, ", "));
  }
  if (rule.window_ns < kWindowMinNs || rule.window_ns > kWindowMaxNs) {
    return InvalidArgument("window is {}; it must be between 1m and 24h",
                           FormatDuration(rule.window_ns));
  }
  if (rule.count_min < 1) {
    return InvalidArgument("min_count is {}; it must be 1 or more", rule.count_min);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RuleEvaluator>> MakeCustomRule(const CustomRule& rule) {
  RETURN_IF_ERROR(Validate(rule));
  ASSIGN_OR_RETURN(Filter filter, ParseFilter(rule.filter));
  ASSIGN_OR_RETURN(Filter of, ParseFilter(rule.of));
  ASSIGN_OR_RETURN(Grouping grouping, Grouping::Parse(rule.by));
  // The rate is of those that match both.
  return std::make_unique<CustomRuleEvaluator>(rule, std::move(filter), std::move(of),
                                               std::move(grouping));
}

absl::StatusOr<RuleSet> CustomRules(const AlertOptions& options,
                                    std::span<const std::string_view> taken) {
  std::set<std::string_view> ids(taken.begin(), taken.end());
  RuleSet rules;
  for (const CustomRule& custom : options.custom) {
    const std::string where = fmt::format("alerts.custom: \"{}\"", custom.spec.id);
    if (custom.spec.id.empty()) return InvalidArgument("alerts.custom: a rule has no id");
    if (!ids.insert(custom.spec.id).second) {
      return InvalidArgument("{}: there is another rule of this id", where);
    }
    auto rule = MakeCustomRule(custom);
    if (!rule.ok()) return Annotate(rule.status(), where);
    rules.push_back(*std::move(rule));
  }
  return rules;
}

}  // namespace pitot
