#include "alert/runbook/runbook.h"

#include <gmock/gmock.h>

#include "alert/runbook/runbook_test_util.h"
#include "base/status.h"

namespace pitot {
namespace {

using testing::HasSubstr;
using testing::Not;

class RunbookTest : public RunbookTestBase {
 protected:
  static constexpr int64_t kDay = 26 * kHour;
  static constexpr int64_t kEvery = 30 * kNanosPerSecond;
  // A minute of it: what an alert that fires at once has to go by.
  static constexpr UnixNanos kBegan = kNow - 70 * kNanosPerSecond;

  // Ordinary until `since`, then busier, so that a minute has some calls.
  void Day(const std::function<void(TrafficRun&)>& inject) {
    Traffic(kNow - kDay, kEvery, inject);
    Traffic(kNow - 20 * kMinute, 3 * kNanosPerSecond, inject);
  }

  static RunbookInput Alert(std::string name, Labels labels, UnixNanos active_at = kNow - kMinute) {
    RunbookInput input;
    input.fingerprint = 1;
    input.labels = std::move(labels);
    input.labels["alertname"] = std::move(name);
    input.active_at = active_at;
    return input;
  }
};

TEST_P(RunbookTest, AnUpstreamThatIsSlowIsNamedFirst) {
  Day([](TrafficRun& run) {
    if (run.start < kBegan) return;
    for (TrafficSpan& span : run.steps) {
      if (span.kind != "llm" || span.provider != "openai") continue;
      span.seconds *= 5;
      span.ttft *= 5;
    }
  });
  const RunbookReport report =
      Report("latency", Alert("LatencyP99High", {{"provider", "openai"}, {"model", "gpt-5"}}));
  ASSERT_FALSE(report.causes.empty()) << Shown(report);
  EXPECT_EQ(report.causes[0].kind, "provider_slow") << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("openai")) << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("features that call it")) << Shown(report);
  EXPECT_NEAR(static_cast<double>(report.since - kBegan) / kNanosPerSecond, 10, 30)
      << Shown(report);
  EXPECT_THAT(report.steps[0].words, HasSubstr("Prompts and answers are as long as usual"))
      << Shown(report);
}

TEST_P(RunbookTest, APromptThatMakesAnswersLongerIsNamedBeforeTheProvider) {
  Day([](TrafficRun& run) {
    if (run.start < kNow - 12 * kMinute || run.feature != "support") return;
    for (TrafficSpan& span : run.steps) {
      if (span.kind != "llm") continue;
      span.version = "5";
      span.output_tokens *= 4;
      span.seconds *= 3.5;
      span.ttft = 0.4;
    }
  });
  const RunbookReport report = Report("latency");
  ASSERT_FALSE(report.causes.empty()) << Shown(report);
  EXPECT_THAT(report.causes[0].kind, testing::AnyOf("prompt_changed", "longer_answers"))
      << Shown(report);
  EXPECT_THAT(ReportText(report, 2), HasSubstr("planner v5 came into use")) << Shown(report);
}

TEST_P(RunbookTest, ASlowToolIsNotBlamedOnTheModel) {
  Day([](TrafficRun& run) {
    if (run.start < kNow - 5 * kMinute) return;
    for (TrafficSpan& span : run.steps) {
      if (span.tool == "search_web") span.seconds *= 20;
    }
  });
  const RunbookReport report = Report("latency");
  ASSERT_FALSE(report.causes.empty()) << Shown(report);
  EXPECT_EQ(report.causes[0].kind, "tool_slow") << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("search_web")) << Shown(report);
}

TEST_P(RunbookTest, AnApprovedFasterModelIsOffered) {
  actions_.approved_models = {"gpt-*-mini", "claude-*"};
  Day([](TrafficRun& run) {
    if (run.start < kNow - 10 * kMinute) return;
    for (TrafficSpan& span : run.steps) {
      if (span.model == "gpt-5") span.seconds *= 12;
    }
  });
  const RunbookReport report = Report("latency");
  const Finding& faster = report.steps[3];
  ASSERT_EQ(faster.actions.size(), 1u) << Shown(report);
  EXPECT_EQ(faster.actions[0].kind, ActionKind::kReroute);
  EXPECT_EQ(faster.actions[0].settings.to_upstream, "") << "the same";
  EXPECT_EQ(faster.actions[0].settings.to_model, "gpt-5-mini");
  EXPECT_EQ(faster.actions[0].target.model, "gpt-5");
  const Finding& slow = report.steps[4];
  EXPECT_THAT(slow.words, HasSubstr("over 30 s")) << Shown(report);
}

