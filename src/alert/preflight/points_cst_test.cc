#include "alert/preflight/preflight_test_util.h"

namespace pitot {
namespace {

class CstPointsTest : public PreflightTestBase {};
PITOT_FOR_EACH_STORE(CstPointsTest);

TEST_P(CstPointsTest, RequestCap) {
  sandbox_.script.answers = {{.status = 200}, {.status = 402, .code = "budget_too_small"}};
  Run("CST-01", kPass,
      "a call is held to per-call ($1.00); the probe's oversize call was refused "
      "(budget_too_small)",
      "refused");
  sandbox_.script.answers = {{.status = 200}};
  Run("CST-01", kFail, "the probe's oversize call was answered 200", "answered");
  config_.budgets.clear();
  Run("CST-01", kFail, "no hard budget of scope request", "no cap");
}

TEST_P(CstPointsTest, RunCaps) {
  const SandboxAnswer ok{.status = 200};
  sandbox_.script.answers = {ok, ok, ok, ok, ok, {.status = 403, .code = "loop_detected"}};
  Run("CST-02", kPass, "the looping probe was stopped at step 6 (loop_detected)", "stopped");
  sandbox_.script.answers = {ok};
  Run("CST-02", kFail, "was not stopped", "never");
  config_.gateway.spend_blocked = false;
  Run("CST-02", kFail, "no cap on the spend of a run", "no cap on spend");
  config_.gateway.loop_mode = "observe";
  Run("CST-02", kFail, "gateway.loops.mode is observe", "only shown");
}

TEST_P(CstPointsTest, KeyBudgets) {
  const PreflightKey key{.id = "k1", .name = "prod", .project = "shop", .scopes = {"gateway"}};
  config_.keys = {key};
  Run("CST-03", kPass, "each of 1 gateway key is held to a hard budget", "a global budget");
  config_.budgets = {
      {.id = "prod", .scope = "key", .match = "prod", .window = "day", .hard = true}};
  Run("CST-03", kPass, "each of 1 gateway key", "its own");
  config_.keys.push_back({.id = "k2", .name = "lab", .project = "lab", .scopes = {"gateway"}});
  Run("CST-03", kFail, "1 of 2 keys may spend without a limit: lab", "another one has none");
  config_.keys[1].expires_at = now_ - 1;
  Run("CST-03", kPass, "each of 1 gateway key", "which has expired");
  config_.budgets[0].hard = false;
  Run("CST-03", kFail, "1 of 1 keys may spend without a limit: prod", "a soft budget is no limit");
  config_.keys.clear();
  config_.keys_required = false;
  Run("CST-03", kFail, "calls need no key", "nobody needs a key");
}

TEST_P(CstPointsTest, MaxTokens) {
  Run("CST-04", {{"all set it", Lines(Call(), 60), kPass, "60 of 60 calls (100 %) set max_tokens"},
                 {"some do not", Lines(Call(), 55) + Lines(Call().Without("max_tokens"), 5), kFail,
                  "55 of 60 calls (91.6 %) set max_tokens; most that do not call gpt-5-mini"},
                 {"no traffic", "", kLack, "0 model calls"}});
}

TEST_P(CstPointsTest, AnomalyHistory) {
  constexpr int64_t kHourNs = 60 * kNanosPerMinute;
  std::string week;
  for (int hour = 0; hour < 8 * 24; hour += 6) week += Lines(Call(), 1, hour * kHourNs);
  Run("CST-05", {{"eight days", week, kPass, "days of spend are known, $0.001 an hour usually"},
                 {"a day", Lines(Call(), 5, 20 * kHourNs), kLack, "days of spend are known, 7"},
                 {"nothing", "", kLack, "0.0 days"}});
  for (PreflightRule& rule : config_.rules) rule.spec.enabled = rule.spec.id != "cost_anomaly";
  Run("CST-05", {{"nobody looks", week, kFail, "the rule cost_anomaly is switched off"}});
}

TEST_P(CstPointsTest, Quota) {
  // 60 calls of 120 tokens within one minute.
  const std::string calls = Lines(Call(), 60, 3 * kNanosPerMinute);
  Run("CST-06", {{"not known", calls, kLack, "the quota of gpt-5-mini is not known"}});
  config_.alerts.preflight.quotas = {
      {.model = "gpt-*", .tokens_per_minute = 20'000, .requests_per_minute = 100}};
  Run("CST-06",
      {{"60 of 100 requests", calls, kPass, "gpt-5-mini uses 60 % of its quota of requests"},
       {"no traffic", "", kLack, "0 model calls"}});
  config_.alerts.preflight.quotas[0].tokens_per_minute = 8'000;
  Run("CST-06", {{"7200 of 8000 tokens", calls, kFail, "uses 90 % of its quota of tokens"}});
}

}  // namespace
}  // namespace pitot
