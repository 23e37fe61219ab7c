// What the counting rules say of figures: pure, without a store.
#include "alert/rules/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "alert/rules/absent_rule.h"
#include "alert/rules/answer_rules.h"
#include "alert/rules/builtin.h"
#include "alert/rules/error_rules.h"
#include "alert/rules/latency_rule.h"
#include "alert/rules/system_rules.h"
#include "alert/rules/tool_rule.h"
#include "alert/rules/trace_loops.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;

RuleSpec Spec(std::string_view id) { return BuiltInRuleSpec(id, AlertOptions{}); }

const Reading& Of(const std::vector<Reading>& readings, std::string_view label,
                  std::string_view value) {
  static const Reading none;
  for (const Reading& reading : readings) {
    const auto found = reading.labels.find(label);
    if (found != reading.labels.end() && found->second == value) return reading;
  }
  ADD_FAILURE() << "no reading with " << label << "=" << value;
  return none;
}

std::string SummaryOf(const Reading& reading) {
  const auto found = reading.annotations.find("summary");
  return found == reading.annotations.end() ? "" : found->second;
}

TrafficRow Calls(int64_t calls, int64_t errors = 0, int age = 60) {
  TrafficRow row;
  row.of = TrafficClass::kCall;
  row.age = age;
  row.feature = "chat";
  row.provider = "openai";
  row.model = "m1";
  row.kind = "llm";
  row.spans = calls;
  row.errors = row.provider_errors = errors;
  return row;
}

TrafficRow Timed(int64_t calls, double seconds, int age = 60) {
  TrafficRow row = Calls(calls, 0, age);
  row.durations.Add(LogHistogram::BucketOf(seconds * 1e9), calls);
  return row;
}

// A thousand calls around 1 s, ten of them at 4 s: the p99 is 4 s.
UsualTraffic UsualLatency() {
  UsualTraffic usual;
  UsualTraffic::Latency& latency = usual.latency[LatencyKeyOf(Calls(1))];
  latency.p99_ns = 4e9;
  latency.intervals = 12;
  LogHistogram& chat = latency.by_feature["chat"];
  chat.Add(LogHistogram::BucketOf(1e9), 990);
  chat.Add(LogHistogram::BucketOf(4e9), 10);
  latency.all.Add(chat);
  return usual;
}

std::vector<Reading> Latency(std::vector<TrafficRow> rows,
                             const UsualTraffic& usual = UsualLatency(),
                             const std::vector<std::string>& slow = {}) {
  TrafficTable table{.now = 1, .rows = std::move(rows), .spans = 0};
  return JudgeLatency(Spec("latency_p99"), table, usual, slow);
}

TEST(LogHistogram, AnswersWithinOnePercent) {
  LogHistogram histogram;
  for (int ms = 1; ms <= 1000; ++ms) histogram.Add(LogHistogram::BucketOf(ms * 1e6), 1);
  EXPECT_NEAR(*histogram.Quantile(0.5), 500e6, 0.011 * 500e6);
  EXPECT_NEAR(*histogram.Quantile(0.99), 990e6, 0.011 * 990e6);
  EXPECT_NEAR(static_cast<double>(histogram.CountAbove(900e6)), 100, 20);
  LogHistogram thrice;
  thrice.AddScaled(histogram, 3);
  EXPECT_NEAR(*thrice.Quantile(0.5), 1500e6, 0.025 * 1500e6);
  histogram.Add(LogHistogram::kTimeout, 1000);
  EXPECT_EQ(histogram.Quantile(0.99), std::nullopt) << "longer than was waited for";
  EXPECT_GE(histogram.CountAbove(1e15), 1000) << "a timeout is slower than anything";
}

TEST(JudgeLatency, P99OfAModel) {
  const auto verdict = [](std::vector<TrafficRow> rows) {
    return Of(Latency(std::move(rows)), "subject", "model").verdict;
  };
  EXPECT_EQ(verdict({Timed(1000, 1)}), Verdict::kOk);
  EXPECT_EQ(verdict({Timed(970, 1), Timed(30, 13)}), Verdict::kBreach) << "3 % over 12 s";
  EXPECT_EQ(verdict({Timed(970, 1), Timed(30, 11.5)}), Verdict::kHold) << "over nine tenths of it";
  EXPECT_EQ(verdict({Timed(970, 1), Timed(30, 9)}), Verdict::kOk);
  EXPECT_EQ(verdict({Timed(96, 1), Timed(2, 13)}), Verdict::kSuppressed) << "fewer than 100 calls";
  EXPECT_EQ(verdict({Timed(118, 1), Timed(2, 13)}), Verdict::kSuppressed) << "two may be chance";
  EXPECT_EQ(verdict({Timed(970, 1), Timed(30, 13, 300)}), Verdict::kHold) << "it is over";
  const auto page = Latency({Timed(970, 1), Timed(30, 45)});
  EXPECT_EQ(Of(page, "subject", "model").severity, AlertSeverity::kPage) << "beyond 30 s";
  EXPECT_THAT(SummaryOf(Of(page, "subject", "model")), HasSubstr("the usual 4 s; 30 of 1000"));
  const auto learning = Latency({Timed(1000, 1)}, UsualTraffic{});
  EXPECT_EQ(Of(learning, "subject", "model").verdict, Verdict::kLearning);
}

