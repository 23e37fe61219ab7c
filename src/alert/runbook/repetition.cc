#include "alert/runbook/repetition.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/hex.h"
#include "base/status.h"
#include "store/day.h"
#include "store/tables/row_binary.h"

namespace pitot {
namespace {

constexpr size_t kCycleMax = 5;
constexpr size_t kTraces = 12;  // Of each order.
constexpr size_t kStepsMax = 2'000;

// How often steps[begin, begin + length) repeats from begin on.
int64_t Times(std::span<const ToolStep> steps, size_t begin, size_t length) {
  size_t at = begin + length;
  while (at < steps.size() && steps[at].key == steps[at - length].key) ++at;
  return static_cast<int64_t>((at - begin) / length);
}

bool AllEqual(std::span<const ToolStep> steps, size_t begin, size_t length, int64_t times) {
  for (size_t i = begin + length; i < begin + length * static_cast<size_t>(times); ++i) {
    if (steps[i].result != steps[i - length].result) return false;
  }
  return true;
}

absl::Status AddSteps(const Investigation& run, std::vector<BusyTrace>& traces) {
  std::vector<std::string> ids;
  UnixNanos first = run.look().since_ns;
  for (const BusyTrace& trace : traces) {
    ids.push_back(trace.trace_id);
    first = std::min(first, trace.first);
  }
  std::vector<SqlParam> params = {{"project", run.input().project},
                                  {"ids", QuoteArray(ids)},
                                  {"from_day", fmt::to_string(DayOf(first - kNanosPerDay))},
                                  {"to_day", fmt::to_string(DayOf(run.now()))}};
  ASSIGN_OR_RETURN(
      const QueryResult result,
      run.query().engine.Query(
          fmt::format(
              "SELECT trace_id, tool_name, key, result, failed, start_ns FROM (SELECT s.trace_id "
              "AS "
              "trace_id, s.span_id AS span_id, toString(s.tool_name) AS tool_name, "
              "cityHash64(s.tool_name, s.input) AS key, cityHash64(s.output) AS result, "
              "s.status = 'error' AS failed, s.start_ns AS start_ns FROM spans AS s "
              "WHERE s.project = {{project:String}} AND toUInt16(s.day) BETWEEN "
              "{{from_day:UInt16}} "
              "AND {{to_day:UInt16}} AND s.trace_id IN (SELECT "
              "toFixedString(unhex(arrayJoin({{ids:Array(String)}})), 16)) AND s.kind = 'tool' AND "
              "s.status != 'running' ORDER BY s.version DESC LIMIT 1 BY s.trace_id, s.span_id) "
              "ORDER BY trace_id, start_ns DESC LIMIT {} BY trace_id",
              kStepsMax),
          run.query().Options(std::move(params), "RowBinary")));
  RowBinaryReader in(result.body);
  std::map<std::string, std::vector<ToolStep>> steps;
  while (!in.AtEnd()) {
    std::string trace = ToHex(in.Bytes(16));
    ToolStep step;
    step.tool = std::string(in.String());
    step.key = in.Number<uint64_t>();
    step.result = in.Number<uint64_t>();
    step.failed = in.Bool();
    step.start_ns = in.Number<int64_t>();
    steps[std::move(trace)].push_back(std::move(step));
  }
  if (!in.ok()) return Internal("the engine answered with broken RowBinary");
  for (BusyTrace& trace : traces) {
    std::vector<ToolStep>& of = steps[trace.trace_id];
    std::ranges::reverse(of);  // Oldest first.
    trace.repetition = FindRepetition(of);
    if (trace.repetition) trace.repeats_since = of[trace.repetition->begin].start_ns;
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<Repetition> FindRepetition(std::span<const ToolStep> steps) {
  std::optional<Repetition> best;
  int64_t best_steps = 0;
  for (size_t length = 1; length <= kCycleMax; ++length) {
    for (size_t begin = 0; begin + length * Repetition::kWarn <= steps.size();) {
      const int64_t times = Times(steps, begin, length);
      const int64_t covered = times * static_cast<int64_t>(length);
      // A cycle of equal calls is that call repeated: found with length 1, and not longer.
      if (times >= Repetition::kWarn && covered > best_steps) {
        Repetition found;
        found.times = times;
        found.begin = begin;
        found.same_result = AllEqual(steps, begin, length, times);
        found.failing = true;
        for (size_t i = begin; i < begin + static_cast<size_t>(covered); ++i) {
          found.failing = found.failing && steps[i].failed;
          if (i < begin + length) found.tools.push_back(steps[i].tool);
        }
        best = std::move(found);
        best_steps = covered;
      }
      begin += times >= 2 ? static_cast<size_t>(covered) - length + 1 : 1;
    }
  }
  return best;
}

std::string RepetitionWords(const Repetition& repetition) {
  const std::string_view how = repetition.failing       ? " and fails each time"
                               : repetition.same_result ? " and the same result"
                                                        : "";
  if (repetition.tools.size() == 1) {
    return fmt::format("{} called {} times in a row with the same arguments{}", repetition.tools[0],
                       repetition.times, how);
  }
  return fmt::format("the calls {} repeated {} times in a row with the same arguments{}",
                     ListText(repetition.tools, kCycleMax), repetition.times, how);
}

absl::StatusOr<std::vector<BusyTrace>> ReadBusyTraces(const Investigation& run) {
  std::vector<BusyTrace> traces;
  // Those the alert names, by their ids; else of all.
  for (const std::string_view order : {"named DESC, tools DESC", "cost DESC"}) {
    SqlPiece where = FactsWhere(run.In(run.look()));
    where.params.push_back({"named_ids", QuoteArray(run.input().trace_ids)});
    const std::string sql = fmt::format(
        "SELECT lower(hex(f.trace_id)) AS id, anyIf(toString(f.feature), f.feature != ''), "
        "anyIf(f.user_id, f.user_id != ''), countIf({}), countIf({}) AS tools, "
        "sumIf(ifNull(f.cost, 0), f.counted) / 1e9 AS cost, toString(min(f.end_ns - "
        "f.duration_ns)), toString(max(f.end_ns)), has({{named_ids:Array(String)}}, id) AS named "
        "FROM facts AS f FINAL WHERE {} GROUP BY f.trace_id HAVING tools >= {} OR cost > 0 "
        "ORDER BY {}, id LIMIT {}",
        kIsLlmCallSql, kIsToolCallSql, where.sql, Repetition::kWarn, order, kTraces);
    ASSIGN_OR_RETURN(const Table table, ReadTable(run.query(), sql, std::move(where.params), 9));
    for (const boost::json::value& value : table.rows) {
      const boost::json::array& row = value.get_array();
      BusyTrace trace;
      trace.trace_id = TextAt(row, 0);
      if (std::ranges::any_of(traces,
                              [&](const auto& t) { return t.trace_id == trace.trace_id; })) {
        continue;
      }
      trace.feature = TextAt(row, 1);
      trace.user = TextAt(row, 2);
      trace.model_calls = IntAt(row, 3);
      trace.tool_calls = IntAt(row, 4);
      trace.cost_usd = DoubleAt(row, 5);
      trace.first = std::strtoll(std::string(TextAt(row, 6)).c_str(), nullptr, 10);
      trace.last = std::strtoll(std::string(TextAt(row, 7)).c_str(), nullptr, 10);
      trace.named = IntAt(row, 8) != 0;
      traces.push_back(std::move(trace));
    }
  }
  if (!traces.empty()) RETURN_IF_ERROR(AddSteps(run, traces));
  return traces;
}

}  // namespace pitot
