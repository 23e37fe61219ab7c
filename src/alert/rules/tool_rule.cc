#include "alert/rules/tool_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "alert/rules/judge.h"
#include "base/status.h"
#include "query/figures/answer.h"
#include "query/figures/prompt_change.h"

namespace pitot {
namespace {

constexpr int64_t kInvalidMin = 3;
constexpr size_t kTracesMin = 3;
constexpr double kFactorMin = 2;
// A tool that was hardly called yet has no usual share: some of its calls may fail.
constexpr int64_t kUsualCountMin = 20;
constexpr double kUsualUnknown = 0.05;
constexpr double kUsualMin = 0.01;
// Windows in which it may show; the shortest sees it first.
constexpr int kSeconds[] = {60, 90, 300};

struct ToolCalls {
  std::map<int, Share> by_seconds;
  std::set<std::string> traces;  // With invalid arguments; at most 5 a row.
};

Reading ToolReading(const std::string& tool, const std::string& environment, const ToolCalls& calls,
                    const UsualTraffic& usual, double threshold) {
  Reading reading;
  reading.labels = NonEmpty({{"tool", tool}, {"environment", environment}});
  const auto known = usual.invalid_args.find({tool, environment});
  const bool is_known = known != usual.invalid_args.end() && known->second.n >= kUsualCountMin;
  const double before = is_known ? known->second.share() : kUsualUnknown;
  const double limit = std::max(before + threshold, before * kFactorMin);
  reading.threshold = limit;
  const Share& whole = calls.by_seconds.at(300);
  reading.value = whole.share();
  bool over = false;
  for (const int seconds : kSeconds) {
    const auto at = calls.by_seconds.find(seconds);
    if (at == calls.by_seconds.end() || at->second.hits < kInvalidMin) continue;
    const Share& share = at->second;
    if (share.share() < limit) continue;
    over = true;
    // In five minutes something may be over that shorter ones do not see any more.
    const auto still = calls.by_seconds.find(kStillSeconds);
    if (still == calls.by_seconds.end() || still->second.share() < limit) continue;
    const double p = std::clamp(before, kUsualMin, 1.0);
    if (calls.traces.size() < kTracesMin || !Beyond(share.hits, share.n, p, kChance)) continue;
    reading.verdict = Verdict::kBreach;
    reading.urgent |= Beyond(share.hits, share.n, p, kChanceUrgent);
    if (reading.annotations.contains("summary") && !reading.urgent) continue;
    reading.value = share.share();
    reading.annotations["summary"] =
        fmt::format("{}: {} calls in {} seconds had invalid arguments; {}",
                    tool.empty() ? "tools" : tool, ShareText(share), seconds,
                    is_known ? "usually " + PercentText(before) : std::string("the tool is new"));
    if (reading.urgent) {
      reading.severity = AlertSeverity::kPage;
      break;
    }
  }
  if (reading.verdict == Verdict::kBreach) {
    AddExamples({calls.traces.begin(), calls.traces.end()}, reading.exemplar_trace_ids);
  } else if (whole.hits > 0 && whole.share() >= limit * kClearFactor) {
    reading.verdict = over ? Verdict::kSuppressed : Verdict::kHold;
    if (over) {
      reading.reason = fmt::format(
          "{} of {} calls in {} traces had invalid arguments: too few to "
          "say so, or over already",
          whole.hits, whole.n, calls.traces.size());
    }
  }
  return reading;
}

class ToolArgumentsRule final : public RuleEvaluator {
 public:
  ToolArgumentsRule(RuleSpec spec, std::shared_ptr<TrafficSource> traffic)
      : spec_(std::move(spec)), traffic_(std::move(traffic)) {}

  const RuleSpec& spec() const override { return spec_; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    ASSIGN_OR_RETURN(const TrafficTable* const now, traffic_->Now(context));
    ASSIGN_OR_RETURN(const UsualTraffic* const usual, traffic_->Usual(context));
    std::vector<Reading> readings = JudgeToolArguments(spec_, *now, *usual);
    for (Reading& reading : readings) {
      if (reading.verdict == Verdict::kBreach) RETURN_IF_ERROR(AddChange(context, reading));
    }
    return readings;
  }