TEST(JudgeLatency, AProviderThatIsSlow) {
  const auto reading = [](std::vector<TrafficRow> rows) {
    return Of(Latency(std::move(rows)), "subject", "provider");
  };
  EXPECT_EQ(reading({Timed(30, 1)}).verdict, Verdict::kOk);
  const Reading slow = reading({Timed(8, 1, 60), Timed(22, 5, 20)});
  EXPECT_EQ(slow.verdict, Verdict::kBreach);
  EXPECT_TRUE(slow.urgent);
  EXPECT_EQ(slow.severity, AlertSeverity::kPage);
  EXPECT_NEAR(*slow.value, 5, 0.2);
  EXPECT_THAT(SummaryOf(slow), HasSubstr("22 of the last 22 took over 3.0x"));
  EXPECT_EQ(reading({Timed(5, 1), Timed(14, 5)}).verdict, Verdict::kHold) << "19 calls";
  EXPECT_EQ(reading({Timed(30, 2.5)}).verdict, Verdict::kOk) << "less than three times";
  EXPECT_EQ(reading({Timed(100, 1, 60), Timed(90, 5, 60)}).verdict, Verdict::kOk) << "not most";
  EXPECT_EQ(reading({Timed(90, 1, 300), Timed(10, 1), Timed(30, 5)}).verdict, Verdict::kBreach)
      << "of the last minute, whatever was before";

  // Its models say nothing meanwhile: one thing is told once.
  const auto rows = std::vector{Timed(100, 1, 300), Timed(50, 13, 20)};
  EXPECT_EQ(Of(Latency(rows), "subject", "model").verdict, Verdict::kHold);
  EXPECT_EQ(
      Of(Latency({Timed(970, 1), Timed(30, 13)}, UsualLatency(), {"openai"}), "subject", "model")
          .verdict,
      Verdict::kHold);
}

TEST(JudgeLatency, AFeatureOfLongAnswersIsNotSlow) {
  UsualTraffic usual = UsualLatency();
  usual.latency.begin()->second.by_feature["report"].Add(LogHistogram::BucketOf(6e9), 200);
  TrafficRow report = Timed(40, 6);
  report.feature = "report";
  EXPECT_EQ(Of(Latency({Timed(10, 1), report}, usual), "subject", "provider").verdict,
            Verdict::kOk);
  report.feature = "new";
  EXPECT_EQ(Of(Latency({Timed(10, 1), report}, usual), "subject", "provider").verdict, Verdict::kOk)
      << "of what is new nothing is known";
}

std::vector<Reading> ErrorRates(std::vector<TrafficRow> rows, const UsualTraffic& usual = {}) {
  TrafficTable table{.now = 1, .rows = std::move(rows), .spans = 0};
  return JudgeErrorRate(Spec("error_rate"), table, usual);
}

TEST(JudgeErrorRate, ShareWithItsGates) {
  const auto verdict = [](std::vector<TrafficRow> rows, const UsualTraffic& usual = {}) {
    return Of(ErrorRates(std::move(rows), usual), "subject", "calls").verdict;
  };
  EXPECT_EQ(verdict({Calls(500, 30)}), Verdict::kBreach) << "6 %";
  EXPECT_EQ(verdict({Calls(500, 20)}), Verdict::kOk) << "4 %";
  EXPECT_EQ(verdict({Calls(500, 24)}), Verdict::kHold) << "4.8 %";
  EXPECT_EQ(verdict({Calls(40, 3)}), Verdict::kSuppressed) << "three of forty may be chance";
  EXPECT_EQ(verdict({Calls(10, 10)}), Verdict::kSuppressed) << "fewer than twenty";
  EXPECT_EQ(verdict({Calls(20, 8)}), Verdict::kBreach);
  EXPECT_EQ(verdict({Calls(300, 2), Calls(200, 40, 300)}), Verdict::kHold)
      << "a burst that is over";
  UsualTraffic often;
  often.call_errors[{"openai", "m1"}].Add(45, 1000);
  EXPECT_EQ(verdict({Calls(100, 8)}, often), Verdict::kSuppressed) << "4.5 % fail every day";
  EXPECT_EQ(verdict({Calls(1000, 90)}, often), Verdict::kBreach);
}

