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

// A trace that may run away: it has so many calls of models and tools.
struct Candidate {
  std::string trace;
  int64_t calls = 0;
};

// Of a trace in the time looked at.
struct TraceRead {
  std::vector<TraceStep> steps;
  int64_t cost = 0;  // nano-USD.
  std::string feature;
  std::string environment;
};

// Of a trace, as far as it was looked at.
struct Known {
  int64_t calls = 0;
  UnixNanos at = 0;
  std::optional<LoopFinding> finding;
  std::string feature;
  std::string environment;
};

struct ProjectState {
  std::map<std::string, Known, std::less<>> traces;
  std::map<std::string, NanoUsd, std::less<>> p99;  // Of a run's cost, by feature.
  UnixNanos p99_due = 0;
  UnixNanos asked = 0;
};

// Without FINAL, which would double the cost: rows that another replaced make at most a candidate more.
std::string CandidatesSql(std::string_view where) {
  return fmt::format(
      "SELECT lower(hex(trace_id)), sum(calls) AS n FROM ("
      "SELECT f.trace_id AS trace_id, f.tool_name AS tool, count() AS calls, "
      "countIf(f.kind = 'tool') AS tools, sum(f.cost) AS spent, max(f.end_ns) AS last FROM facts "
      "AS f "
      "WHERE {} AND f.kind IN ('tool', 'llm') GROUP BY trace_id, tool) GROUP BY trace_id "
      "HAVING max(last) >= {{active_ns:Int64}} AND (max(tools) >= {{same:Int64}} OR "
      "sum(calls - tools) >= {{models:Int64}} OR sum(spent) >= {{spent:Int64}}) "
      "ORDER BY n DESC, trace_id LIMIT {{traces:UInt32}}",
      where);
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
  absl::StatusOr<std::map<std::string, TraceRead>> ReadTraces(
      const EvalContext& context, const std::map<std::string, int64_t>& traces) const;
  absl::Status AddContents(const EvalContext& context, const std::vector<std::string>& traces,
                           std::map<std::string, std::map<std::string, TraceStep>>& steps) const;
  absl::Status RefreshP99(const EvalContext& context, ProjectState& state) const;
  std::optional<LoopFinding> FindingOf(TraceRead& trace, const ProjectState& state) const;
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
                   ReadTable(context.query, CandidatesSql(where.sql), std::move(where.params), 2));
  std::vector<Candidate> candidates;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    candidates.push_back({std::string(TextAt(row, 0)), IntAt(row, 1)});
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