 private:
  // Which prompt's newest version it began with.
  static absl::Status AddChange(const EvalContext& context, Reading& reading) {
    const UnixNanos now = context.query.now;
    const Scope scope{.project = context.project,
                      .window = {std::max<UnixNanos>(0, now - kNanosPerDay), now},
                      .filter = {}};
    SqlPiece where = FactsWhere(scope);
    const auto label = [&](std::string_view name) {
      const auto found = reading.labels.find(name);
      return found == reading.labels.end() ? std::string() : found->second;
    };
    where.params.push_back({"tool", label("tool")});
    where.params.push_back({"environment", label("environment")});
    std::string counts;
    for (const std::string_view status : kToolStatusNames) {
      counts += fmt::format(", countIf(f.tool_status = '{}')", status);
    }
    const std::string sql = fmt::format(
        "SELECT f.prompt_name AS prompt, f.prompt_version AS version, min(f.end_ns) AS first{} "
        "FROM facts AS f FINAL WHERE {} AND {} AND f.tool_name = {{tool:String}} AND "
        "f.environment = {{environment:String}} AND f.prompt_name != '' AND f.prompt_version != '' "
        "GROUP BY prompt, version ORDER BY prompt, first DESC",
        counts, where.sql, kIsToolCallSql);
    const size_t columns = 3 + kToolStatusNames.size();
    ASSIGN_OR_RETURN(const Table table,
                     ReadTable(context.query, sql, std::move(where.params), columns));
    std::optional<PromptChange> best;
    for (size_t i = 0; i + 1 < table.rows.size(); ++i) {
      const boost::json::array& after = table.rows[i].get_array();
      const boost::json::array& before = table.rows[i + 1].get_array();
      const bool newest = i == 0 || TextAt(table.rows[i - 1].get_array(), 0) != TextAt(after, 0);
      if (!newest || TextAt(after, 0) != TextAt(before, 0)) continue;
      PromptChange change{.tool = label("tool"),
                          .prompt_name = std::string(TextAt(after, 0)),
                          .from_version = std::string(TextAt(before, 1)),
                          .to_version = std::string(TextAt(after, 1)),
                          .since = IntAt(after, 2),
                          .before = CountsAt(before),
                          .after = CountsAt(after)};
      if (!Drifted(change)) continue;
      if (!best || change.since > best->since) best = std::move(change);
    }
    reading.annotations["description"] =
        best ? DescribeChange(*best, ChangeVerdict::kSchemaDrift, now)
             : "No prompt's new version explains it: the tool, its definition or its validation "
               "changed, or the model that calls it.";
    return absl::OkStatus();
  }

  // A version that came a minute ago has fewer calls than JudgeChange asks for.
  static bool Drifted(const PromptChange& change) {
    const ChangeVerdict verdict = JudgeChange(change.before, change.after);
    if (verdict != ChangeVerdict::kLowN) return verdict == ChangeVerdict::kSchemaDrift;
    const Share before{change.before.of(ToolStatus::kInvalidArgs), change.before.calls()};
    return before.n >= kUsualCountMin &&
           Beyond(change.after.of(ToolStatus::kInvalidArgs), change.after.calls(),
                  std::clamp(before.share(), kUsualMin, 1.0), kChance);
  }

  static ToolCounts CountsAt(const boost::json::array& row) {
    ToolCounts counts;
    for (size_t i = 0; i < counts.by_status.size(); ++i) counts.by_status[i] = IntAt(row, 3 + i);
    return counts;
  }

  const RuleSpec spec_;
  const std::shared_ptr<TrafficSource> traffic_;
};

}  // namespace

std::vector<Reading> JudgeToolArguments(const RuleSpec& spec, const TrafficTable& now,
                                        const UsualTraffic& usual) {
  std::map<std::pair<std::string, std::string>, ToolCalls> tools;
  for (const TrafficRow& row : now.rows) {
    if (row.of != TrafficClass::kTool || row.judged == 0) continue;
    ToolCalls& calls = tools[{row.tool, row.environment}];
    for (const int seconds : kSeconds) {
      if (row.age <= seconds) calls.by_seconds[seconds].Add(row.invalid_args, row.judged);
    }
    calls.traces.insert(row.bad.begin(), row.bad.end());
  }
  std::vector<Reading> readings;
  for (const auto& [key, calls] : tools) {
    readings.push_back(ToolReading(key.first, key.second, calls, usual, spec.threshold));
  }
  return readings;
}

std::unique_ptr<RuleEvaluator> MakeToolArgumentsRule(RuleSpec spec,
                                                     std::shared_ptr<TrafficSource> traffic) {
  return std::make_unique<ToolArgumentsRule>(std::move(spec), std::move(traffic));
}

}  // namespace pitot
