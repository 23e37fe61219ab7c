// OPS: does somebody know what to do when it breaks, and does it break softly?
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "alert/preflight/point.h"
#include "alert/preflight/probe.h"
#include "base/status.h"
#include "base/text.h"
#include "measure/glob.h"
#include "store/day.h"

namespace pitot {
namespace {

constexpr std::string_view kRunbooks[] = {"latency", "errors", "cost"};

absl::Status JudgeRunbooks(const PointContext& context, Judgement& judgement) {
  std::vector<std::string> without;
  int64_t rules = 0;
  for (const PreflightRule& rule : context.config.rules) {
    // What is about Pitot itself says in its own words what to do.
    if (!rule.spec.enabled || rule.spec.system) continue;
    ++rules;
    if (rule.spec.runbook.empty()) without.push_back(rule.spec.id);
  }
  judgement.Count("rules", rules);
  if (rules == 0) {
    judgement.Fail("no alert rule is enabled");
  } else if (!without.empty()) {
    judgement.Fail(fmt::format("{} of {} rules have no runbook: {}", without.size(), rules,
                               fmt::join(without, ", ")));
  } else {
    judgement.Pass(fmt::format("each of {} rules has a runbook", rules));
  }
  // Its steps only read, so that it needs no sandbox.
  if (!context.hooks.dry_run) {
    judgement.Lack("no runbook can be run here");
    return absl::OkStatus();
  }
  for (const std::string_view name : kRunbooks) {
    const auto run = context.hooks.dry_run(std::string(name), context.project);
    if (!run.ok()) {
      judgement.Fail(fmt::format("runbook {}: {}", name, Message(run.status())));
      continue;
    }
    judgement.Count(fmt::format("{}_steps", name), run->steps);
    if (!run->failed.empty()) {
      judgement.Fail(fmt::format("runbook {}: {}", name, fmt::join(run->failed, "; ")));
    } else {
      judgement.Pass(fmt::format("runbook {}: {} ran dry", name, CountOf(run->steps, "step")));
    }
  }
  return absl::OkStatus();
}

const PreflightRoute* RouteOf(const PreflightConfig& config, std::string_view feature) {
  for (const PreflightRoute& route : config.gateway.routes) {
    if (route.feature.empty() || MatchesGlob(route.feature, feature)) return &route;
  }
  return nullptr;
}

// Features of the last day that call models, those that call most first; at most 100.
absl::StatusOr<std::vector<std::string>> Features(const PointContext& context) {
  ASSIGN_OR_RETURN(const Table table,
                   ReadDay(context,
                           fmt::format("SELECT toString(f.feature) AS feature, count() AS n "
                                       "FROM facts AS f FINAL WHERE {{where}} AND {} "
                                       "GROUP BY feature ORDER BY n DESC, feature LIMIT 100",
                                       kIsLlmCallSql),
                           true, 2));
  std::vector<std::string> features;
  for (const boost::json::value& row : table.rows) {
    features.emplace_back(TextAt(row.get_array(), 0));
  }
  return features;
}

absl::Status JudgeDegradation(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(std::vector<std::string> features, Features(context));
  if (features.empty()) features.push_back("");
  std::vector<std::string> bare;
  std::string list = "[";
  for (const std::string& feature : features) {
    const PreflightRoute* route = RouteOf(context.config, feature);
    const bool defined = route != nullptr && (route->fallbacks > 0 || route->degraded);
    if (!defined) bare.push_back(feature.empty() ? "(no feature)" : feature);
    if (list.size() > 1) list += ",";
    list +=
        fmt::format(R"({{"feature":{},"fallbacks":{},"degraded_text":{}}})", JsonText(feature),
                    route == nullptr ? 0 : route->fallbacks, route != nullptr && route->degraded);
  }
  judgement.Json("features", list + "]");
  if (!bare.empty()) {
    judgement.Fail(fmt::format("nothing is defined for an outage of {}", fmt::join(bare, ", ")));
  } else {
    judgement.Pass(fmt::format("{} with a fallback or an answer of last resort",
                               CountOf(static_cast<int64_t>(features.size()), "feature")));
  }
  if (!CanProbe(context, context.sandbox, judgement)) return absl::OkStatus();
  return ProbeOutage(context, features, judgement);
}

absl::Status JudgeHardBudget(const PointContext& context, Judgement& judgement) {
  if (!CanProbe(context, context.sandbox, judgement)) return absl::OkStatus();
  return ProbeHardBudget(context, judgement);
}

absl::Status JudgeOwner(const PointContext& context, Judgement& judgement) {
  const PreflightOptions& options = context.config.alerts.preflight;
  judgement.Text("owner", options.owner);
  judgement.Text("escalation", options.escalation);
  if (!options.owner.empty()) {
    judgement.Pass(fmt::format("{} is on call{}{}", options.owner,
                               options.escalation.empty() ? "" : ", then ", options.escalation));
  } else {
    judgement.Lack("nobody is named: set alerts.preflight.owner, or attest who is on call");
  }
  return absl::OkStatus();
}

absl::Status JudgeKillSwitch(const PointContext& context, Judgement& judgement) {
  if (!CanProbe(context, context.sandbox, judgement)) return absl::OkStatus();
  return ProbeKillSwitch(context, judgement);
}

int64_t DeadlineOf(const PreflightConfig& config, std::string_view feature,
                   std::string_view model) {
  for (const PreflightRoute& route : config.gateway.routes) {
    if ((route.feature.empty() || MatchesGlob(route.feature, feature)) &&
        (route.model.empty() || MatchesGlob(route.model, model))) {
      return route.total_ns.value_or(config.gateway.total_ns);
    }
  }
  return config.gateway.total_ns;
}

absl::Status JudgeDeadlines(const PointContext& context, Judgement& judgement) {
  const PreflightGateway& gateway = context.config.gateway;
  judgement.Number("configured_total_s", static_cast<double>(gateway.total_ns) / 1e9);
  judgement.Check(gateway.total_ns > 0,
                  gateway.total_ns > 0
                      ? fmt::format("a call is ended after {}", FormatDuration(gateway.total_ns))
                      : "calls have no deadline");
  ASSIGN_OR_RETURN(
      const Table table,
      ReadDay(context,
              fmt::format("SELECT toString(f.feature) AS feature, toString(f.model) AS model, "
                          "count(), max(f.duration_ns) AS slowest, "
                          "lower(hex(argMax(f.trace_id, f.duration_ns))) "
                          "FROM facts AS f FINAL WHERE {{where}} AND {} "
                          "GROUP BY feature, model ORDER BY slowest DESC, feature, model",
                          kIsLlmCallSql),
              true, 5));
  const auto slack =
      static_cast<int64_t>(context.Threshold(1.0) * static_cast<double>(kNanosPerSecond));
  int64_t calls = 0;
  int64_t slowest = 0;
  int offenders = 0;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    calls += IntAt(row, 2);
    const int64_t took = IntAt(row, 3);
    slowest = std::max(slowest, took);
    const int64_t limit = DeadlineOf(context.config, TextAt(row, 0), TextAt(row, 1));
    if (took <= limit + slack || ++offenders > 3) continue;
    judgement.Samples(row[4]);
    judgement.Fail(fmt::format("a call of {} ({}) took {}, allowed are {}",
                               TextAt(row, 0).empty() ? "no feature" : TextAt(row, 0),
                               TextAt(row, 1), FormatDuration(took), FormatDuration(limit)));
  }
  judgement.Threshold("slack_s", static_cast<double>(slack) / 1e9);
  judgement.Count("calls", calls);
  judgement.Number("slowest_s", static_cast<double>(slowest) / 1e9);
  judgement.Count("groups_over", offenders);
  if (Enough(judgement, calls, "model call") && offenders == 0) {
    judgement.Pass(
        fmt::format("the slowest of {} took {}", CountOf(calls, "call"), FormatDuration(slowest)));
  }
  return absl::OkStatus();
}

// Attempts that the gateway made for one call, where it made several.
constexpr std::string_view kGatewayAttemptsSql =
    "SELECT toInt64OrZero(replaceAll(s.attributes['pitot.attempts'], '\"', '')) AS attempts, "
    "count(), any(lower(hex(s.trace_id))) FROM spans AS s FINAL WHERE s.project = {project:String} "
    "AND toUInt16(s.day) BETWEEN {first_day:UInt16} AND {max_day:UInt16} "
    "AND s.start_ns + s.duration_ns >= {since_ns:Int64} "
    "AND s.start_ns + s.duration_ns < {until_ns:Int64} "
    "AND s.source = 'gateway' AND s.kind IN ('llm', 'embedding') "
    "AND mapContains(s.attributes, 'pitot.attempts') GROUP BY attempts ORDER BY attempts";

absl::Status JudgeRetries(const PointContext& context, Judgement& judgement) {
  const PreflightGateway& gateway = context.config.gateway;
  const double ratio_max = context.Threshold(0.10);
  judgement.Threshold("attempts_max", 3);
  judgement.Threshold("retry_share_max", ratio_max);
  judgement.Count("configured_attempts", gateway.attempts);
  judgement.Check(
      gateway.attempts >= 1 && gateway.attempts <= 3,
      fmt::format("the gateway makes {} at a target", CountOf(gateway.attempts, "attempt")));
  if (gateway.attempts > 1) {
    judgement.Check(gateway.backoff_ns > 0,
                    gateway.backoff_ns > 0
                        ? fmt::format("waits {} first, longer each time, with jitter",
                                      FormatDuration(gateway.backoff_ns))
                        : "retries without a pause");
  }
  // What clients say of their own retries, then what the gateway made.
  std::map<int64_t, int64_t> attempts;
  ASSIGN_OR_RETURN(
      const Table told,
      ReadDay(
          context,
          fmt::format("SELECT toInt64(f.retry_count) + 1 AS attempts, count(), "
                      "any(lower(hex(f.trace_id))) FROM facts AS f FINAL WHERE {{where}} AND {} "
                      "GROUP BY attempts ORDER BY attempts",
                      kIsCallSql),
          true, 3));
  ASSIGN_OR_RETURN(
      const Table made,
      ReadTable(context.query, kGatewayAttemptsSql,
                {{"project", context.project},
                 {"first_day", fmt::to_string(DayOf(context.day.since_ns - kNanosPerDay))},
                 {"max_day", fmt::to_string(DayOf(context.day.until_ns))},
                 {"since_ns", fmt::to_string(context.day.since_ns)},
                 {"until_ns", fmt::to_string(context.day.until_ns)}},
                3));
  int64_t calls = 0;
  for (const boost::json::value& value : told.rows) {
    const boost::json::array& row = value.get_array();
    attempts[IntAt(row, 0)] += IntAt(row, 1);
    calls += IntAt(row, 1);
    if (IntAt(row, 0) > 3) judgement.Samples(row[2]);
  }
  for (const boost::json::value& value : made.rows) {
    const boost::json::array& row = value.get_array();
    if (IntAt(row, 0) < 2) continue;
    attempts[IntAt(row, 0)] += IntAt(row, 1);
    attempts[1] -= std::min(attempts[1], IntAt(row, 1));
    if (IntAt(row, 0) > 3) judgement.Samples(row[2]);
  }
  int64_t retries = 0;
  int64_t over = 0;
  std::vector<std::string> histogram;
  for (const auto& [n, count] : attempts) {
    retries += (n - 1) * count;
    if (n > 3) over += count;
    histogram.push_back(fmt::format("\"{}\":{}", n, count));
  }
  judgement.Count("calls", calls);
  judgement.Count("retries", retries);
  judgement.Json("calls_by_attempts", fmt::format("{{{}}}", fmt::join(histogram, ",")));
  if (!Enough(judgement, calls, "model call")) return absl::OkStatus();
  if (over > 0) {
    judgement.Fail(fmt::format("{} took more than 3 attempts", ShareText(over, calls, "call")));
  }
  judgement.Check(
      static_cast<double>(retries) < ratio_max * static_cast<double>(calls),
      fmt::format("{} for {} ({})", CountOf(retries, "retry", "retries"), CountOf(calls, "call"),
                  ShareText(static_cast<double>(retries) / static_cast<double>(calls))));
  return absl::OkStatus();
}

absl::Status JudgeStoreAway(const PointContext& context, Judgement& judgement) {
  const PreflightGateway& gateway = context.config.gateway;
  judgement.Text("budgets_without_ledger", "refuse");
  if (gateway.shared_budgets) {
    judgement.Text("budgets_without_redis", gateway.local_when_redis_down ? "local" : "refuse");
  }
  if (!CanProbe(context, context.sandbox, judgement)) return absl::OkStatus();
  return ProbeStoreAway(context, judgement);
}

constexpr PointRow kRows[] = {
    {{.id = "OPS-01",
      .title = "Runbook for latency, errors, cost",
      .how = "C",
      .star = true,
      .wants = "Each alert rule about agents names a runbook, and all steps of the three run dry.",
      .remedy = "Set alerts.rules.ID.runbook (or `runbook` of an own rule or SLO)."},
     JudgeRunbooks},
    {{.id = "OPS-02",
      .title = "Degradation defined for LLM outage",
      .how = "C+P",
      .star = true,
      .wants = "Each feature's route has a fallback or a degraded answer; with all providers down "
               "the probe is answered within 30 s.",
      .remedy = "Give gateway.routes a `fallback` list or a `degraded` text for the feature."},
     JudgeDegradation},
    {{.id = "OPS-03",
      .title = "Hard budget limit with auto-disable",
      .how = "P",
      .star = true,
      .wants =
          "Over a budget of $0.01 the next call is refused with 402, and the ledger shows why.",
      .remedy = "Look at the gateway's log: the ledger cannot be written."},
     JudgeHardBudget},
    {{.id = "OPS-04",
      .title = "On-call owner and escalation",
      .how = "C/A",
      .wants = "alerts.preflight.owner names somebody, or a person attests who it is.",
      .remedy = "Set alerts.preflight.owner and alerts.preflight.escalation."},
     JudgeOwner},
    {{.id = "OPS-05",
      .title = "Kill switch per feature/key <= 60 s",
      .how = "P",
      .wants = "A feature that is disabled in the sandbox is refused within 60 s, another one is "
               "not, and enabling brings it back.",
      .remedy = "Look at the gateway's log: the budget could not be disabled."},
     JudgeKillSwitch},
    {{.id = "OPS-06",
      .title = "Hard timeout on every call",
      .how = "C+Q",
      .wants = "No call took longer than its route's deadline and a second.",
      .remedy = "Send the calls through the gateway, or set the client's timeout; "
                "gateway.routes[].deadlines for a feature."},
     JudgeDeadlines},
    {{.id = "OPS-07",
      .title = "Retries bounded, with backoff + jitter",
      .how = "Q+C",
      .wants = "At most 3 attempts, fewer than one retry for ten calls.",
      .remedy = "Lower the client's max_retries; gateway.retries."},
     JudgeRetries},
    {{.id = "OPS-08",
      .title = "Gateway failure mode decided (open/closed) and tested",
      .how = "P",
      .wants = "With the store away calls still pass, and their spans wait on the disk.",
      .remedy = "Give the spool room: spool.max_bytes, and free space on its disk."},
     JudgeStoreAway},
};

}  // namespace

std::span<const PointRow> OpsPoints() { return kRows; }

}  // namespace pitot
