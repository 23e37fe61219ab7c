// alert/runbook/runbook_test_util.h
//
// Traffic of agents for tests of runbooks: rows of facts and spans as the resolver would leave them, a
// day of it with its noise, into which a test injects an incident. Deterministic.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "alert/runbook/runbook.h"
#include "base/hex.h"
#include "base/status.h"
#include "store/day.h"
#include "store/testing/store_test_base.h"

namespace pitot {

// One span of a run.
struct TrafficSpan {
  std::string kind = "llm";
  double seconds = 1;
  std::string status = "unset";
  std::string provider = "openai";
  std::string model = "gpt-5";
  std::string prompt = "planner";
  std::string version = "4";
  double ttft = 0.4;
  int64_t input_tokens = 2'000;
  int64_t output_tokens = 400;
  double usd = 0.01;  // Negative: it has no price.
  std::string tool;
  std::string tool_status;
  std::string category;
  std::string finish = "stop";
  std::string arguments = "{}";
  std::string result = "ok";
  std::string definitions;  // Of model calls: JSON.
};

struct TrafficRun {
  UnixNanos start = 0;
  std::string feature;
  std::string user;
  std::vector<TrafficSpan> steps;
  bool failed = false;
};

class RunbookTestBase : public StoreTestBase {
 protected:
  static constexpr UnixNanos kNow = 1'795'000'000'000'000'000;  // 2026-11-18T11:06:40Z
  static constexpr int64_t kMinute = kNanosPerMinute;
  static constexpr int64_t kHour = 60 * kMinute;

  // Runs of three features from `since` to kNow, one every `every` on average. `inject` may change
  // each.
  void Traffic(UnixNanos since, int64_t every, const std::function<void(TrafficRun&)>& inject) {
    std::exponential_distribution<double> gap(1.0 / static_cast<double>(every));
    int number = 0;
    for (double at = static_cast<double>(since); at < kNow; at += gap(random_)) {
      TrafficRun run = OrdinaryRun(static_cast<UnixNanos>(at), number++);
      if (inject) inject(run);
      AddRun(run);
    }
    Flush();
  }

  TrafficRun OrdinaryRun(UnixNanos start, int number) {
    static const char* const kFeatures[] = {"search", "support", "billing"};
    TrafficRun run;
    run.start = start;
    run.feature = kFeatures[number % 3];
    run.user = fmt::format("u{}", random_() % 40);
    std::lognormal_distribution<double> noise(0, 0.35);
    const int steps = 1 + static_cast<int>(random_() % 3);
    for (int step = 0; step < steps; ++step) {
      TrafficSpan call;
      const bool small = step % 2 == 1;
      call.model = small ? "gpt-5-mini" : "gpt-5";
      if (number % 5 == 0) {
        call.provider = "anthropic";
        call.model = "claude-sonnet-5";
      }
      const double scale = noise(random_);
      call.seconds = (small ? 0.8 : 2.0) * scale;
      call.ttft = 0.25 * call.seconds;
      call.output_tokens = static_cast<int64_t>(300 * scale) + 20;
      call.input_tokens = 1'500 + static_cast<int64_t>(random_() % 1'000);
      call.usd = small ? 0.001 : 0.01 * scale;
      call.definitions = Definitions("customer");
      if (random_() % 200 == 0) {
        call.status = "error";
        call.category = "overloaded";
      }
      run.steps.push_back(call);
      TrafficSpan tool;
      tool.kind = "tool";
      tool.tool = run.feature == "billing" ? "search_orders" : "search_web";
      tool.tool_status = "success";
      tool.seconds = 0.3 * noise(random_);
      tool.usd = 0;
      tool.arguments = fmt::format("{{\"q\":\"{}\"}}", random_());
      tool.result = fmt::format("result {}", random_());
      const uint64_t luck = random_() % 100;
      if (luck == 0) tool.tool_status = "invalid_args";
      if (luck == 1) tool.tool_status = "error";
      if (luck <= 1) tool.status = "error";
      run.steps.push_back(tool);
    }
    run.steps.push_back(run.steps[0]);
    return run;
  }

  static std::string Definitions(std::string_view parameter) {
    return fmt::format(
        R"([{{"type":"function","function":{{"name":"search_orders","parameters":)"
        R"({{"type":"object","properties":{{"{0}":{{"type":"string"}}}},"required":["{0}"]}}}}}}])",
        parameter);
  }

  std::string AddRun(const TrafficRun& run) {
    const std::string trace = fmt::format("{:016x}{:016x}", random_(), random_());
    UnixNanos at = run.start;
    for (const TrafficSpan& span : run.steps) {
      const auto duration = static_cast<int64_t>(span.seconds * kNanosPerSecond);
      at += duration;
      if (at > kNow) return trace;
      AddSpan(run, trace, span, at, duration, false);
    }
    TrafficSpan root;
    root.kind = "agent";
    root.status = run.failed ? "error" : "unset";
    root.usd = 0;
    AddSpan(run, trace, root, at, at - run.start, true);
    if (facts_.size() > 2'000'000) Flush();
    return trace;
  }