absl::StatusOr<std::map<std::string, TraceRead>> RunawayRule::ReadTraces(
    const EvalContext& context, const std::map<std::string, int64_t>& again) const {
  std::vector<std::string> traces;
  for (const auto& [trace, calls] : again) traces.push_back(trace);
  SqlPiece where = LookBack(context);
  where.params.push_back({"traces", QuoteArray(traces)});
  const std::string sql = fmt::format(
      "SELECT lower(hex(f.trace_id)), lower(hex(f.span_id)), {0} AS is_tool, {1} AS is_model, "
      "f.agent, f.end_ns - f.duration_ns, f.end_ns, f.tool_name, "
      "f.status = 'error' OR f.tool_status NOT IN ('', 'success'), "
      "if(f.counted, coalesce(f.cost, 0), 0), f.feature, f.environment FROM facts AS f FINAL WHERE "
      "{2} AND f.trace_id IN (SELECT toFixedString(unhex(arrayJoin({{traces:Array(String)}})), "
      "16)) "
      "AND f.status != 'running' ORDER BY f.end_ns",
      kIsToolCallSql, kIsLlmCallSql, where.sql);
  ASSIGN_OR_RETURN(const Table table, ReadTable(context.query, sql, std::move(where.params), 12));
  std::map<std::string, std::map<std::string, TraceStep>> steps;
  std::map<std::string, TraceRead> out;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    std::string trace(TextAt(row, 0));
    TraceRead& read = out[trace];
    read.cost += IntAt(row, 9);
    read.feature = TextAt(row, 10);
    read.environment = TextAt(row, 11);
    const bool is_tool = BoolAt(row, 2);
    if (!is_tool && !BoolAt(row, 3)) continue;
    steps[std::move(trace)][std::string(TextAt(row, 1))] = {.is_tool = is_tool,
                                                            .agent = std::string(TextAt(row, 4)),
                                                            .start_ns = IntAt(row, 5),
                                                            .end_ns = IntAt(row, 6),
                                                            .tool = std::string(TextAt(row, 7)),
                                                            .arguments = {},
                                                            .result = {},
                                                            .is_error = BoolAt(row, 8)};
  }
  RETURN_IF_ERROR(AddContents(context, traces, steps));
  for (auto& [trace, spans] : steps) {
    for (auto& [span, step] : spans) out[trace].steps.push_back(std::move(step));
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

std::optional<LoopFinding> RunawayRule::FindingOf(TraceRead& trace,
                                                  const ProjectState& state) const {
  std::optional<LoopFinding> loop = FindLoop(std::move(trace.steps), options_, hashes_);
  if (loop && loop->detector != Detector::kL6) return loop;
  RunFigures figures;
  figures.spent = figures.spent_turn = {trace.cost};
  if (const auto p99 = state.p99.find(trace.feature); p99 != state.p99.end()) {
    figures.p99 = p99->second;
  }
  RunWarned warned;
  std::vector<LoopFinding> findings;
  CheckRun(options_, figures, warned, findings);
  for (LoopFinding& finding : findings) {
    if (finding.level == LoopLevel::kBlock && finding.detector == Detector::kL7) return finding;
  }
  return loop;
}

absl::Status RunawayRule::Look(const EvalContext& context, const std::vector<Candidate>& candidates,
                               ProjectState& state) const {
  const UnixNanos now = context.query.now;
  std::map<std::string, int64_t> again;  // Calls, by trace.
  for (const Candidate& candidate : candidates) {
    Known& known = state.traces[candidate.trace];
    if (known.calls == 0 || candidate.calls >= known.calls + kStepsAgain) {
      again[candidate.trace] = candidate.calls;
    }
    known.at = now;
  }
  std::erase_if(state.traces, [&](const auto& entry) {
    return now - entry.second.at > kLookBackNs || entry.second.at > now;
  });
  if (again.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(RefreshP99(context, state));
  ASSIGN_OR_RETURN(auto read, ReadTraces(context, again));
  for (const auto& [trace, calls] : again) {
    Known& known = state.traces[trace];
    known.calls = calls;
    TraceRead& now_read = read[trace];
    known.feature = now_read.feature;
    known.environment = now_read.environment;
    known.finding = FindingOf(now_read, state);
  }
  return absl::OkStatus();
}

// Adds what was found in one trace to the reading of its feature: the more severe one speaks.
void AddFinding(const std::string& trace, const Known& known, Reading& reading) {
  const LoopFinding& finding = *known.finding;
  if (reading.exemplar_trace_ids.size() < kExemplarsMax) {
    reading.exemplar_trace_ids.push_back(trace);
  }
  const AlertSeverity severity =
      finding.detector == Detector::kL6 ? AlertSeverity::kWarning : AlertSeverity::kPage;
  if (reading.severity && *reading.severity >= severity) return;
  reading.labels = NonEmpty({{"feature", known.feature}, {"environment", known.environment}});
  reading.verdict = Verdict::kBreach;
  reading.urgent = true;
  reading.severity = severity;
  const double unit = finding.detector == Detector::kL7 ? 1e9 : 1;
  reading.value = static_cast<double>(finding.count) / unit;
  reading.threshold = static_cast<double>(finding.threshold) / unit;
  reading.annotations["detector"] = std::string(Name(finding.detector));
  reading.annotations["trace_id"] = trace;
  reading.annotations["summary"] =
      fmt::format("{}trace {}: {}", known.feature.empty() ? "" : known.feature + ": ",
                  trace.substr(0, 8), finding.reason);
}

absl::StatusOr<std::vector<Reading>> RunawayRule::Evaluate(const EvalContext& context) {
  const UnixNanos now = context.query.now;
  std::erase_if(projects_, [&](const auto& entry) { return now - entry.second.asked > kHourNs; });
  ProjectState& state = projects_[context.project];
  state.asked = now;
  ASSIGN_OR_RETURN(const std::vector<Candidate> candidates, Candidates(context));
  RETURN_IF_ERROR(Look(context, candidates, state));
  std::map<std::pair<std::string, std::string>, Reading> readings;
  for (const Candidate& candidate : candidates) {
    const Known& known = state.traces[candidate.trace];
    if (!known.finding) continue;
    AddFinding(candidate.trace, known, readings[{known.feature, known.environment}]);
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
