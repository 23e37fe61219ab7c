#include "alert/preflight/preflight_test_util.h"

namespace pitot {
namespace {

class OpsPointsTest : public PreflightTestBase {};
PITOT_FOR_EACH_STORE(OpsPointsTest);

TEST_P(OpsPointsTest, Runbooks) {
  std::vector<std::string> failed;
  hooks_.dry_run = [&](const std::string& name, const std::string& /*project*/) {
    return PreflightRunbook{.name = name, .steps = 6, .failed = failed};
  };
  Run("OPS-01", kPass, "each of 5 rules has a runbook; runbook latency: 6 steps ran dry", "all");
  failed = {"latency-2: the store is away"};
  Run("OPS-01", kFail, "runbook latency: latency-2: the store is away", "a step cannot decide");
  failed.clear();
  config_.rules[1].spec.runbook.clear();
  Run("OPS-01", kFail, "1 of 5 rules have no runbook: error_rate", "one rule without");
  config_.rules[1].spec.system = true;
  Run("OPS-01", kPass, "each of 4 rules", "Pitot's own rules need none");
  hooks_.dry_run = nullptr;
  Run("OPS-01", kLack, "no runbook can be run here", "not wired");
}

TEST_P(OpsPointsTest, Degradation) {
  sandbox_.script.answers = {{.status = 200, .took_ns = 2 * kNanosPerSecond}};
  Run("OPS-02", {{"a route for all", Lines(Call(), 1), kPass,
                  "1 feature with a fallback or an answer of last resort; with all providers down "
                  "the slowest answer took 2.00 s"}});
  EXPECT_EQ(sandbox_.script.fault, SandboxFault::kError503);
  sandbox_.script.answers = {{.status = 503, .took_ns = 40 * kNanosPerSecond}};
  Run("OPS-02", {{"too slow", Lines(Call(), 1), kFail, "checkout was answered after 40.00 s"}});
  config_.gateway.routes = {{.feature = "checkout", .fallbacks = 1}};
  Run("OPS-02",
      {{"one feature has none", Lines(Call(), 1) + Lines(Call().With("feature", "\"search\""), 1),
        kFail, "nothing is defined for an outage of search"}});
}

TEST_P(OpsPointsTest, HardBudget) {
  const SandboxAnswer ok{.status = 200};
  const SandboxAnswer refused{.status = 402, .code = "budget_exceeded"};
  sandbox_.script.answers = {ok, ok, refused};
  sandbox_.script.ledger = {.limit_usd = 0.01, .spent_usd = 0.0096};
  Run("OPS-03", kPass, "after 2 calls for $0.0096 the next one was refused with 402", "refused");
  sandbox_.script.answers = {ok};
  Run("OPS-03", kFail, "a call was answered with 200", "never refused");
  sandbox_.script.answers = {ok, refused};
  sandbox_.script.ledger.spent_usd = 0.02;
  Run("OPS-03", kFail, "$0.02 of a budget of $0.01 were spent", "overspent");
}

TEST_P(OpsPointsTest, Owner) {
  Run("OPS-04", kPass, "ada is on call", "named");
  config_.alerts.preflight.owner.clear();
  Run("OPS-04", kLack, "nobody is named", "nobody");
  Preflight preflight(Deps());
  ASSERT_TRUE(preflight
                  .Attest({.project = "nobody", .id = "OPS-04", .by = "bob", .actor = "test"},
                          "rota in the wiki", now_)
                  .ok());
  EXPECT_EQ(Name(Judge("OPS-04", "nobody").status), "attested");
}

TEST_P(OpsPointsTest, KillSwitch) {
  const SandboxAnswer ok{.status = 200};
  const SandboxAnswer off{.status = 402};
  sandbox_.script.answers = {ok, off, ok, ok};
  Run("OPS-05", kPass, "a disabled feature is refused after", "off and on");
  sandbox_.script.answers = {ok, off, off, ok};
  Run("OPS-05", kFail, "402 of another feature", "too much is off");
  sandbox_.script.answers = {ok};
  config_.alerts.preflight.thresholds["OPS-05"] = 0.01;
  Run("OPS-05", kFail, "was still answered", "no effect");
}

TEST_P(OpsPointsTest, Deadlines) {
  const TestSpan slow = Call().With("duration_ns", "32000000000");
  Run("OPS-06",
      {{"all within 30 s", Lines(Call(), 60), kPass, "the slowest of 60 calls took 1.00 s"},
       {"one longer", Lines(Call(), 60) + Lines(slow, 1), kFail,
        "a call of checkout (gpt-5-mini) took 32.00 s, allowed are 30.00 s"},
       {"no traffic", "", kLack, "0 model calls"}});
  config_.gateway.routes = {{.feature = "checkout", .total_ns = 60 * kNanosPerSecond}};
  Run("OPS-06",
      {{"the feature may take longer", Lines(Call(), 60) + Lines(slow, 1), kPass, "took 32.00 s"}});
  config_.gateway.total_ns = 0;
  Run("OPS-06", {{"no deadline", Lines(Call(), 60), kFail, "calls have no deadline"}});
}

TEST_P(OpsPointsTest, Retries) {
  const TestSpan gateway =
      Call().With("source", "\"gateway\"").With("attributes", R"({"pitot.attempts":"3"})");
  Run("OPS-07",
      {{"few", Lines(Call(), 60) + Lines(Call().With("retry_count", "1"), 3), kPass,
        "3 retries for 63 calls (4.7 %)"},
       {"many", Lines(Call(), 50) + Lines(Call().With("retry_count", "2"), 10), kFail,
        "20 retries for 60 calls (33.3 %)"},
       {"made by the gateway", Lines(Call(), 55) + Lines(gateway, 5), kFail, "10 retries"},
       {"five attempts", Lines(Call(), 99) + Lines(Call().With("retry_count", "4"), 1), kFail,
        "1 of 100 calls (1 %) took more than 3 attempts"}});
  config_.gateway.attempts = 5;
  Run("OPS-07", {{"configured", Lines(Call(), 60), kFail, "the gateway makes 5 attempts"}});
  config_.gateway.attempts = 2;
  config_.gateway.backoff_ns = 0;
  Run("OPS-07", {{"no pause", Lines(Call(), 60), kFail, "retries without a pause"}});
}

TEST_P(OpsPointsTest, StoreAway) {
  Run("OPS-08", kPass, "with the store away 5 of 5 calls passed, 3 spans wait", "passes");
  sandbox_.script.answers = {{.status = 200}, {.status = 503}};
  Run("OPS-08", kFail, "1 of 5 calls passed", "calls fail");
  sandbox_.script.answers = {{.status = 200}};
  sandbox_.script.waiting = 0;
  Run("OPS-08", kFail, "0 spans wait on the disk", "spans are lost");
}

}  // namespace
}  // namespace pitot
