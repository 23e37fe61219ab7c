// CST: can an agent spend more than somebody decided?
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "alert/preflight/point.h"
#include "alert/preflight/probe.h"
#include "base/status.h"
#include "base/text.h"
#include "measure/glob.h"
#include "store/day.h"

namespace pitot {
namespace {

absl::Status JudgeRequestCap(const PointContext& context, Judgement& judgement) {
  std::string ids;
  for (const PreflightBudget& budget : context.config.budgets) {
    if (!budget.hard || budget.scope != "request") continue;
    if (!ids.empty()) ids += ", ";
    ids += fmt::format("{} ({})", budget.id,
                       FormatUsd(static_cast<int64_t>(std::llround(budget.limit_usd * 1e9))));
  }
  judgement.Text("request_budgets", ids);
  if (ids.empty()) {
    judgement.Fail("no hard budget of scope request: one call may cost whatever is left");
    return absl::OkStatus();
  }
  judgement.Pass(fmt::format("a call is held to {}", ids));
  if (!CanProbe(context, context.sandbox, judgement)) return absl::OkStatus();
  return ProbeRequestCap(context, judgement);
}

absl::Status JudgeRunCaps(const PointContext& context, Judgement& judgement) {
  const PreflightGateway& gateway = context.config.gateway;
  judgement.Text("loops_mode", gateway.loop_mode);
  judgement.Flag("steps_blocked", gateway.steps_blocked);
  judgement.Flag("spend_blocked", gateway.spend_blocked);
  if (gateway.loop_mode != "enforce") {
    judgement.Fail(
        fmt::format("gateway.loops.mode is {}: agents that loop are {}",
                    gateway.loop_mode.empty() ? "off" : gateway.loop_mode,
                    gateway.loop_mode == "observe" ? "shown, not stopped" : "not even looked for"));
    return absl::OkStatus();
  }
  judgement.Check(gateway.steps_blocked, gateway.steps_blocked ? "steps of a run are capped"
                                                               : "no cap on the steps of a run");
  judgement.Check(gateway.spend_blocked,
                  gateway.spend_blocked ? "so is its spend" : "no cap on the spend of a run");
  if (!CanProbe(context, context.sandbox, judgement)) return absl::OkStatus();
  return ProbeLoop(context, judgement);
}

bool IsLimited(const PreflightConfig& config, const PreflightKey& key) {
  return std::ranges::any_of(config.budgets, [&](const PreflightBudget& budget) {
    if (!budget.hard || (!budget.project.empty() && budget.project != key.project)) return false;
    if (budget.scope == "global") return true;
    if (budget.scope == "project") return MatchesGlob(budget.match, key.project);
    return budget.scope == "key" &&
           (MatchesGlob(budget.match, key.id) || MatchesGlob(budget.match, key.name));
  });
}

absl::Status JudgeKeyBudgets(const PointContext& context, Judgement& judgement) {
  const PreflightConfig& config = context.config;
  std::vector<std::string> unlimited;
  int64_t keys = 0;
  for (const PreflightKey& key : config.keys) {
    const bool expired = key.expires_at != 0 && key.expires_at <= context.query.now;
    if (expired || std::ranges::find(key.scopes, "gateway") == key.scopes.end()) continue;
    ++keys;
    if (!IsLimited(config, key)) unlimited.push_back(key.name.empty() ? key.id : key.name);
  }
  judgement.Count("gateway_keys", keys);
  judgement.Json("unlimited_keys", [&] {
    std::vector<std::string> texts;
    for (const std::string& name : unlimited) texts.push_back(JsonText(name));
    return fmt::format("[{}]", fmt::join(texts, ","));
  }());
  if (!unlimited.empty()) {
    judgement.Fail(fmt::format("{} of {} keys may spend without a limit: {}", unlimited.size(),
                               keys, fmt::join(unlimited, ", ")));
  } else if (keys > 0) {
    judgement.Pass(
        fmt::format("each of {} is held to a hard budget", CountOf(keys, "gateway key")));
  }
  if (!config.keys_required) {
    // Whoever needs no key is held by what holds for all, if anything does.
    const bool held = std::ranges::any_of(config.budgets, [](const PreflightBudget& budget) {
      return budget.hard &&
             (budget.scope == "global" || (budget.scope == "project" && budget.match == "*"));
    });
    judgement.Check(held, held ? "calls without a key are held to a hard budget over all"
                               : "calls need no key, and no hard budget holds for all of them");
  } else if (keys == 0) {
    judgement.Pass("no key may use the gateway");
  }
  return absl::OkStatus();
}

// Facts do not hold max_tokens: the spans of the calls do.
constexpr std::string_view kMaxTokensSql =
    "SELECT count() AS n, countIf(max_tokens IS NULL) AS missing, "
    "groupArrayIf(5)(lower(hex(trace_id)), max_tokens IS NULL), "
    "topKIf(1)(toString(model), max_tokens IS NULL) FROM ("
    "SELECT s.trace_id AS trace_id, s.max_tokens AS max_tokens, s.model AS model "
    "FROM spans AS s WHERE s.project = {project:String} "
    "AND toUInt16(s.day) BETWEEN {first_day:UInt16} AND {max_day:UInt16} AND s.kind = 'llm' "
    "AND (s.trace_id, s.span_id) IN ("
    "SELECT f.trace_id, f.span_id FROM facts AS f FINAL WHERE {where} AND "
    "(f.kind = 'llm' AND f.role IN ('', 'leaf') AND f.status != 'running')) "
    "ORDER BY s.version DESC LIMIT 1 BY s.trace_id, s.span_id)";

absl::Status JudgeMaxTokens(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(
      const Table table,
      ReadDay(context, kMaxTokensSql, true, 4,
              {{"first_day", fmt::to_string(DayOf(context.day.since_ns - kNanosPerDay))}}));
  const boost::json::array& row = table.rows.at(0).get_array();
  const int64_t calls = IntAt(row, 0);
  const int64_t missing = IntAt(row, 1);
  const double wants = context.Threshold(0.99);
  judgement.Threshold("share_min", wants);
  judgement.Count("calls", calls);
  judgement.Count("without_max_tokens", missing);
  if (!Enough(judgement, calls, "model call")) return absl::OkStatus();
  const std::string words =
      fmt::format("{} set max_tokens", ShareText(calls - missing, calls, "call"));
  if (static_cast<double>(missing) <= (1 - wants) * static_cast<double>(calls) + 1e-9) {
    judgement.Pass(words);
    return absl::OkStatus();
  }
  judgement.Samples(row[2]);
  const boost::json::array* worst = row[3].if_array();
  judgement.Fail(fmt::format("{}; most that do not call {}", words,
                             worst == nullptr || worst->empty() ? "no model" : TextAt(*worst, 0)));
  return absl::OkStatus();
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

absl::Status JudgeAnomalyHistory(const PointContext& context, Judgement& judgement) {
  constexpr int64_t kHourNs = 60 * kNanosPerMinute;
  Scope scope;
  scope.project = context.project;
  scope.window = {context.query.now - 14 * kNanosPerDay, context.query.now};
  SqlPiece where = FactsWhere(scope, true);
  ASSIGN_OR_RETURN(const Table table,
                   ReadTable(context.query,
                             fmt::format("SELECT intDiv(f.end_ns, {}) AS hour, sum(f.cost) / 1e9 "
                                         "FROM facts AS f FINAL WHERE {} AND f.counted "
                                         "GROUP BY hour ORDER BY hour",
                                         kHourNs, where.sql),
                             std::move(where.params), 2));
  std::vector<double> hourly;
  int64_t first_hour = 0;
  for (const boost::json::value& value : table.rows) {
    if (hourly.empty()) first_hour = IntAt(value.get_array(), 0);
    hourly.push_back(DoubleAt(value.get_array(), 1));
  }
  const double wants = context.Threshold(7);
  const double days =
      hourly.empty() ? 0
                     : static_cast<double>(context.query.now - first_hour * kHourNs) / kNanosPerDay;
  const double median = Median(hourly);
  std::vector<double> deviations;
  for (const double value : hourly) deviations.push_back(std::abs(value - median));
  judgement.Threshold("history_days_min", wants);
  judgement.Number("history_days", std::floor(days * 10) / 10);
  judgement.Count("hours_with_spend", static_cast<int64_t>(hourly.size()));
  judgement.Number("hourly_median_usd", median);
  judgement.Number("hourly_mad_usd", Median(deviations));
  const auto rule = std::ranges::find_if(context.config.rules, [](const PreflightRule& each) {
    return each.spec.id == "cost_anomaly";
  });
  if (rule != context.config.rules.end() && !rule->spec.enabled) {
    judgement.Fail("the rule cost_anomaly is switched off");
    return absl::OkStatus();
  }
  const std::string words = fmt::format("{:.1f} days of spend are known", days);
  if (days >= wants) {
    judgement.Pass(fmt::format("{}, {} an hour usually", words,
                               FormatUsd(static_cast<int64_t>(std::llround(median * 1e9)))));
  } else {
    judgement.Lack(fmt::format("{}, {} are needed", words, wants));
  }
  return absl::OkStatus();
}

absl::Status JudgeQuota(const PointContext& context, Judgement& judgement) {
  const auto& quotas = context.config.alerts.preflight.quotas;
  const double wants = context.Threshold(0.70);
  judgement.Threshold("share_of_quota_max", wants);
  ASSIGN_OR_RETURN(
      const Table table,
      ReadDay(
          context,
          fmt::format("SELECT model, sum(calls), quantileExact(0.95)(tokens), "
                      "quantileExact(0.95)(calls) FROM ("
                      "SELECT toString(f.model) AS model, intDiv(f.end_ns, 60000000000) AS minute, "
                      "count() AS calls, sum(toUInt64(f.input_tokens) + f.cache_read_tokens + "
                      "f.cache_write_5m_tokens + f.cache_write_1h_tokens + f.output_tokens + "
                      "f.reasoning_tokens) AS tokens "
                      "FROM facts AS f FINAL WHERE {{where}} AND {} GROUP BY model, minute"
                      ") GROUP BY model ORDER BY sum(calls) DESC, model",
                      kIsCallSql),
          true, 4));
  int64_t calls = 0;
  std::vector<std::string> unknown;
  std::vector<std::string> rows;
  for (const boost::json::value& value : table.rows) {
    const boost::json::array& row = value.get_array();
    calls += IntAt(row, 1);
    const std::string model(TextAt(row, 0));
    const auto quota = std::ranges::find_if(
        quotas, [&](const auto& each) { return MatchesGlob(each.model, model); });
    if (quota == quotas.end()) {
      unknown.push_back(model);
      continue;
    }
    const auto ratio = [](double used, int64_t allowed) {
      return allowed > 0 ? used / static_cast<double>(allowed) : 0;
    };
    const double tpm = ratio(DoubleAt(row, 2), quota->tokens_per_minute);
    const double rpm = ratio(DoubleAt(row, 3), quota->requests_per_minute);
    rows.push_back(fmt::format(
        R"({{"model":{},"tokens_per_minute_p95":{},"requests_per_minute_p95":{},)"
        R"("share_of_tokens":{},"share_of_requests":{}}})",
        JsonText(model), IntAt(row, 2), IntAt(row, 3), NumberJson(tpm), NumberJson(rpm)));
    judgement.Check(std::max(tpm, rpm) <= wants,
                    fmt::format("{} uses {} of its quota of {} (p95 of minutes)", model,
                                ShareText(std::max(tpm, rpm)), tpm >= rpm ? "tokens" : "requests"));
  }
  judgement.Count("calls", calls);
  judgement.Json("models", fmt::format("[{}]", fmt::join(rows, ",")));
  if (!Enough(judgement, calls, "model call")) return absl::OkStatus();
  if (!unknown.empty()) {
    judgement.Lack(
        fmt::format("the quota of {} is not known: set alerts.preflight.quotas, or attest",
                    fmt::join(unknown, ", ")));
  }
  return absl::OkStatus();
}

constexpr PointRow kRows[] = {
    {{.id = "CST-01",
      .title = "Per-request spend cap",
      .how = "P",
      .wants = "A hard budget of scope request refuses the probe's oversize call.",
      .remedy = "Add a budget: {id: per-call, scope: request, limit_usd: 1, hard: true}."},
     JudgeRequestCap},
    {{.id = "CST-02",
      .title = "Per-trace step and spend cap",
      .how = "C+P",
      .wants = "gateway.loops.mode is enforce with caps on steps and spend, and the looping probe "
               "is stopped.",
      .remedy = "Set gateway.loops: {mode: enforce}."},
     JudgeRunCaps},
    {{.id = "CST-03",
      .title = "Budgets per key/user/feature",
      .how = "C",
      .wants = "Every key that may use the gateway is held to a hard budget.",
      .remedy = "Give the keys a budget, or add one of scope key with match \"*\"."},
     JudgeKeyBudgets},
    {{.id = "CST-04",
      .title = "max_tokens set",
      .how = "Q",
      .wants = "99 % of the calls set it.",
      .remedy = "Set max_tokens (max_output_tokens, maxOutputTokens) in each call."},
     JudgeMaxTokens},
    {{.id = "CST-05",
      .title = "Cost anomaly detector warm",
      .how = "Q",
      .wants = "Seven days of spend are known and the rule cost_anomaly is on.",
      .remedy = "Wait, or waive it until a week has passed."},
     JudgeAnomalyHistory},
    {{.id = "CST-06",
      .title = "Load forecast vs provider quota",
      .how = "Q+A",
      .wants = "The 95th percentile of tokens and requests a minute is at most 70 % of the quota.",
      .remedy = "Ask the provider for more, spread the load, or set alerts.preflight.quotas."},
     JudgeQuota},
};

}  // namespace

std::span<const PointRow> CstPoints() { return kRows; }

}  // namespace pitot