TEST_P(RunbookTest, AChangedDefinitionIsNamedFirst) {
  Day([&](TrafficRun& run) {
    if (run.start < kBegan || run.feature != "billing") return;
    for (TrafficSpan& span : run.steps) {
      if (span.kind == "llm") span.definitions = Definitions("customer_id");
      if (span.tool == "search_orders" && random_() % 5 < 3) {
        span.tool_status = "invalid_args";
        span.status = "error";
      }
    }
  });
  const RunbookReport report =
      Report("errors", Alert("ToolArgumentsInvalid", {{"tool", "search_orders"}}));
  ASSERT_FALSE(report.causes.empty()) << Shown(report);
  EXPECT_EQ(report.causes[0].kind, "tool_schema_changed") << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("search_orders: ")) << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("have invalid arguments")) << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("since its definition changed at 11:0"))
      << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("customer_id is new and required"))
      << Shown(report);
  EXPECT_FALSE(report.causes[0].trace_ids.empty());
}

TEST_P(RunbookTest, APromptThatBreaksArgumentsIsNamedFirst) {
  Day([&](TrafficRun& run) {
    if (run.start < kNow - 8 * kMinute || run.feature != "billing") return;
    for (TrafficSpan& span : run.steps) {
      span.version = "5";
      if (span.tool == "search_orders" && random_() % 5 < 2) {
        span.tool_status = "invalid_args";
        span.status = "error";
      }
    }
  });
  const RunbookReport report = Report("errors");
  ASSERT_FALSE(report.causes.empty()) << Shown(report);
  EXPECT_EQ(report.causes[0].kind, "prompt_changed") << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("since prompt planner v5 came into use"))
      << Shown(report);
}

TEST_P(RunbookTest, RateLimitsNameWhoCallsMore) {
  Day([&](TrafficRun& run) {
    if (run.start < kNow - 6 * kMinute) return;
    for (TrafficSpan& span : run.steps) {
      if (span.model == "gpt-5" && random_() % 3 == 0) {
        span.status = "error";
        span.category = "rate_limit";
      }
    }
  });
  Traffic(kNow - 6 * kMinute, kNanosPerSecond, [&](TrafficRun& run) {
    run.feature = "support";
    for (TrafficSpan& span : run.steps) {
      if (span.model == "gpt-5" && random_() % 3 == 0) {
        span.status = "error";
        span.category = "rate_limit";
      }
    }
  });
  const RunbookReport report = Report("errors");
  ASSERT_FALSE(report.causes.empty()) << Shown(report);
  EXPECT_EQ(report.causes[0].kind, "load") << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("openai gpt-5: ")) << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("most by feature support")) << Shown(report);
}

TEST_P(RunbookTest, AnAgentThatLoopsIsNamedFirst) {
  Day(nullptr);
  TrafficRun loop;
  loop.start = kNow - 3 * kMinute;
  loop.feature = "search";
  loop.user = "u1";
  for (int i = 0; i < 23; ++i) {
    TrafficSpan call;
    call.usd = 0.03;
    call.seconds = 3;
    loop.steps.push_back(call);
    TrafficSpan tool;
    tool.kind = "tool";
    tool.tool = "search_web";
    tool.tool_status = "success";
    tool.seconds = 0.2;
    tool.arguments = R"({"q":"weather"})";
    tool.result = "nothing found";
    loop.steps.push_back(tool);
  }
  const std::string trace = AddRun(loop);
  Flush();
  for (const bool named : {true, false}) {
    RunbookInput input = named ? Alert("RunawayTrace", {{"feature", "search"}}) : RunbookInput{};
    if (named) input.trace_ids = {trace};
    const RunbookReport report = Report("cost", input);
    ASSERT_FALSE(report.causes.empty()) << Shown(report);
    EXPECT_EQ(report.causes[0].kind, "loop") << Shown(report);
    EXPECT_THAT(report.causes[0].words,
                HasSubstr("trace " + trace.substr(0, 8) +
                          ": search_web called 23 times in a row with the same arguments and the "
                          "same result"))
        << Shown(report);
    EXPECT_EQ(report.causes[0].trace_ids, std::vector<std::string>{trace});
    ASSERT_FALSE(report.steps[2].actions.empty()) << Shown(report);
    EXPECT_EQ(report.steps[2].actions[0].kind, ActionKind::kBlockTrace);
    EXPECT_EQ(report.steps[2].actions[0].target.trace_id, trace);
  }
}