TEST(JudgeErrorRate, RunsByFeatureAndEnvironment) {
  TrafficRow run;
  run.is_run = true;
  run.age = 20;
  run.feature = "checkout";
  run.environment = "production";
  run.spans = 100;
  run.errors = 20;
  run.bad = {"aa", "bb"};
  const auto readings = ErrorRates({run});
  ASSERT_EQ(readings.size(), 1u);
  EXPECT_EQ(readings[0].labels,
            (Labels{{"subject", "runs"}, {"feature", "checkout"}, {"environment", "production"}}));
  EXPECT_EQ(readings[0].verdict, Verdict::kBreach);
  EXPECT_EQ(readings[0].exemplar_trace_ids, (std::vector<std::string>{"aa", "bb"}));
  EXPECT_THAT(SummaryOf(readings[0]), HasSubstr("runs of checkout failed: 20 %: 20 of 100"));
}

TEST(JudgeProviderOutage, MostCallsFailByItsFault) {
  const auto verdict = [](std::vector<TrafficRow> rows) {
    TrafficTable table{.now = 1, .rows = std::move(rows), .spans = 0};
    return JudgeProviderOutage(Spec("provider_outage"), table)[0];
  };
  EXPECT_TRUE(verdict({Calls(30, 20)}).urgent);
  EXPECT_EQ(verdict({Calls(30, 20)}).verdict, Verdict::kBreach);
  EXPECT_EQ(verdict({Calls(30, 10)}).verdict, Verdict::kOk);
  EXPECT_EQ(verdict({Calls(30, 14)}).verdict, Verdict::kHold);
  EXPECT_EQ(verdict({Calls(5, 5), Calls(20, 18, 300)}).verdict, Verdict::kBreach)
      << "little traffic";
  EXPECT_EQ(verdict({Calls(5, 0), Calls(60, 60, 300)}).verdict, Verdict::kOk) << "it answers again";
}

TrafficRow Tools(int64_t judged, int64_t invalid, std::vector<std::string> traces, int age = 60) {
  TrafficRow row;
  row.of = TrafficClass::kTool;
  row.age = age;
  row.tool = "search";
  row.spans = row.judged = judged;
  row.invalid_args = invalid;
  row.bad = std::move(traces);
  return row;
}

TEST(JudgeToolArguments, JumpsAgainstWhatIsUsual) {
  UsualTraffic usual;
  usual.invalid_args[{"search", ""}].Add(10, 1000);
  const auto reading = [&](std::vector<TrafficRow> rows) {
    TrafficTable table{.now = 1, .rows = std::move(rows), .spans = 0};
    return JudgeToolArguments(Spec("tool_args"), table, usual)[0];
  };
  const Reading broken = reading({Tools(20, 8, {"a", "b", "c"})});
  EXPECT_EQ(broken.verdict, Verdict::kBreach);
  EXPECT_TRUE(broken.urgent);
  EXPECT_EQ(broken.severity, AlertSeverity::kPage);
  EXPECT_THAT(SummaryOf(broken), HasSubstr("40 %: 8 of 20 calls in 60 seconds"));
  EXPECT_THAT(SummaryOf(broken), HasSubstr("usually 1 %"));
  EXPECT_EQ(reading({Tools(20, 8, {"a", "b"})}).verdict, Verdict::kSuppressed)
      << "two stubborn runs";
  EXPECT_EQ(reading({Tools(100, 3, {"a", "b", "c"})}).verdict, Verdict::kOk);
  EXPECT_EQ(reading({Tools(20, 0, {}), Tools(40, 20, {"a", "b", "c"}, 300)}).verdict,
            Verdict::kSuppressed)
      << "over already";
  const Reading slowly = reading({Tools(60, 5, {"a", "b", "c"})});
  EXPECT_EQ(slowly.verdict, Verdict::kSuppressed) << "5 of 60 at 1 % are no certainty";
}

