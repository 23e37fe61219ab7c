#include "gateway/runs/runs.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace pitot {
namespace {

constexpr UnixNanos kStart = 1'700'000'000 * kNanosPerSecond;
constexpr RunCaller kCaller = {.project = "default", .key = "key-1"};

RunOptions Options() {
  RunOptions options;
  options.seed = 1;
  return options;
}

// An OpenAI chat client that keeps its history.
class Chat {
 public:
  explicit Chat(Runs& runs, RunCaller caller = kCaller) : runs_(runs), caller_(caller) {}

  Chat& User(const std::string& text) {
    history_.push_back(fmt::format(R"({{"role":"user","content":"{}"}})", text));
    return *this;
  }

  RunCall Begin(UnixNanos now) {
    body_ = Body();
    return runs_.Begin(caller_, WireApi::kOpenAiChat,
                       ReadRequest(WireApi::kOpenAiChat, body_, true), now);
  }

  void End(const RunCall& call, const std::string& message, UnixNanos now,
           std::optional<NanoUsd> cost = NanoUsd{1'000'000}) {
    ResponseReader reader(WireApi::kOpenAiChat, {});
    reader.Put(R"({"id":"x","object":"chat.completion","model":"m","choices":[{"index":0,)"
               R"("finish_reason":"stop","message":)" +
               message + R"(}],"usage":{"prompt_tokens":10,"completion_tokens":1}})");
    reader.Finish();
    runs_.End(call, reader.Take(), cost, now);
    history_.push_back(message);
  }

  RunCall Say(const std::string& text, UnixNanos now) {
    const RunCall call = Begin(now);
    if (!call.blocked) End(call, Text(text), now + kNanosPerSecond);
    return call;
  }

  // The answer calls a tool, whose result is in the history then.
  RunCall Tool(const std::string& name, const std::string& result, UnixNanos now) {
    const std::string id = fmt::format("call_{:012}", ids_.fetch_add(1));
    const RunCall call = Begin(now);
    if (call.blocked) return call;
    End(call, ToolCall(id, name), now + kNanosPerSecond);
    history_.push_back(
        fmt::format(R"({{"role":"tool","tool_call_id":"{}","content":"{}"}})", id, result));
    return call;
  }

  static std::string Text(const std::string& text) {
    return fmt::format(R"({{"role":"assistant","content":"{}"}})", text);
  }
  static std::string ToolCall(const std::string& id, const std::string& name) {
    return fmt::format(
        R"({{"role":"assistant","content":null,"tool_calls":[{{"id":"{}","type":"function",)"
        R"("function":{{"name":"{}","arguments":"{{}}"}}}}]}})",
        id, name);
  }

  std::string Body() const {
    return fmt::format(R"({{"model":"m","messages":[{}]}})", fmt::join(history_, ","));
  }

  RunCaller& caller() { return caller_; }
  std::vector<std::string>& history() { return history_; }