  void Flush() {
    for (auto& [table, rows] : {std::pair<const char*, std::string&>{kFactsInsert, facts_},
                                std::pair<const char*, std::string&>{kSpansInsert, spans_}}) {
      if (rows.empty()) continue;
      rows.pop_back();
      const absl::Status status = Execute(std::string(table) + rows);
      ASSERT_TRUE(status.ok()) << std::string(Message(status)).substr(0, 2'000);
      rows.clear();
    }
  }

  RunbookReport Report(std::string_view name, RunbookInput input = {}) {
    input.project = "default";
    const QueryContext query{.engine = engine(),
                             .limits = limits_,
                             .now = kNow,
                             .deadline = std::chrono::steady_clock::now() + kStoreTestDeadline};
    const absl::StatusOr<RunbookReport> report =
        RunRunbook(name, input, {.query = query, .actions = &actions_});
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    if (!report.ok()) return {};
    for (const Finding& step : report->steps) {
      EXPECT_EQ(step.words.find("Could not be told"), std::string::npos)
          << step.step << ": " << step.words;
      EXPECT_FALSE(step.words.empty()) << step.step;
    }
    // For who works on the words.
    if (std::getenv("PITOT_SHOW_REPORTS") != nullptr) fmt::print("{}\n", Shown(*report));
    return *report;
  }

  // All that a person reads, for a failure's message.
  static std::string Shown(const RunbookReport& report) {
    std::string text = ReportText(report, 10) + "\n";
    for (const Cause& cause : report.causes) {
      text += fmt::format("   {} {:.2f}\n", cause.kind, cause.score);
    }
    for (const Finding& step : report.steps) {
      text += fmt::format("{} {} [{}]\n    {}\n    $ {}\n", step.step, step.title, Name(step.state),
                          step.words, step.query);
      for (const std::string& line : step.detail) text += "      - " + line + "\n";
      for (const Action& action : step.actions) {
        text += fmt::format("      > {} ({}): {}\n", Name(action.kind), Name(action.mode),
                            action.words);
      }
    }
    return text;
  }

  Limits limits_;
  ActionOptions actions_;
  std::mt19937_64 random_{42};

 private:
  static constexpr const char* kFactsInsert =
      "INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, "
      "is_deleted, duration_ns, kind, is_root, status, name, feature, user_id, prompt_name, "
      "prompt_version, provider, model, ttft_ns, streaming, role, counted, input_tokens, "
      "output_tokens, cost, unpriced, finish_reason, tool_name, tool_status, error_category) "
      "VALUES ";
  static constexpr const char* kSpansInsert =
      "INSERT INTO spans (keep_days, day, project, trace_id, span_id, version, name, kind, "
      "start_ns, "
      "duration_ns, status, tool_name, tool_status, input, output, tool_definitions) VALUES ";

  void AddSpan(const TrafficRun& run, const std::string& trace, const TrafficSpan& span,
               UnixNanos end, int64_t duration, bool root) {
    const bool call = span.kind == "llm";
    const uint64_t id = ++last_span_;
    facts_ += fmt::format(
        "(30, toDate({}), 'default', {}, {}, unhex('{}'), unhex('{:016x}'), 1, 0, {}, '{}', {}, "
        "'{}', 'n', '{}', '{}', '{}', '{}', '{}', '{}', {}, {}, '{}', {}, {}, {}, {}, {}, '{}', "
        "'{}', '{}', '{}'),",
        DayOf(end), call, end, trace, id, duration, span.kind, root, span.status, run.feature,
        run.user, root ? "" : span.prompt, root ? "" : span.version, call ? span.provider : "",
        call ? span.model : "",
        call ? fmt::to_string(static_cast<int64_t>(span.ttft * kNanosPerSecond)) : "NULL", call,
        call ? "leaf" : "", call, call ? span.input_tokens : 0, call ? span.output_tokens : 0,
        call && span.usd >= 0 ? fmt::to_string(static_cast<int64_t>(span.usd * 1e9)) : "NULL",
        call && span.usd < 0, call ? span.finish : "", span.tool, span.tool_status, span.category);
    const auto list = [](const std::string& text) {
      return text.empty() ? "[]" : fmt::format("['={}']", text);
    };
    spans_ += fmt::format(
        "(30, toDate({}), 'default', unhex('{}'), unhex('{:016x}'), 1, 'n', '{}', {}, {}, '{}', "
        "'{}', '{}', {}, {}, {}),",
        DayOf(end - duration), trace, id, span.kind, end - duration, duration, span.status,
        span.tool, span.tool_status, span.kind == "tool" ? list(span.arguments) : "[]",
        span.kind == "tool" ? list(span.result) : "[]", call ? list(span.definitions) : "[]");
  }

  uint64_t last_span_ = 0;
  std::string facts_;
  std::string spans_;
};

}  // namespace pitot
