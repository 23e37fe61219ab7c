#include "alert/runbook/investigation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/status.h"
#include "base/text.h"
#include "query/figures/quantiles.h"

namespace pitot {
namespace {

constexpr int64_t kSlots = 120;
constexpr int64_t kSlotMinNs = 10 * kNanosPerSecond;
constexpr size_t kGroupsMax = 500;
constexpr std::array kDurationLevels = {500, 950, 990};
constexpr std::array kMedian = {500};
// Of a running alert: what is looked at begins so long before it does.
constexpr int64_t kLeadNs = 10 * kNanosPerMinute;

enum Column {
  kCount,
  kErrors,
  kRateLimited,
  kLong,
  kDuration,
  kInput,
  kOutput,
  kCost,
  kDurations,
  kTtft = kDurations + 2,
  kSpeed = kTtft + 2,
  kSideColumns = kSpeed + 2
};

// The columns of one side; `when` is the condition that a span is of it.
std::string SideColumns(std::string_view name, std::string_view when) {
  return fmt::format(
      "countIf({0}), countIf({0} AND (f.status = 'error' OR f.tool_status NOT IN ('', "
      "'success'))), "
      "countIf({0} AND f.error_category = 'rate_limit'), "
      "countIf({0} AND f.duration_ns > {1}), toFloat64(sumIf(f.duration_ns, {0})), "
      "toFloat64(sumIf(f.input_tokens + f.cache_read_tokens + f.cache_write_5m_tokens + "
      "f.cache_write_1h_tokens, {0})), "
      "toFloat64(sumIf(f.output_tokens + f.reasoning_tokens, {0})), "
      "sumIf(ifNull(f.cost, 0), {0} AND f.counted) / 1e9, {2}, {3}, {4}",
      when, static_cast<int64_t>(kLongCallNs),
      QuantileColumns(fmt::format("{}_duration", name), "f.duration_ns", when, kDurationLevels),
      QuantileColumns(fmt::format("{}_ttft", name), "f.ttft_ns",
                      fmt::format("{} AND f.ttft_ns IS NOT NULL", when), kMedian),
      QuantileColumns(fmt::format("{}_speed", name), kTokensPerSecondSql,
                      fmt::format("{} AND {}", when, kHasTokensPerSecondSql), kMedian));
}

Side ReadSide(const boost::json::array& row, size_t at) {
  const auto level = [&](size_t column, size_t i) -> std::optional<double> {
    const Quantiles quantiles = ReadQuantiles(row, at + column);
    return quantiles.values.size() > i ? std::optional(quantiles.values[i]) : std::nullopt;
  };
  return {.n = IntAt(row, at + kCount),
          .errors = IntAt(row, at + kErrors),
          .rate_limited = IntAt(row, at + kRateLimited),
          .long_calls = IntAt(row, at + kLong),
          .duration_sum = DoubleAt(row, at + kDuration),
          .input_sum = DoubleAt(row, at + kInput),
          .output_sum = DoubleAt(row, at + kOutput),
          .cost_sum = DoubleAt(row, at + kCost),
          .p50 = level(kDurations, 0),
          .p95 = level(kDurations, 1),
          .p99 = level(kDurations, 2),
          .ttft_p50 = level(kTtft, 0),
          .speed_p50 = level(kSpeed, 0)};
}

}  // namespace

Investigation::Investigation(const RunbookInput& input, const RunbookDeps& deps,
                             RunbookReport& report)
    : input_(input), deps_(deps), report_(report), filter_(input.filter) {}

absl::Status Investigation::Begin(int64_t default_ns, int64_t base_ns) {
  base_ns_ = base_ns;
  report_.window = input_.window;
  if (report_.window.until_ns == 0) {
    report_.window.until_ns = now();
    UnixNanos since = now() - default_ns;
    if (input_.active_at != 0) since = std::min(since, input_.active_at - kLeadNs);
    report_.window.since_ns = std::max<UnixNanos>(since, 0);
  }
  // A slow model is looked at through all features that call it; what fails or costs, where it does.
  const std::string_view fields[] = {"environment", report_.runbook == "latency" ? "" : "feature"};
  for (const std::string_view field : fields) {
    const std::string_view value = Label(field);
    if (value.empty()) continue;
    ASSIGN_OR_RETURN(const Filter more,
                     ParseFilter(fmt::format("{} = {}", field, FilterValue(value))));
    filter_ = pitot::And(filter_, more);
  }
  SetMoment(0, 0);
  return absl::OkStatus();
}

void Investigation::SetMoment(UnixNanos since, UnixNanos until) {
  report_.since = since;
  current_ = report_.window;
  if (since != 0) current_.since_ns = since;
  if (until != 0) current_.until_ns = until;
  report_.baseline = {std::max<UnixNanos>(current_.since_ns - base_ns_, 0), current_.since_ns};
}

std::string_view Investigation::Label(std::string_view name) const {
  const auto found = input_.labels.find(name);
  return found == input_.labels.end() ? std::string_view() : std::string_view(found->second);
}

std::string Investigation::Since() const {
  if (report_.since != 0) {
    if (current_.until_ns < report_.window.until_ns) {
      return fmt::format(" from {} to {}", ClockWords(report_.since, now()),
                         ClockWords(current_.until_ns, now()));
    }
    return " since " + ClockWords(report_.since, now());
  }
  const int64_t minutes = (current_.until_ns - current_.since_ns) / kNanosPerMinute;
  std::string length = SpanText(std::max<int64_t>(minutes, 1) * kNanosPerMinute);
  if (length.starts_with("1 ")) length.erase(0, 2);
  return fmt::format(" in {} {}", current_.until_ns == now() ? "the last" : "these", length);
}

std::string Investigation::Args(std::string_view q) const {
  std::string filter = filter_.text();
  if (!q.empty()) filter = filter.empty() ? std::string(q) : fmt::format("({}) AND {}", filter, q);
  const int64_t minutes = (now() - current_.since_ns + kNanosPerMinute - 1) / kNanosPerMinute;
  std::string out;
  if (!filter.empty()) out += fmt::format(" '{}'", filter);
  out += fmt::format(" --since {}m", std::max<int64_t>(minutes, 1));
  if (input_.project != "default") out += " --project " + input_.project;
  return out;
}

Scope Investigation::InFilter(const Window& window, const Filter& filter) const {
  Scope scope;
  scope.project = input_.project;
  scope.window = window;
  scope.filter = filter;
  return scope;
}

Filter Investigation::And(std::string_view text) const {
  absl::StatusOr<Filter> more = ParseFilter(text);
  return more.ok() ? pitot::And(filter_, *more) : filter_;
}

absl::StatusOr<std::vector<Pair>> Investigation::Compare(std::span<const std::string_view> keys,
                                                         std::string_view condition,
                                                         bool calls_only,
                                                         std::vector<SqlParam> params) const {
  const Window both{report_.baseline.since_ns, current_.until_ns};
  SqlPiece where = FactsWhere(In(both), calls_only);
  std::vector<std::string> columns;
  std::vector<std::string> names;
  for (size_t i = 0; i < keys.size(); ++i) {
    columns.push_back(fmt::format("toString({}) AS k{}", keys[i], i));
    names.push_back(fmt::format("k{}", i));
  }
  const std::string sql = fmt::format(
      "SELECT {0}{1} toString(min(f.end_ns)), countIf(f.end_ns >= {{split:Int64}}) AS now_n, {2}, "
      "{3} FROM facts AS f FINAL WHERE {4} AND {5}{6}{7} ORDER BY now_n DESC LIMIT {8}",
      fmt::join(columns, ", "), keys.empty() ? "" : ",",
      SideColumns("now", "f.end_ns >= {split:Int64}"),
      SideColumns("base", "f.end_ns < {split:Int64}"), where.sql, condition,
      keys.empty() ? "" : " GROUP BY ", fmt::join(names, ", "), kGroupsMax);
  std::ranges::move(params, std::back_inserter(where.params));
  where.params.push_back({"split", fmt::to_string(current_.since_ns)});
  ASSIGN_OR_RETURN(const Table table, ReadTable(query(), sql, std::move(where.params),
                                                keys.size() + 2 + 2 * size_t{kSideColumns}));
  std::vector<Pair> pairs;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    Pair pair;
    for (size_t i = 0; i < keys.size(); ++i) pair.key.emplace_back(TextAt(row, i));
    pair.first_seen = std::strtoll(std::string(TextAt(row, keys.size())).c_str(), nullptr, 10);
    pair.now = ReadSide(row, keys.size() + 2);
    pair.base = ReadSide(row, keys.size() + 2 + kSideColumns);
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

absl::StatusOr<Investigation::Series> Investigation::ReadSeries(std::string_view condition,
                                                                std::string_view bad,
                                                                std::vector<SqlParam> params,
                                                                bool calls_only) const {
  Series series;
  const int64_t length = 2 * (look().until_ns - look().since_ns);
  series.slot_ns = std::max(kSlotMinNs, (length / kSlots / kSlotMinNs) * kSlotMinNs);
  // Slots end where the time that is looked at does: the last one is whole.
  const int64_t slots = (length + series.slot_ns - 1) / series.slot_ns;
  series.begin = std::max<UnixNanos>(look().until_ns - slots * series.slot_ns, 0);
  series.counts.resize(static_cast<size_t>(slots));
  series.costs.resize(static_cast<size_t>(slots));
  SqlPiece where = FactsWhere(In({series.begin, look().until_ns}), calls_only);
  const std::string sql = fmt::format(
      "SELECT intDiv(f.end_ns - {{begin:Int64}}, {{slot:Int64}}) AS slot, count(), countIf({}), "
      "sumIf(ifNull(f.cost, 0), f.counted) / 1e9 FROM facts AS f FINAL WHERE {} AND {} GROUP BY "
      "slot",
      bad, where.sql, condition);
  std::ranges::move(params, std::back_inserter(where.params));
  where.params.push_back({"begin", fmt::to_string(series.begin)});
  where.params.push_back({"slot", fmt::to_string(series.slot_ns)});
  ASSIGN_OR_RETURN(const Table table, ReadTable(query(), sql, std::move(where.params), 4));
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    const auto slot = static_cast<size_t>(IntAt(row, 0));
    if (slot >= series.counts.size()) continue;
    series.counts[slot] = {IntAt(row, 1), IntAt(row, 2)};
    series.costs[slot] = DoubleAt(row, 3);
  }
  return series;
}

std::vector<std::string> Investigation::Examples(std::string_view condition, std::string_view order,
                                                 const Filter& filter, std::vector<SqlParam> params,
                                                 size_t most) const {
  SqlPiece where = FactsWhere(InFilter(current_, filter));
  std::ranges::move(params, std::back_inserter(where.params));
  const std::string sql = fmt::format(
      "SELECT lower(hex(f.trace_id)) FROM facts AS f FINAL WHERE {} AND {} ORDER BY {}, f.trace_id "
      "LIMIT 1 BY f.trace_id LIMIT {}",
      where.sql, condition, order, most);
  std::vector<std::string> traces;
  const absl::StatusOr<Table> table = ReadTable(query(), sql, std::move(where.params), 1);
  // Examples are a help: without them the finding stands.
  if (!table.ok()) return traces;
  for (const boost::json::value& row : table->rows) {
    traces.emplace_back(TextAt(row.get_array(), 0));
  }
  return traces;
}

Finding& Investigation::Step(std::string_view id, std::string_view title) {
  Finding& finding = report_.steps.emplace_back();
  finding.step = fmt::format("{}.{}", report_.runbook, id);
  finding.title = title;
  return finding;
}

void Investigation::Failed(Finding& finding, const absl::Status& status) {
  ++failed_;
  last_error_ = status;
  finding.state = FindingState::kUnknown;
  finding.failed = true;
  finding.words = fmt::format("Could not be told: {}.", Message(status));
}

void Investigation::AddCause(Cause cause) {
  cause.score = std::clamp(cause.score, 0.0, 1.0);
  if (cause.score <= 0) return;
  report_.causes.push_back(std::move(cause));
}

Action Investigation::MakeAction(const Finding& finding, ActionKind kind, ActionMode most) const {
  Action action;
  action.kind = kind;
  action.mode = most;
  action.ttl_ns = actions().ttl_ns;
  action.runbook = report_.runbook;
  action.step = finding.step;
  action.alert = report_.fingerprint;
  action.target.project = input_.project;
  return action;
}

const ActionOptions& Investigation::actions() const {
  static const ActionOptions kDefaults;
  return deps_.actions != nullptr ? *deps_.actions : kDefaults;
}

}  // namespace pitot