TEST(JudgeAnswersCut, AgainstTheFeaturesThatAsk) {
  UsualTraffic usual;
  usual.cut[{"openai", "m1", "chat"}].Add(10, 1000);
  usual.cut[{"openai", "m1", "report"}].Add(400, 1000);
  const auto cut = [&](int64_t finished, int64_t hits, const char* feature) {
    TrafficRow row = Calls(finished);
    row.feature = feature;
    row.finished = finished;
    row.cut = hits;
    return row;
  };
  const auto verdict = [&](std::vector<TrafficRow> rows) {
    TrafficTable table{.now = 1, .rows = std::move(rows), .spans = 0};
    return JudgeAnswersCut(Spec("answers_cut"), table, usual)[0].verdict;
  };
  EXPECT_EQ(verdict({cut(100, 2, "chat")}), Verdict::kOk);
  EXPECT_EQ(verdict({cut(100, 20, "chat")}), Verdict::kBreach);
  EXPECT_EQ(verdict({cut(10, 4, "chat")}), Verdict::kSuppressed);
  EXPECT_EQ(verdict({cut(100, 1, "chat"), cut(60, 25, "report")}), Verdict::kOk)
      << "another mix of features is not another behaviour";
}

TEST(JudgeUnpriced, AnyCallWithoutAPrice) {
  TrafficTable table{.now = 1, .rows = {Calls(10)}, .spans = 0};
  EXPECT_EQ(JudgeUnpriced(Spec("unpriced"), table)[0].verdict, Verdict::kOk);
  table.rows[0].unpriced = 1;
  EXPECT_EQ(JudgeUnpriced(Spec("unpriced"), table)[0].verdict, Verdict::kBreach);
}

TEST(JudgeAbsent, OnlyWhereSpansAreToBeExpected) {
  const RuleSpec spec = Spec("telemetry_absent");
  const auto verdict = [&](UsualTraffic::Presence presence, bool has_week, int64_t spans_now,
                           std::vector<std::string> missed = {}) {
    UsualTraffic usual;
    usual.services["shop"] = presence;
    usual.has_last_week = has_week;
    TrafficTable table;
    if (spans_now > 0) {
      TrafficRow row;
      row.service = "shop";
      row.spans = spans_now;
      table.rows.push_back(row);
    }
    return JudgeAbsent(spec, table, usual, missed)[0].verdict;
  };
  EXPECT_EQ(verdict({.last_week = 600}, true, 0), Verdict::kBreach);
  EXPECT_EQ(verdict({.last_week = 600}, true, 1), Verdict::kOk);
  EXPECT_EQ(verdict({.last_week = 600, .quiet_last_week = 1}, true, 0), Verdict::kOk)
      << "it pauses";
  EXPECT_EQ(verdict({.last_week = 100}, true, 0), Verdict::kOk) << "little traffic";
  EXPECT_EQ(verdict({.yesterday = 600, .recent = 5}, true, 0), Verdict::kOk) << "not last week";
  EXPECT_EQ(verdict({.yesterday = 600, .recent = 5}, false, 0), Verdict::kBreach);
  EXPECT_EQ(verdict({.yesterday = 600}, false, 0), Verdict::kOk) << "its first weekend";
  EXPECT_EQ(verdict({.yesterday = 600}, false, 0, {"shop"}), Verdict::kBreach)
      << "it fires already";
}

TEST(JudgeBudgets, OneAlertForThousandsOfUsers) {
  BudgetFigure daily{.id = "daily",
                     .scope = "global",
                     .window = "day",
                     .limit_usd = 50,
                     .spent_usd = 50,
                     .hard = true,
                     .exhausted = true,
                     .disabled = true,
                     .refused = 4};
  BudgetFigure user{.id = "per-user",
                    .scope = "user",
                    .counter = "u1",
                    .each = true,
                    .limit_usd = 2,
                    .spent_usd = 2,
                    .hard = true,
                    .exhausted = true};
  BudgetFigure other = user;
  other.counter = "u2";
  const auto readings = JudgeBudgets({daily, user, other});
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(Of(readings, "budget", "daily").severity, AlertSeverity::kPage);
  EXPECT_THAT(SummaryOf(Of(readings, "budget", "daily")), HasSubstr("$50.00 of $50.00"));
  EXPECT_EQ(Of(readings, "budget", "per-user").severity, AlertSeverity::kTicket);
  EXPECT_EQ(Of(readings, "budget", "per-user").value, 2);
  daily.exhausted = false;
  EXPECT_EQ(JudgeBudgets({daily})[0].verdict, Verdict::kOk);
}