TEST_P(RunbookTest, AFeatureThatCostsMoreIsNamedWithWhy) {
  Day([](TrafficRun& run) {
    if (run.start < kNow - 40 * kMinute || run.feature != "support") return;
    for (TrafficSpan& span : run.steps) {
      span.input_tokens *= 8;
      span.usd *= 8;
    }
  });
  const RunbookReport report = Report("cost");
  ASSERT_FALSE(report.causes.empty()) << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("eature support costs")) << Shown(report);
  EXPECT_THAT(report.summary, HasSubstr("more")) << Shown(report);
}

TEST_P(RunbookTest, CutAnswersAreLookedAtWhenTheAlertIsAboutThem) {
  Day([&](TrafficRun& run) {
    if (run.start < kNow - 10 * kMinute || run.feature != "support") return;
    for (TrafficSpan& span : run.steps) {
      span.version = "5";
      if (span.kind == "llm" && random_() % 2 == 0) span.finish = "length";
    }
  });
  EXPECT_TRUE(Report("errors").causes.empty()) << "they are no failures";
  const RunbookReport report = Report("errors", Alert("AnswersCutOff", {{"model", "gpt-5"}}));
  ASSERT_FALSE(report.causes.empty()) << Shown(report);
  EXPECT_EQ(report.causes[0].kind, "prompt_changed") << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("are cut off for their length")) << Shown(report);
}

TEST_P(RunbookTest, CallsWithoutAPriceAreNamed) {
  Day([](TrafficRun& run) {
    if (run.start < kNow - 10 * kMinute) return;
    for (TrafficSpan& span : run.steps) span.usd = span.model == "gpt-5-mini" ? -1 : span.usd;
  });
  const RunbookReport report = Report("cost", Alert("UnpricedModel", {{"model", "gpt-5-mini"}}));
  ASSERT_FALSE(report.causes.empty()) << Shown(report);
  EXPECT_EQ(report.causes[0].kind, "unpriced_model") << Shown(report);
  EXPECT_THAT(report.causes[0].words, HasSubstr("openai gpt-5-mini have no known price"));
}

TEST_P(RunbookTest, WhenNothingIsWrongItSaysSo) {
  Day(nullptr);
  for (const char* name : {"latency", "errors"}) {
    const RunbookReport report = Report(name);
    EXPECT_TRUE(report.causes.empty()) << Shown(report);
    EXPECT_EQ(report.since, 0) << Shown(report);
  }
  const RunbookReport errors = Report("errors");
  EXPECT_THAT(errors.summary, HasSubstr("no kind of failure is more frequent than usual"));
}

TEST_P(RunbookTest, WithoutAnyDataEachStepSaysWhatItCannotTell) {
  for (const std::string_view name : kRunbookNames) {
    const RunbookReport report = Report(name);
    EXPECT_TRUE(report.causes.empty()) << Shown(report);
    EXPECT_FALSE(report.summary.empty()) << name;
    EXPECT_THAT(ReportText(report), HasSubstr("No cause was found")) << name;
  }
}

TEST_P(RunbookTest, UnknownNamesAreRefused) {
  const QueryContext query{.engine = engine(), .limits = limits_, .now = kNow};
  EXPECT_EQ(RunRunbook("x", {}, {.query = query}).status().code(), absl::StatusCode::kNotFound);
}

PITOT_FOR_EACH_STORE(RunbookTest);

}  // namespace
}  // namespace pitot
