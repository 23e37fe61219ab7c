#include "alert/preflight/preflight_test_util.h"

namespace pitot {
namespace {

class InsPointsTest : public PreflightTestBase {};
PITOT_FOR_EACH_STORE(InsPointsTest);

TEST_P(InsPointsTest, FieldsOfCalls) {
  const TestSpan failed = Call()
                              .With("status", "\"error\"")
                              .With("error_category", "\"rate_limit\"")
                              .Without("usage")
                              .Without("cost")
                              .Without("finish_reason");
  Run("INS-01",
      {
          {"all there", Lines(Call(), 60), kPass, "60 calls have tokens"},
          {"failed calls owe no usage", Lines(Call(), 55) + Lines(failed, 10), kPass, "65 calls"},
          {"no traffic", "", kLack, "0 model calls"},
          {"too little", Lines(Call(), 49), kLack, "50 are needed"},
          {"one in ten has no finish_reason",
           Lines(Call(), 54) + Lines(Call().Without("finish_reason"), 6), kFail,
           "6 of 60 calls (10 %) have no finish_reason, most of them gpt-5-mini"},
          {"no usage", Lines(Call(), 50) + Lines(Call().Without("usage").Without("cost"), 10),
           kFail, "10 of 60 calls (16.6 %) have no tokens"},
          {"cost unknown", Lines(Call(), 50) + Lines(Call().Without("cost"), 3), kFail,
           "have no cost"},
      });
}

TEST_P(InsPointsTest, FieldsOfToolCalls) {
  const TestSpan failed = Tool().With("status", "\"error\"").With("tool_status", "\"timeout\"");
  Run("INS-02", {
                    {"all there",
                     Lines(Tool(), 50) + Lines(failed.With("error_category", "\"timeout\""), 4) +
                         Lines(Tool().With("retry_count", "1"), 1),
                     kPass, "55 tool calls have a status, 4 that failed a category; 1 retry"},
                    {"no tools", Lines(Call(), 60), kLack, "0 tool calls"},
                    {"no status", Lines(Tool(), 55) + Lines(Tool().Without("tool_status"), 5),
                     kFail, "5 of 60 tool calls (8.3 %) have no status, first of all search"},
                    {"no category", Lines(Tool(), 55) + Lines(failed, 5), kFail,
                     "5 of 5 tool calls (100 %) that failed have no error category"},
                });
}

TEST_P(InsPointsTest, ErrorsAreRecorded) {
  const TestSpan failed = Call()
                              .With("status", "\"error\"")
                              .With("error_category", "\"internal\"")
                              .Without("usage")
                              .Without("cost")
                              .Without("finish_reason");
  const TestSpan event = failed.With("events", R"([{"time_ns":1,"name":"exception"}])");
  // What the sandbox's gateway would have recorded of its call, and what the program sends.
  sandbox_.write = [this](std::string lines) {
    const size_t at = lines.find("\"trace_id\":\"") + 12;
    const std::string trace = lines.substr(at, 32);
    const TestSpan call = Call()
                              .With("trace_id", fmt::format("\"{}\"", trace))
                              .With("status", "\"error\"")
                              .With("error_category", "\"internal\"");
    return Ingested(std::move(lines) + Lines(call, 1, 0), std::string(kSandboxProject));
  };
  sandbox_.script.answers = {{.status = 500}};
  Run("INS-03", {{"no errors", Lines(Call(), 5), kPass, "no span failed"}});
  now_ += kNanosPerMilli;  // Another run, other ids.
  Run("INS-03",
      {
          {"recorded as events or types",
           Lines(event, 5) + Lines(failed.With("error_type", "\"HTTP500\""), 5), kPass,
           "10 of 10 failed spans (100 %) say what was raised; a provider's 500 reached the caller "
           "and the probe's root (internal)"},
          {"one in five says nothing", Lines(event, 8) + Lines(failed, 2), kFail,
           "2 of 10 failed spans (20 %) say nothing of what was raised, most of them \"chat\""},
      });
  now_ += kNanosPerMilli;  // Another run, other ids.
  sandbox_.script.answers = {{.status = 200}};
  Run("INS-03", {{"the error is swallowed", "", kFail, "reached the caller as 200"}});
  now_ += kNanosPerMilli;
  sandbox_.script.answers = {{.status = 500}};
  sandbox_.write = nullptr;
  Run("INS-03", {{"the call is not recorded", "", kFail, "is in no call of the probe's trace"}});
}

TEST_P(InsPointsTest, ContextReachesSubAgents) {
  // With the parent's spans, the calls that the gateway saw: traceparent says where they belong.
  bool recorded = true;
  sandbox_.write = [&](std::string lines) {
    if (lines.find("\"planner\"") != std::string::npos && recorded) {
      for (const SandboxCall& call : sandbox_.script.calls) {
        lines +=
            Lines(Call()
                      .With("trace_id", fmt::format("\"{}\"", call.traceparent.substr(3, 32)))
                      .With("parent_id", fmt::format("\"{}\"", call.traceparent.substr(36, 16))),
                  1, 0);
      }
    }
    return Ingested(std::move(lines), std::string(kSandboxProject));
  };
  const TestSpan orphan = Call().With("parent_id", "\"00000000000000ff\"");
  Run("INS-04", {{"too little traffic", "", kLack, "0 spans"}});
  now_ += kNanosPerMilli;  // Another run, other ids.
  Run("INS-04", {{"all there", Lines(Call(), 60), kPass,
                  "0 of 60 spans (0 %) have a parent that never came; the probe's child agent is "
                  "part of its parent's trace: 1 root, 0 orphans, 2 model calls"}});
  now_ += kNanosPerMilli;
  Run("INS-04", {{"orphans", Lines(Call(), 60) + Lines(orphan, 6), kFail,
                  "6 of 66 spans (9 %) have a parent that never came"}});
  now_ += kNanosPerMilli;
  recorded = false;
  Run("INS-04", {{"the calls are not in the trace", Lines(Call(), 60), kFail, "0 model calls"}});
}

TEST_P(InsPointsTest, Streams) {
  const TestSpan streamed = Call().With("streaming", "true").With("ttft_ns", "200000000");
  Run("INS-05",
      {
          {"both there", Lines(streamed, 60), kPass, "60 of 60 streamed calls (100 %)"},
          {"nothing streams", Lines(Call(), 60), kPass, "no call streams"},
          {"few stream", Lines(Call(), 60) + Lines(streamed, 5), kLack, "5 streamed calls"},
          {"no first token", Lines(streamed, 55) + Lines(streamed.Without("ttft_ns"), 5), kFail,
           "55 of 60 streamed calls (91.6 %)"},
          {"no usage", Lines(streamed, 55) + Lines(streamed.Without("usage"), 5), kFail,
           "55 of 60 streamed calls"},
      });
}

TEST_P(InsPointsTest, PromptVersions) {
  Run("INS-06",
      {
          {"all", Lines(Call(), 60), kPass, "60 of 60 calls (100 %) name prompt and version"},
          {"a few do not", Lines(Call(), 59) + Lines(Call().Without("prompt_version"), 1), kPass,
           "59 of 60"},
          {"a feature does not",
           Lines(Call(), 50) +
               Lines(Call().Without("prompt_name").With("feature", "\"search\""), 10),
           kFail, "most that do not come from \"search\""},
      });
}

TEST_P(InsPointsTest, Tags) {
  Run("INS-07", {
                    {"all", Lines(Call(), 60), kPass, "60 calls name feature, user and session"},
                    {"no session", Lines(Call(), 50) + Lines(Call().Without("session_id"), 10),
                     kFail, "10 of 60 calls (16.6 %) name no session"},
                    {"no user", Lines(Call(), 50) + Lines(Call().Without("user_id"), 10), kFail,
                     "10 of 60 calls (16.6 %) name no user"},
                    {"users by their address",
                     Lines(Call(), 59) + Lines(Call().With("user_id", "\"ada@example.com\""), 1),
                     kFail, "1 of 60 calls (1.6 %) name their user by address"},
                });
}

TEST_P(InsPointsTest, Prices) {
  const TestSpan unpriced =
      Call().Without("cost").With("model", "\"house-1\"").With("provider", "\"house\"");
  Run("INS-08", {{"no bill", Lines(Call(), 60), kLack, "no comparison with a provider's bill"},
                 {"a model without a price", Lines(Call(), 60) + Lines(unpriced, 2), kFail,
                  "2 of 62 calls (3.2 %) have no price, first of all house-1"}});
  Preflight preflight(Deps());
  const auto record = [&](const char* project, const char* percent) {
    ASSERT_TRUE(Ingested(Lines(Call(), 60), project).ok());
    ASSERT_TRUE(preflight
                    .Record({.project = project, .id = "INS-08", .by = "finance", .actor = "test"},
                            {{"difference_percent", percent}}, now_)
                    .ok());
  };
  record("bill-near", "1.4");
  Expect(kPass, "INS-08", "bill-near",
         "each of 1 model has a price; the ledger and the provider's bill differ by 1.4 %", "near");
  record("bill-far", "-3");
  Expect(kFail, "INS-08", "bill-far", "differ by -3 %", "far");
}

}  // namespace
}  // namespace pitot
