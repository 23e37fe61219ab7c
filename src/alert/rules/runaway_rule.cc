#include "alert/rules/runaway_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "alert/rules/judge.h"
#include "alert/rules/trace_loops.h"
#include "alert/rules/usual.h"
#include "base/hex.h"
#include "base/status.h"
#include "query/figures/answer.h"
#include "store/day.h"

namespace pitot {
namespace {

constexpr int64_t kLookBackNs = 10 * kNanosPerMinute;
constexpr int64_t kActiveNs = 90 * kNanosPerSecond;
constexpr int kTracesMax = 30;
// A trace that was found in order is read again when it has made as many steps more.
constexpr int64_t kStepsAgain = 3;
constexpr int64_t kModelCallsMin = 40;
constexpr int64_t kHourNs = 60 * kNanosPerMinute;
constexpr int64_t kTracesOfFeatureMin = 100;
// Rows that the usual cost of runs is computed from, at most.
constexpr int64_t kUsualRowsMax = 5'000'000;

struct Candidate {
  std::string trace;
  int64_t calls = 0;  // Of models and tools.
  int64_t cost = 0;
  std::string feature;
  std::string environment;
};

// Of a trace, as far as it was looked at.
struct Known {
  int64_t calls = 0;
  UnixNanos at = 0;
  std::optional<LoopFinding> finding;
};

struct ProjectState {
  std::map<std::string, Known, std::less<>> traces;
  std::map<std::string, NanoUsd, std::less<>> p99;  // Of a run's cost, by feature.
  UnixNanos p99_due = 0;
  UnixNanos asked = 0;
};

std::string CandidatesSql(std::string_view where) {
  return fmt::format(
      "SELECT lower(hex(trace_id)), sum(tools) + sum(models) AS calls, sum(spent), "
      "argMax(feature, tools + models), argMax(environment, tools + models), max(last) FROM ("
      "SELECT f.trace_id AS trace_id, if({0}, f.tool_name, '') AS tool, countIf({0}) AS tools, "
      "countIf({1}) AS models, sumIf(coalesce(f.cost, 0), f.counted) AS spent, max(f.end_ns) AS "
      "last, "
      "argMax(toString(f.feature), f.end_ns) AS feature, "
      "argMax(toString(f.environment), f.end_ns) AS environment "
      "FROM facts AS f FINAL WHERE {2} AND f.status != 'running' GROUP BY trace_id, tool) "
      "GROUP BY trace_id HAVING max(last) >= {{active_ns:Int64}} AND (max(tools) >= {{same:Int64}} "
      "OR sum(models) >= {{models:Int64}} OR sum(spent) >= {{spent:Int64}}) "
      "ORDER BY calls DESC, trace_id LIMIT {{traces:UInt32}}",
      kIsToolCallSql, kIsLlmCallSql, where);
}

class RunawayRule final : public RuleEvaluator {
 public:
  RunawayRule(RuleSpec spec, std::shared_ptr<TrafficSource> traffic)
      : spec_(std::move(spec)),
        traffic_(std::move(traffic)),
        options_(OptionsOf(spec_)),
        hashes_(options_) {}

