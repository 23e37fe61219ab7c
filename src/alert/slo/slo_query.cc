#include "alert/slo/slo_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "store/day.h"

namespace pitot {
namespace {

constexpr int64_t kHour = 60 * kNanosPerMinute;
// How long after the end of what was counted something may end that decides about it: its retry, the
// evaluator run around it. And how long before it the call that Pitot refused.
constexpr int64_t kAfterNs = kHour;
constexpr int64_t kBeforeNs = kHour;
// A trace that lasted longer has no cost for cost_per_success.
constexpr int64_t kTraceNsMax = kNanosPerDay;
// Scores come after what they judge.
constexpr int64_t kScoredBeforeNs = 7 * kNanosPerDay;

constexpr std::string_view kCallKinds = "('llm', 'embedding', 'reranker')";
constexpr std::string_view kFailed = "f.status IN ('error', 'unfinished')";

// Everything that ended, each call once.
constexpr std::string_view kOnce =
    "((f.kind NOT IN ('llm', 'embedding', 'reranker') OR f.role IN ('', 'leaf')) AND NOT (f.kind = "
    "'tool' AND f.role = 'inner') AND f.status != 'running')";
constexpr std::string_view kIsRun = "(f.is_root AND NOT f.is_orphan AND f.status != 'running')";

constexpr std::string_view kSucceeded =
    "(f.status NOT IN ('error', 'unfinished') AND (f.kind != 'tool' OR f.tool_status IN ('', "
    "'success')))";

// The part of facts AS `alias` that ended between two bound moments; `from` and `to` name them.
std::string Ended(std::string_view alias, std::string_view from, std::string_view to) {
  return fmt::format(
      "{0}.project = {{project:String}} AND indexHint(toUInt16({0}.day) BETWEEN "
      "intDiv({{{1}:Int64}}, 86400000000000) AND intDiv({{{2}:Int64}}, 86400000000000) AND "
      "intDiv({0}.end_ns, 60000000000) BETWEEN intDiv({{{1}:Int64}}, 60000000000) AND "
      "intDiv({{{2}:Int64}}, 60000000000)) AND {0}.end_ns >= {{{1}:Int64}} AND {0}.end_ns < "
      "{{{2}:Int64}}",
      alias, from, to);
}

// Spans of calls that Pitot refused, and their traces (with a zero span id, for what failed of it).
std::string Refused() {
  return fmt::format(
      "SELECT s.trace_id, arrayJoin([s.span_id, toFixedString('', 8)]) FROM spans AS s WHERE "
      "s.project = {{project:String}} AND toUInt16(s.day) BETWEEN intDiv({{before_ns:Int64}}, "
      "86400000000000) - 1 AND intDiv({{until_ns:Int64}}, 86400000000000) AND s.trace_id IN "
      "(SELECT "
      "b.trace_id FROM facts AS b FINAL WHERE {} AND b.is_call AND b.status = 'error' AND "
      "b.error_category IN ('quota', 'unknown')) AND s.source = 'gateway' AND s.error_type IN "
      "('budget_exceeded', 'budget_too_small', 'budget_unavailable', 'input_unbounded', "
      "'unknown_price', 'loop_detected', 'run_limit')",
      Ended("b", "before_ns", "until_ns"));
}

// What of facts AS f does not count, by the name of SloSpec::exclude.
std::string Excluded(std::string_view name) {
  if (name == "caller_errors") {
    return "(f.status = 'error' AND f.error_category IN ('invalid_args', 'context_length', 'auth') "
           "AND f.kind NOT IN ('agent', 'chain'))";
  }
  if (name == "cancelled") {
    return "(f.error_category = 'cancelled' OR f.finish_reason = 'cancelled')";
  }
  if (name == "probes") {
    return "(f.environment IN ('probe', 'probes', 'synthetic') OR f.feature IN ('probe', 'probes', "
           "'synthetic'))";
  }
  if (name == "judges") {
    return fmt::format(
        "(f.kind = 'evaluator' OR f.trace_id IN (SELECT j.trace_id FROM facts AS j FINAL WHERE {} "
        "AND NOT j.is_call AND j.kind = 'evaluator' AND j.is_root))",
        Ended("j", "since_ns", "after_ns"));
  }
  return fmt::format(
      "(f.tool_status = 'blocked' OR (f.status = 'error' AND (f.trace_id, if(f.kind IN {}, "
      "f.span_id, toFixedString('', 8))) IN ({})))",
      kCallKinds, Refused());
}

// Failed attempts that were made again. ASOF: the first of the trace that began after the end.
std::string Superseded() {
  const std::string failed =
      fmt::format("{} AND e.status = 'error'", Ended("e", "since_ns", "until_ns"));
  return fmt::format(
      "(f.status = 'error' AND (f.trace_id, f.span_id) IN (SELECT e.trace_id, e.span_id FROM "
      "(SELECT e.trace_id AS trace_id, e.span_id AS span_id, e.kind AS kind, e.name AS name, "
      "e.agent "
      "AS agent, e.end_ns AS end_ns FROM facts AS e FINAL WHERE {0}) AS e ASOF INNER JOIN (SELECT "
      "n.trace_id AS trace_id, n.kind AS kind, n.name AS name, n.agent AS agent, n.end_ns - "
      "n.duration_ns AS start_ns FROM facts AS n FINAL WHERE {1} AND n.trace_id IN (SELECT "
      "e.trace_id "
      "FROM facts AS e FINAL WHERE {0})) AS n ON e.trace_id = n.trace_id AND e.kind = n.kind AND "
      "e.name = n.name AND e.agent = n.agent AND e.end_ns <= n.start_ns WHERE n.start_ns - "
      "e.end_ns "
      "<= 60000000000))",
      failed, Ended("n", "since_ns", "after_ns"));
}

// What each trace cost.
constexpr std::string_view kTraceCosts =
    "(SELECT t.trace_id AS trace_id, t.cost AS cost, t.unpriced_calls > 0 AS unpriced FROM traces "
    "AS "
    "t FINAL WHERE t.project = {project:String} AND toUInt16(t.day) BETWEEN "
    "intDiv({trace_since_ns:Int64}, 86400000000000) AND intDiv({until_ns:Int64}, 86400000000000) "
    "AND "
    "intDiv(t.start_ns, 3600000000000) BETWEEN intDiv({trace_since_ns:Int64}, 3600000000000) AND "
    "intDiv({until_ns:Int64}, 3600000000000))";

std::string Ns(UnixNanos time) { return fmt::to_string(std::max<UnixNanos>(0, time)); }

struct Meaning {
  std::string valid;
  std::string good;
};

// Of a threshold. What failed early is neither fast nor slow; what ran into a timeout is slow.
Meaning MeaningOf(SloKind kind) {
  switch (kind) {
    case SloKind::kLatency:
      return {"(f.status != 'error' OR f.error_category = 'timeout')",
              fmt::format("(NOT {} AND f.duration_ns <= {{threshold:Int64}})", kFailed)};
    case SloKind::kTtft:
      return {"(f.ttft_ns IS NOT NULL OR (f.streaming AND f.error_category = 'timeout'))",
              "ifNull(f.ttft_ns <= {threshold:Int64}, false)"};
    case SloKind::kCostPerSuccess:
      // Unknown: a success of which only a part has a price, and that part is not too much yet.
      return {fmt::format("({} OR NOT c.unpriced OR c.cost > {{threshold:Int64}})", kFailed),
              fmt::format("(NOT {} AND c.cost <= {{threshold:Int64}})", kFailed)};
    default:
      return {"1", std::string(kSucceeded)};
  }
}

}  // namespace

absl::StatusOr<SloQuery> SloQuery::Create(const SloSpec& spec) {
  ASSIGN_OR_RETURN(Filter filter, ParseFilter(spec.filter));
  ASSIGN_OR_RETURN(Filter good, ParseFilter(spec.good));
  return SloQuery(spec, std::move(filter), std::move(good));
}

SloQuery::SloQuery(SloSpec spec, Filter filter, Filter good)
    : spec_(std::move(spec)), filter_(std::move(filter)), good_(std::move(good)) {}

SloQuery::Source SloQuery::OfSpans(const std::string& project, const Window& window) const {
  const bool runs = spec_.kind == SloKind::kCostPerSuccess;
  const bool calls = !runs && filter_.empty();
  SqlPiece where = FactsWhere({project, window, filter_}, /*calls_only=*/calls);
  Meaning meaning = MeaningOf(spec_.kind);
  Source out;
  out.params = std::move(where.params);
  if (!good_.empty()) {
    FilterSql good = CompileFilter(good_, "g");
    meaning.good = std::move(good.sql);
    std::ranges::move(good.params, std::back_inserter(out.params));
  }
  out.from_where = fmt::format(
      "FROM facts AS f FINAL {}WHERE {} AND {} AND {}",
      runs ? fmt::format("INNER JOIN {} AS c ON f.trace_id = c.trace_id ", kTraceCosts) : "",
      where.sql,
      runs    ? kIsRun
      : calls ? kIsCallSql
              : kOnce,
      meaning.valid);
  for (const std::string& name : spec_.exclude) {
    out.from_where += fmt::format(" AND NOT {}", Excluded(name));
  }
  if (!runs && spec_.count == "outcomes") {
    out.from_where += fmt::format(" AND NOT {}", Superseded());
  }
  out.good = std::move(meaning.good);
  out.time = "f.end_ns";
  out.trace = "f.trace_id";
  const double unit = runs ? 1e9 : static_cast<double>(kNanosPerMilli);  // nano-USD, ns
  out.params.push_back(
      {"threshold", fmt::to_string(static_cast<int64_t>(spec_.threshold * unit + 0.5))});
  out.params.push_back({"before_ns", Ns(window.since_ns - kBeforeNs)});
  out.params.push_back({"after_ns", Ns(window.until_ns + kAfterNs)});
  out.params.push_back({"trace_since_ns", Ns(window.since_ns - kTraceNsMax)});
  return out;
}

SloQuery::Source SloQuery::OfScores(const std::string& project, const Window& window) const {
  Source out;
  Window scored = window;
  scored.since_ns = std::max<UnixNanos>(0, window.since_ns - kScoredBeforeNs);
  SqlPiece where = FactsWhere({project, scored, filter_});
  out.params = std::move(where.params);
  out.from_where =
      "FROM scores AS s FINAL WHERE s.project = {project:String} AND toUInt16(s.day) BETWEEN "
      "intDiv({from_ns:Int64}, 86400000000000) AND intDiv({until_ns:Int64}, 86400000000000) AND "
      "s.at_ns >= {from_ns:Int64} AND s.at_ns < {until_ns:Int64} AND s.name = {score:String} AND "
      "NOT "
      "isNaN(s.value)";
  if (!filter_.empty()) {
    out.from_where += fmt::format(
        " AND (s.trace_id, s.span_id) IN (SELECT f.trace_id, arrayJoin([f.span_id, "
        "toFixedString('', 8)]) FROM facts AS f FINAL WHERE {})",
        where.sql);
  }
  out.good = "(s.value >= {threshold:Float64})";
  out.time = "s.at_ns";
  out.trace = "s.trace_id";
  out.params.push_back({"from_ns", Ns(window.since_ns)});
  out.params.push_back({"score", spec_.score});
  out.params.push_back({"threshold", fmt::to_string(spec_.threshold)});
  return out;
}

SloQuery::Source SloQuery::SourceOf(const std::string& project, const Window& window) const {
  return spec_.kind == SloKind::kScore ? OfScores(project, window) : OfSpans(project, window);
}

SqlPiece SloQuery::Minutes(const std::string& project, const Window& window) const {
  Source source = SourceOf(project, window);
  return {fmt::format("SELECT intDiv({}, 60000000000) AS minute, count() AS valid, countIf({}) AS "
                      "good {} GROUP BY minute",
                      source.time, source.good, source.from_where),
          std::move(source.params)};
}

SqlPiece SloQuery::BadTraces(const std::string& project, const Window& window,
                             size_t traces_max) const {
  Source source = SourceOf(project, window);
  return {fmt::format("SELECT lower(hex({0})) AS trace {1} AND NOT {2} GROUP BY {0} ORDER BY "
                      "max({3}) DESC LIMIT {4}",
                      source.trace, source.from_where, source.good, source.time, traces_max),
          std::move(source.params)};
}

}  // namespace pitot