 private:
  Runs& runs_;
  RunCaller caller_;
  std::vector<std::string> history_;
  std::string body_;
  inline static std::atomic<int> ids_ = 0;
};

TEST(Runs, UsersWhoBeginAlikeAreNotJoined) {
  Runs runs(Options());
  Chat ann(runs);
  Chat bob(runs);
  const RunCall ann1 = ann.User("hi").Say("Hello!", kStart);
  const RunCall bob1 = bob.User("hi").Say("Hello!", kStart);
  EXPECT_TRUE(ann1.new_trace);
  EXPECT_TRUE(bob1.new_trace);
  EXPECT_NE(ann1.trace_id, bob1.trace_id);
  const RunCall ann2 = ann.User("what is a?").Say("a", kStart);
  const RunCall bob2 = bob.User("what is b?").Say("b", kStart);
  const RunCall ann3 = ann.User("thanks").Say("ok", kStart);
  const RunCall bob3 = bob.User("thanks").Say("ok", kStart);
  EXPECT_FALSE(ann2.new_trace);
  EXPECT_NE(ann2.trace_id, bob2.trace_id) << "each goes on in a trace of its own";
  EXPECT_EQ(ann2.trace_id, ann3.trace_id);
  EXPECT_EQ(bob2.trace_id, bob3.trace_id);
  EXPECT_EQ(ann3.step, 3);
}

TEST(Runs, ConversationsStayWithinProjectKeyUserAndSession) {
  const auto traces = [](RunCaller other) {
    Runs runs(Options());
    Chat chat(runs);
    const RunCall first = chat.User("hi").Say("Hello!", kStart);
    chat.caller() = other;
    return first.trace_id == chat.User("more").Say("x", kStart).trace_id;
  };
  EXPECT_TRUE(traces(kCaller));
  EXPECT_FALSE(traces({.project = "other", .key = "key-1"}));
  EXPECT_FALSE(traces({.project = "default", .key = "key-2"}));
  EXPECT_FALSE(traces({.project = "default", .key = "key-1", .session = "s"}));
  EXPECT_FALSE(traces({.project = "default", .key = "key-1", .user = "u"}));
}

TEST(Runs, TheSameRequestIsANewRunUnlessAnSdkTriesAgain) {
  Runs runs(Options());
  Chat chat(runs);
  const RunCall first = chat.User("hi").Begin(kStart);
  Chat again(runs);
  const RunCall second = again.User("hi").Begin(kStart);
  EXPECT_NE(first.trace_id, second.trace_id);
  chat.caller().sdk_retry_count = 1;
  const RunCall retry = chat.Begin(kStart);
  EXPECT_TRUE(retry.retry);
  EXPECT_FALSE(retry.new_trace);
  EXPECT_NE(retry.span_id, second.span_id);
  EXPECT_EQ(retry.step, 1);
  EXPECT_TRUE(retry.trace_id == first.trace_id || retry.trace_id == second.trace_id);
}

TEST(Runs, ARetryWhoseAnswerGotLostIsTheSameStep) {
  Runs runs(Options());
  Chat chat(runs);
  const RunCall first = chat.User("hi").Begin(kStart);
  chat.End(first, Chat::Text("Hello!"), kStart);
  chat.history().pop_back();
  chat.caller().sdk_retry_count = 1;
  const RunCall retry = chat.Begin(kStart);
  EXPECT_EQ(retry.trace_id, first.trace_id);
  EXPECT_EQ(retry.step, 1);
  chat.End(retry, Chat::Text("Hi!"), kStart);
  chat.caller().sdk_retry_count = 0;
  EXPECT_EQ(chat.User("more").Begin(kStart).trace_id, first.trace_id);
}

TEST(Runs, ALateEndOfAnEarlierAttemptChangesNothing) {
  Runs runs(Options());
  Chat chat(runs);
  const RunCall first = chat.User("hi").Begin(kStart);
  chat.caller().sdk_retry_count = 1;
  const RunCall retry = chat.Begin(kStart);
  chat.End(retry, Chat::Text("Hello!"), kStart);
  runs.End(first, {}, std::nullopt, kStart);
  chat.caller().sdk_retry_count = 0;
  const RunCall next = chat.User("more").Begin(kStart);
  EXPECT_EQ(next.trace_id, first.trace_id);
  EXPECT_EQ(next.step, 2);
}

TEST(Runs, TraceparentWinsOverEverything) {
  Runs runs(Options());
  Chat chat(runs);
  chat.caller().trace_id = TraceId::FromBytes("0123456789abcdef");
  chat.caller().parent_span_id = SpanId::FromBytes("01234567");
  chat.caller().run_id = "session-1";
  const RunCall call = chat.User("hi").Say("Hello!", kStart);
  EXPECT_EQ(call.trace_id, chat.caller().trace_id);
  EXPECT_EQ(call.parent_span_id, chat.caller().parent_span_id);
  EXPECT_FALSE(call.new_trace);
  EXPECT_TRUE(call.agents.empty());
}

TEST(Runs, SessionsHaveATreeOfAgents) {
  Runs runs(Options());
  Chat main(runs);
  main.caller().run_id = "session-1";
  const RunCall first = main.User("hi").Say("Hello!", kStart);
  ASSERT_EQ(first.agents.size(), 1u);
  EXPECT_TRUE(first.agents[0].opened);
  EXPECT_TRUE(first.agents[0].parent_span_id.empty());
  EXPECT_EQ(first.agents[0].name, "session");
  EXPECT_EQ(first.parent_span_id, first.agents[0].span_id);

  Chat worker(runs);
  worker.caller().run_id = "session-1";
  worker.caller().agent_id = "a2";
  worker.caller().parent_agent_id = "a1";  // Has not called yet.
  const RunCall below = worker.User("work").Say("done", kStart + 5);
  EXPECT_EQ(below.trace_id, first.trace_id);
  ASSERT_EQ(below.agents.size(), 3u);
  EXPECT_FALSE(below.agents[0].opened);
  EXPECT_TRUE(below.agents[1].opened);
  EXPECT_EQ(below.agents[1].agent_id, "a1");
  EXPECT_EQ(below.agents[2].agent_id, "a2");
  EXPECT_EQ(below.agents[2].parent_span_id, below.agents[1].span_id);
  EXPECT_EQ(below.agents[2].start_ns, kStart + 5);
  EXPECT_EQ(below.depth, 2);
  EXPECT_EQ(below.step, 2);

  Chat other(runs, {.project = "other", .key = "key-1", .run_id = "session-1"});
  EXPECT_NE(other.User("hi").Begin(kStart).trace_id, first.trace_id) << "of another project";
}

TEST(Runs, ToolSpansHaveTheSameIdsInEveryProcess) {
  const auto tools = [](uint64_t seed) {
    RunOptions options = Options();
    options.seed = seed;
    Runs runs(options);
    Chat chat(runs);
    chat.caller().trace_id = TraceId::FromBytes("0123456789abcdef");
    const RunCall first = chat.User("go").Begin(kStart);
    chat.End(first, Chat::ToolCall("call_abcdefghijkl", "read"), kStart + 10);
    chat.history().push_back(
        R"({"role":"tool","tool_call_id":"call_abcdefghijkl","content":"text"})");
    return chat.Begin(kStart + 30).tools;
  };
  const std::vector<SeenTool> a = tools(1);
  const std::vector<SeenTool> b = tools(2);
  ASSERT_EQ(a.size(), 1u);
  ASSERT_EQ(b.size(), 1u);
  EXPECT_EQ(a[0].span_id, b[0].span_id);
  EXPECT_EQ(a[0].call_id, "call_abcdefghijkl");
  EXPECT_EQ(a[0].name, "read");
  EXPECT_EQ(a[0].arguments, "{}");
  EXPECT_EQ(a[0].result, "text");
  EXPECT_EQ(a[0].start_ns, kStart + 10);
  EXPECT_EQ(a[0].end_ns, kStart + 30);
}

TEST(Runs, HistoryThatWasNotSeenIsNotCountedButJudged) {
  RunOptions options = Options();
  options.mode = LoopMode::kEnforce;
  std::vector<std::string> history;
  {
    Runs before(Options());
    Chat chat(before);
    chat.User("go");
    for (int i = 0; i < 5; ++i) chat.Tool("look", "nothing", kStart);
    history = chat.history();
  }
  Runs after(options);
  Chat chat(after);
  chat.history() = history;
  const RunCall call = chat.Begin(kStart);
  EXPECT_TRUE(call.new_trace);
  EXPECT_TRUE(call.tools.empty()) << "they are another trace's";
  ASSERT_TRUE(call.blocked);
  EXPECT_EQ(call.blocked->detector, Detector::kL1);
}

TEST(Runs, AnAnswerThatIsAskedForAgainBelongsToTheRun) {
  Runs runs(Options());
  Chat chat(runs);
  const RunCall first = chat.User("go").Tool("look", "a", kStart);
  chat.Tool("look", "b", kStart);
  chat.User("and?");
  const std::vector<std::string> fork = chat.history();
  EXPECT_EQ(chat.Say("well", kStart).tools.size(), 1u);
  Chat other(runs);
  other.history() = fork;
  other.history().back() = R"({"role":"user","content":"or?"})";
  const RunCall call = other.Begin(kStart);
  EXPECT_EQ(call.trace_id, first.trace_id);
  EXPECT_TRUE(call.tools.empty()) << "given out already";
  EXPECT_TRUE(call.findings.empty());
}

TEST(Runs, AnAnswerThatWasCutIsStillContinued) {
  Runs runs(Options());
  Chat chat(runs);
  const RunCall first = chat.User("write").Begin(kStart);
  WireResult cut;
  cut.text = "Once up";
  runs.End(first, cut, NanoUsd{1}, kStart);
  chat.history().push_back(Chat::Text("Once"));
  EXPECT_EQ(chat.User("stop").Begin(kStart).trace_id, first.trace_id);
}

TEST(Runs, APersonIsLetThroughAProgramIsNot) {
  const auto blocked_after = [](int64_t pause_ms) {
    RunOptions options = Options();
    options.mode = LoopMode::kEnforce;
    Runs runs(options);
    Chat chat(runs);
    chat.User("go");
    UnixNanos now = kStart;
    for (int i = 0; i < 6; ++i) chat.Tool("look", "nothing", now += 2 * kNanosPerSecond);
    EXPECT_TRUE(chat.Begin(now).blocked) << "and again, as the SDK may try";
    now += pause_ms * kNanosPerMilli;
    return chat.User("Go on").Begin(now).blocked.has_value();
  };
  EXPECT_TRUE(blocked_after(50));
  EXPECT_FALSE(blocked_after(5000));
}

TEST(Runs, RefusedCallsAreNoSteps) {
  RunOptions options = Options();
  options.mode = LoopMode::kEnforce;
  Runs runs(options);
  Chat chat(runs);
  chat.User("go");
  for (int i = 0; i < 5; ++i) chat.Tool("look", "nothing", kStart);
  for (int i = 0; i < 3; ++i) {
    const RunCall call = chat.Begin(kStart);
    ASSERT_TRUE(call.blocked);
    EXPECT_EQ(call.step, 6);
    EXPECT_EQ(call.blocked->step, 6);
  }
  EXPECT_EQ(runs.totals().blocked, 3);
  EXPECT_TRUE(runs.Resume(chat.Begin(kStart).trace_id));
  const RunCall call = chat.Tool("look", "nothing", kStart);
  EXPECT_FALSE(call.blocked);
  EXPECT_EQ(call.step, 6);
  EXPECT_EQ(chat.Begin(kStart).step, 7);
  EXPECT_FALSE(runs.Resume(TraceId::FromBytes("unknown trace id")));
}

TEST(Runs, SpendIsHeldAgainstTheFeature) {
  RunOptions options = Options();
  options.mode = LoopMode::kEnforce;
  options.spend_p99 = [](std::string_view, std::string_view feature) {
    return feature == "dear" ? std::optional(NanoUsd{1'000'000'000}) : std::nullopt;
  };
  const auto stopped_at = [&](std::string_view feature) {
    Runs runs(options);
    Chat chat(runs);
    chat.caller().feature = feature;
    chat.User("go");
    for (int i = 0; i < 60; ++i) {
      const RunCall call = chat.Begin(kStart);
      if (call.blocked) return call.step;
      chat.End(call, Chat::Text(fmt::format("{}", i)), kStart, NanoUsd{500'000'000});
      chat.User(fmt::format("{}", i));
    }
    return int64_t{0};
  };
  EXPECT_EQ(stopped_at(""), 11) << "five dollars";
  EXPECT_EQ(stopped_at("dear"), 41) << "twenty times a dollar";
}

TEST(Runs, CapsHoldForAllAgentsOfATrace) {
  RunOptions options = Options();
  options.mode = LoopMode::kEnforce;
  options.loops.run_steps_max = 3;
  options.loops.run_depth_max = 2;
  Runs runs(options);
  const TraceId trace = TraceId::FromBytes("0123456789abcdef");
  for (int i = 1; i <= 4; ++i) {
    Chat chat(runs);
    chat.caller().trace_id = trace;
    const RunCall call = chat.User(fmt::format("item {}", i)).Say("ok", kStart);
    EXPECT_EQ(call.blocked.has_value(), i == 4) << i;
  }
  Chat deep(runs);
  deep.caller().run_id = "r";
  deep.caller().depth = 3;
  const RunCall call = deep.User("hi").Begin(kStart);
  ASSERT_TRUE(call.blocked);
  EXPECT_EQ(call.blocked->detector, Detector::kL10);
}

TEST(Runs, ABatchUnderOneTraceIsNoLoop) {
  RunOptions options = Options();
  options.mode = LoopMode::kEnforce;
  Runs runs(options);
  for (int i = 0; i < 2000; ++i) {
    Chat chat(runs);
    chat.caller().trace_id = TraceId::FromBytes("0123456789abcdef");
    const RunCall call = chat.User("classify: the same text").Begin(kStart);
    chat.End(call, Chat::Text("good"), kStart, NanoUsd{1000});
    ASSERT_TRUE(call.findings.empty()) << i << ": " << call.findings[0].reason;
  }
  EXPECT_EQ(runs.totals().runs, 1);
  EXPECT_LE(runs.totals().conversations, options.conversations_max);
}

TEST(Runs, EmbeddingsAreNotKept) {
  Runs runs(Options());
  const std::string body = R"({"model":"m","input":"text"})";
  const RunCall call = runs.Begin(kCaller, WireApi::kOpenAiEmbeddings,
                                  ReadRequest(WireApi::kOpenAiEmbeddings, body, true), kStart);
  EXPECT_TRUE(call.new_trace);
  EXPECT_FALSE(call.trace_id.empty());
  EXPECT_FALSE(call.span_id.empty());
  EXPECT_TRUE(call.parent_span_id.empty());
  EXPECT_TRUE(call.agents.empty());
  runs.End(call, {}, NanoUsd{1}, kStart);
  EXPECT_EQ(runs.totals().runs, 0);
}

TEST(Runs, MemoryIsBounded) {
  RunOptions options = Options();
  options.runs_max = 1000;
  Runs runs(options);
  std::vector<RunCall> open;
  for (int i = 0; i < 5000; ++i) {
    Chat chat(runs);
    open.push_back(chat.User(fmt::format("question {}", i)).Begin(kStart + i));
    if (i % 2 == 0) chat.End(open.back(), Chat::Text("answer"), kStart + i);
  }
  EXPECT_EQ(runs.totals().runs, 1000);
  EXPECT_LE(runs.totals().bytes, 1000 * 1500);
  for (const RunCall& call : open) runs.End(call, {}, std::nullopt, kStart);  // Long forgotten.
  EXPECT_EQ(runs.totals().runs, 1000);

  Chat late(runs);
  late.User("late").Begin(kStart + 3 * options.idle_ns);
  EXPECT_LT(runs.totals().runs, 1000) << "what is idle goes";
}

TEST(Runs, MemoryIsBoundedWithManyConversationsAndLargeArguments) {
  RunOptions options = Options();
  options.runs_max = 100;
  Runs runs(options);
  const std::string arguments(20'000, 'x');
  for (int i = 0; i < 3000; ++i) {
    RunCaller caller = kCaller;
    const std::string run_id = fmt::format("session {}", i % 50);
    caller.run_id = run_id;
    const std::string body = fmt::format(R"({{"input":"question {}"}})", i);
    const RunCall call = runs.Begin(caller, WireApi::kOpenAiResponses,
                                    ReadRequest(WireApi::kOpenAiResponses, body, true), kStart + i);
    ResponseReader reader(WireApi::kOpenAiResponses, {});
    reader.Put(fmt::format(
        R"({{"id":"resp_{:012}","object":"response","status":"completed","output":[)"
        R"({{"type":"function_call","call_id":"call_{:012}","name":"write","arguments":"{}"}}]}})",
        i, i, arguments));
    reader.Finish();
    runs.End(call, reader.Take(), std::nullopt, kStart + i);
  }
  EXPECT_LE(runs.totals().conversations, 200);
  EXPECT_LE(runs.totals().bytes, 300'000);
}

// Thousands of the same request and answer, as a load test sends them.
TEST(Runs, EqualConversationsDoNotSlowEachOther) {
  Runs runs(Options());
  const auto serve = [&runs](int calls) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
      Chat chat(runs);
      chat.User("ping").Say("pong", kStart);
    }
    return std::chrono::steady_clock::now() - start;
  };
  const auto early = serve(2000);
  serve(16'000);
  EXPECT_LT(serve(2000), 8 * early + std::chrono::milliseconds(50));
}

TEST(Runs, ManyThreads) {
  RunOptions options = Options();
  options.mode = LoopMode::kEnforce;
  options.runs_max = 64;
  Runs runs(options);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&runs, t] {
      for (int i = 0; i < 60; ++i) {
        Chat chat(runs);
        if (t == 3) chat.caller().run_id = "shared";
        chat.User(fmt::format("go {} {}", t, i % 7));
        for (int step = 0; step < 7; ++step) {
          const RunCall call = chat.Tool("look", "nothing", kStart + step);
          EXPECT_FALSE(call.trace_id.empty());
          if (call.blocked) runs.Resume(call.trace_id);
        }
        runs.totals();
      }
    });
  }
}

TEST(Runs, ValidateNamesTheField) {
  EXPECT_TRUE(Options().Validate().ok());
  RunOptions options = Options();
  options.runs_max = 0;
  EXPECT_EQ(options.Validate().message(), "runs_max is 0; it must be at least 1");
  options = Options();
  options.idle_ns = 0;
  EXPECT_EQ(options.Validate().message(), "idle is 0 s; it must be more than 0");
  options = Options();
  options.loops.cycle.warn = 1;
  EXPECT_EQ(options.Validate().message(), "cycle.warn is 1; it must be 0 (never) or at least 2");
}

}  // namespace
}  // namespace pitot