TEST(JudgeSpool, FillsAgesAndRefuses) {
  const RuleSpec spec = Spec("spool");
  const auto reading = [&](SpoolFigure figure) { return JudgeSpool(spec, figure)[0]; };
  EXPECT_EQ(reading({.bytes = 10, .bytes_max = 100}).verdict, Verdict::kOk);
  EXPECT_EQ(reading({.bytes = 60, .bytes_max = 100}).verdict, Verdict::kBreach);
  EXPECT_EQ(reading({.bytes = 90, .bytes_max = 100}).severity, AlertSeverity::kPage);
  EXPECT_EQ(reading({.bytes = 1, .bytes_max = 100, .oldest_age_ns = 6 * kNanosPerMinute}).verdict,
            Verdict::kBreach);
  EXPECT_EQ(reading({.bytes = 1, .bytes_max = 100, .accepting = false}).severity,
            AlertSeverity::kPage);
}

TEST(JudgeExportsAndBreakers, Thresholds) {
  const RuleSpec spec = Spec("export");
  EXPECT_EQ(JudgeExports(spec, {{.target = "lake", .lag_s = 299}})[0].verdict, Verdict::kHold);
  EXPECT_EQ(JudgeExports(spec, {{.target = "lake", .lag_s = 301}})[0].verdict, Verdict::kBreach);
  EXPECT_EQ(JudgeBreakers({{.provider = "p", .state = "open"}})[0].verdict, Verdict::kBreach);
  EXPECT_EQ(JudgeBreakers({{.provider = "p", .state = "half_open"}})[0].verdict, Verdict::kHold);
  EXPECT_EQ(JudgeBreakers({{.provider = "p", .state = "closed"}})[0].verdict, Verdict::kOk);
}

TEST(FindLoop, RepeatedStepsWithOrWithoutModelCalls) {
  const LoopOptions options;
  const LoopHashes hashes(options);
  const auto steps = [](int rounds, bool with_models, bool other_results) {
    std::vector<TraceStep> out;
    for (int i = 0; i < rounds; ++i) {
      const UnixNanos at = 1000 + i * 100;
      if (with_models) out.push_back({.agent = "a", .start_ns = at, .end_ns = at + 10});
      out.push_back({.is_tool = true,
                     .agent = "a",
                     .start_ns = at + 20,
                     .end_ns = at + 30,
                     .tool = "search",
                     .arguments = R"(={"q":1})",
                     .result = other_results ? "=" + std::to_string(i) : "=none"});
    }
    return out;
  };
  ASSERT_TRUE(FindLoop(steps(5, true, false), options, hashes));
  EXPECT_EQ(FindLoop(steps(5, true, false), options, hashes)->detector, Detector::kL1);
  EXPECT_TRUE(FindLoop(steps(5, false, false), options, hashes)) << "nobody recorded the model";
  EXPECT_FALSE(FindLoop(steps(4, true, false), options, hashes));
  EXPECT_FALSE(FindLoop(steps(9, true, true), options, hashes)) << "it gets on";
  // The same call five times at once is one decision.
  std::vector<TraceStep> parallel = steps(5, false, false);
  for (TraceStep& step : parallel) step.start_ns = 1000, step.end_ns = 2000;
  EXPECT_FALSE(FindLoop(parallel, options, hashes));
}

TEST(BuiltInRules, TableOverridesAndErrors) {
  AlertOptions options;
  options.rules["latency_p99"].threshold = 4;
  options.rules["unpriced"].enabled = false;
  StaticFigures figures;
  const auto rules = BuiltInRules(options, figures);
  ASSERT_TRUE(rules.ok()) << rules.status().ToString();
  ASSERT_EQ(rules->size(), BuiltInRuleSpecs().size());
  for (size_t i = 0; i < rules->size(); ++i) {
    EXPECT_EQ((*rules)[i]->spec().id, BuiltInRuleSpecs()[i].id);
  }
  EXPECT_EQ((*rules)[0]->spec().threshold, 4);
  const auto bad = [&](AlertOptions of, const char* words) {
    const auto status = BuiltInRules(of, figures).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message().data(), status.message().size()), HasSubstr(words));
  };
  AlertOptions unknown;
  unknown.rules["latency_p9"].threshold = 4;
  bad(unknown, "there is no rule \"latency_p9\" (did you mean \"latency_p99\"?)");
  AlertOptions share;
  share.rules["error_rate"].threshold = 5;
  bad(share, "alerts.rules.error_rate.threshold is 5; it must be a share between 0 and 1");
  EXPECT_TRUE(BuiltInRules(unknown, figures, std::vector<std::string_view>{"latency_p9"}).ok());
}

}  // namespace
}  // namespace pitot