  const RuleSpec& spec() const override { return spec_; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override;

 private:
  static LoopOptions OptionsOf(const RuleSpec& spec) {
    LoopOptions options;
    const int64_t rounds = std::max<int64_t>(2, static_cast<int64_t>(spec.threshold));
    for (LoopThreshold* each : {&options.same_result, &options.same_error, &options.cycle}) {
      *each = {std::min<int64_t>(each->warn, rounds), rounds};
    }
    return options;
  }

  absl::StatusOr<std::vector<Candidate>> Candidates(const EvalContext& context) const;
  absl::StatusOr<std::map<std::string, std::vector<TraceStep>>> ReadSteps(
      const EvalContext& context, const std::vector<std::string>& traces) const;
  absl::Status AddContents(const EvalContext& context, const std::vector<std::string>& traces,
                           std::map<std::string, std::map<std::string, TraceStep>>& steps) const;
  absl::Status RefreshP99(const EvalContext& context, ProjectState& state) const;
  std::optional<LoopFinding> SpendFinding(const Candidate& candidate,
                                          const ProjectState& state) const;
  absl::Status Look(const EvalContext& context, const std::vector<Candidate>& candidates,
                    ProjectState& state) const;

  const RuleSpec spec_;
  const std::shared_ptr<TrafficSource> traffic_;
  const LoopOptions options_;
  const LoopHashes hashes_;
  std::map<std::string, ProjectState, std::less<>> projects_;
};

SqlPiece LookBack(const EvalContext& context) {
  const UnixNanos now = context.query.now;
  return FactsWhere({.project = context.project,
                     .window = {std::max<UnixNanos>(0, now - kLookBackNs), now},
                     .filter = {}});
}

absl::StatusOr<std::vector<Candidate>> RunawayRule::Candidates(const EvalContext& context) const {
  SqlPiece where = LookBack(context);
  where.params.push_back({"active_ns", fmt::to_string(context.query.now - kActiveNs)});
  where.params.push_back({"same", fmt::to_string(options_.same_result.block)});
  where.params.push_back({"models", fmt::to_string(kModelCallsMin)});
  where.params.push_back({"spent", fmt::to_string(options_.spend_block.value)});
  where.params.push_back({"traces", fmt::to_string(kTracesMax)});
  ASSIGN_OR_RETURN(const Table table,
                   ReadTable(context.query, CandidatesSql(where.sql), std::move(where.params), 6));
  std::vector<Candidate> candidates;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    candidates.push_back({std::string(TextAt(row, 0)), IntAt(row, 1), IntAt(row, 2),
                          std::string(TextAt(row, 3)), std::string(TextAt(row, 4))});
  }
  return candidates;
}

absl::Status RunawayRule::AddContents(
    const EvalContext& context, const std::vector<std::string>& traces,
    std::map<std::string, std::map<std::string, TraceStep>>& steps) const {
  const UnixNanos now = context.query.now;
  // A long value stands as its hash; a short one as itself, of which JSON needs text.
  const std::string sql =
      "SELECT lower(hex(trace_id)), lower(hex(span_id)), hex(substring(arrayStringConcat(input), "
      "1, "
      "400)), hex(substring(arrayStringConcat(output), 1, 400)) FROM spans WHERE project = "
      "{project:String} AND toUInt16(day) BETWEEN {min_day:UInt16} AND {max_day:UInt16} AND "
      "trace_id "
      "IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16)) AND kind = 'tool' "
      "ORDER BY version DESC LIMIT 1 BY trace_id, span_id";
  ASSIGN_OR_RETURN(
      const Table table,
      ReadTable(context.query, sql,
                {{"project", context.project},
                 {"min_day", fmt::to_string(DayOf(std::max<UnixNanos>(0, now - kNanosPerDay)))},
                 {"max_day", fmt::to_string(DayOf(now))},
                 {"traces", QuoteArray(traces)}},
                4));
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    auto& of_trace = steps[std::string(TextAt(row, 0))];
    const auto step = of_trace.find(std::string(TextAt(row, 1)));
    if (step == of_trace.end()) continue;
    const auto text = [](std::string_view hex) {
      std::string raw(hex.size() / 2, '\0');
      return FromHex(hex, raw.data(), raw.size()) ? raw : std::string();
    };
    step->second.arguments = text(TextAt(row, 2));
    step->second.result = text(TextAt(row, 3));
    // Contents are not recorded: one call is not known to equal another.
    if (step->second.arguments.empty() && step->second.result.empty()) {
      step->second.arguments = TextAt(row, 1);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, std::vector<TraceStep>>> RunawayRule::ReadSteps(
    const EvalContext& context, const std::vector<std::string>& traces) const {
  SqlPiece where = LookBack(context);
  where.params.push_back({"traces", QuoteArray(traces)});
  const std::string sql = fmt::format(
      "SELECT lower(hex(f.trace_id)), lower(hex(f.span_id)), f.kind = 'tool' AS is_tool, f.agent, "
      "f.end_ns - f.duration_ns, f.end_ns, f.tool_name, "
      "f.status = 'error' OR f.tool_status NOT IN ('', 'success') FROM facts AS f FINAL WHERE {} "
      "AND "
      "f.trace_id IN (SELECT toFixedString(unhex(arrayJoin({{traces:Array(String)}})), 16)) AND "
      "({} OR {})",
      where.sql, kIsToolCallSql, kIsLlmCallSql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context.query, sql, std::move(where.params), 8));
  std::map<std::string, std::map<std::string, TraceStep>> steps;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    steps[std::string(TextAt(row, 0))][std::string(TextAt(row, 1))] = {
        .is_tool = BoolAt(row, 2),
        .agent = std::string(TextAt(row, 3)),
        .start_ns = IntAt(row, 4),
        .end_ns = IntAt(row, 5),
        .tool = std::string(TextAt(row, 6)),
        .arguments = {},
        .result = {},
        .is_error = BoolAt(row, 7)};
  }
  RETURN_IF_ERROR(AddContents(context, traces, steps));
  std::map<std::string, std::vector<TraceStep>> out;
  for (auto& [trace, spans] : steps) {
    for (auto& [span, step] : spans) out[trace].push_back(std::move(step));
  }
  return out;
}

absl::Status RunawayRule::RefreshP99(const EvalContext& context, ProjectState& state) const {
  const UnixNanos now = context.query.now;
  if (now < state.p99_due && state.p99_due - now <= 2 * kHourNs) return absl::OkStatus();
  ASSIGN_OR_RETURN(const TrafficTable* const traffic, traffic_->Now(context));
  const int64_t per_hour = std::max<int64_t>(1, traffic->spans * 12);
  const int64_t hours = std::clamp<int64_t>(kUsualRowsMax / per_hour, 1, 24);
  const UnixNanos since = std::max<UnixNanos>(0, now - hours * kHourNs);
  ASSIGN_OR_RETURN(
      const Table table,
      ReadTable(context.query,
                "SELECT feature, count() AS n, quantileExact(0.99)(cost) FROM traces FINAL WHERE "
                "project = {project:String} AND toUInt16(day) BETWEEN {min_day:UInt16} AND "
                "{max_day:UInt16} AND start_ns >= {since_ns:Int64} AND start_ns < {until_ns:Int64} "
                "GROUP BY feature HAVING n >= {n:Int64}",
                {{"project", context.project},
                 {"min_day", fmt::to_string(DayOf(since))},
                 {"max_day", fmt::to_string(DayOf(now))},
                 {"since_ns", fmt::to_string(since)},
                 {"until_ns", fmt::to_string(now)},
                 {"n", fmt::to_string(kTracesOfFeatureMin)}},
                3));
  state.p99.clear();
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    state.p99[std::string(TextAt(row, 0))] = {IntAt(row, 2)};
  }
  state.p99_due = now - now % kHourNs + kHourNs;
  return absl::OkStatus();
}

std::optional<LoopFinding> RunawayRule::SpendFinding(const Candidate& candidate,
                                                     const ProjectState& state) const {
  RunFigures figures;
  figures.spent = figures.spent_turn = {candidate.cost};
  if (const auto p99 = state.p99.find(candidate.feature); p99 != state.p99.end()) {
    figures.p99 = p99->second;
  }
  RunWarned warned;
  std::vector<LoopFinding> findings;
  CheckRun(options_, figures, warned, findings);
  for (LoopFinding& finding : findings) {
    if (finding.level == LoopLevel::kBlock && finding.detector == Detector::kL7) return finding;
  }
  return std::nullopt;
}

absl::Status RunawayRule::Look(const EvalContext& context, const std::vector<Candidate>& candidates,
                               ProjectState& state) const {
  const UnixNanos now = context.query.now;
  std::vector<std::string> again;
  for (const Candidate& candidate : candidates) {
    const Known& known = state.traces[candidate.trace];
    if (known.at == 0 || candidate.calls >= known.calls + kStepsAgain) {
      again.push_back(candidate.trace);
    }
  }
  if (!again.empty()) {
    ASSIGN_OR_RETURN(auto steps, ReadSteps(context, again));
    for (const std::string& trace : again) {
      state.traces[trace].finding = FindLoop(std::move(steps[trace]), options_, hashes_);
    }
  }
  for (const Candidate& candidate : candidates) {
    Known& known = state.traces[candidate.trace];
    if (std::ranges::find(again, candidate.trace) != again.end()) known.calls = candidate.calls;
    known.at = now;
  }
  std::erase_if(state.traces, [&](const auto& entry) {
    return now - entry.second.at > kLookBackNs || entry.second.at > now;
  });
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Reading>> RunawayRule::Evaluate(const EvalContext& context) {
  const UnixNanos now = context.query.now;
  std::erase_if(projects_, [&](const auto& entry) { return now - entry.second.asked > kHourNs; });
  ProjectState& state = projects_[context.project];
  state.asked = now;
  ASSIGN_OR_RETURN(const std::vector<Candidate> candidates, Candidates(context));
  if (candidates.empty()) return std::vector<Reading>{};
  RETURN_IF_ERROR(RefreshP99(context, state));
  RETURN_IF_ERROR(Look(context, candidates, state));

  std::map<std::pair<std::string, std::string>, Reading> readings;
  for (const Candidate& candidate : candidates) {
    std::optional<LoopFinding> finding = state.traces[candidate.trace].finding;
    const std::optional<LoopFinding> spend = SpendFinding(candidate, state);
    if (spend && (!finding || finding->detector == Detector::kL6)) finding = spend;
    if (!finding) continue;
    Reading& reading = readings[{candidate.feature, candidate.environment}];
    const bool loud = finding->detector != Detector::kL6;
    if (reading.exemplar_trace_ids.size() < kExemplarsMax) {
      reading.exemplar_trace_ids.push_back(candidate.trace);
    }
    const AlertSeverity severity = loud ? AlertSeverity::kPage : AlertSeverity::kWarning;
    if (reading.severity && *reading.severity >= severity) continue;
    reading.labels =
        NonEmpty({{"feature", candidate.feature}, {"environment", candidate.environment}});
    reading.verdict = Verdict::kBreach;
    reading.urgent = true;
    reading.severity = severity;
    const bool money = finding->detector == Detector::kL7;
    reading.value =
        money ? static_cast<double>(finding->count) / 1e9 : static_cast<double>(finding->count);
    reading.threshold = money ? static_cast<double>(finding->threshold) / 1e9
                              : static_cast<double>(finding->threshold);
    reading.annotations["detector"] = std::string(Name(finding->detector));
    reading.annotations["trace_id"] = candidate.trace;
    reading.annotations["summary"] =
        fmt::format("{}trace {}: {}", candidate.feature.empty() ? "" : candidate.feature + ": ",
                    candidate.trace.substr(0, 8), finding->reason);
  }
  std::vector<Reading> out;
  for (auto& [key, reading] : readings) out.push_back(std::move(reading));
  return out;
}

}  // namespace

std::unique_ptr<RuleEvaluator> MakeRunawayRule(RuleSpec spec,
                                               std::shared_ptr<TrafficSource> traffic) {
  return std::make_unique<RunawayRule>(std::move(spec), std::move(traffic));
}

}  // namespace pitot
