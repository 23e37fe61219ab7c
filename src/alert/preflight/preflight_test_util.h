// alert/preflight/preflight_test_util.h
//
// For tests of preflight: spans through the real ingest into a real store, a configuration in which all
// is well, and a sandbox and a replay that do what the test says.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "alert/preflight/preflight.h"
#include "base/status.h"
#include "ingest/ingest.h"
#include "query/figures/answer.h"
#include "store/testing/store_test_base.h"

namespace pitot {

// A finished span as whole JSON Lines have it; members as JSON text.
struct TestSpan {
  std::map<std::string, std::string> members;

  TestSpan With(std::string name, std::string json) const {
    TestSpan other = *this;
    other.members[std::move(name)] = std::move(json);
    return other;
  }
  TestSpan Without(const std::string& name) const {
    TestSpan other = *this;
    other.members.erase(name);
    return other;
  }
};

// Answers as the test says; records what was asked.
class FakeGateway final : public SandboxGateway {
 public:
  struct Script {
    std::vector<SandboxAnswer> answers;  // One after the other; the last one again and again.
    SandboxLedger ledger;
    int64_t waiting = 3;
    std::vector<SandboxCall> calls;
    SandboxFault fault = SandboxFault::kNone;
  };
  explicit FakeGateway(Script& script) : script_(script) {}

  void SetFault(std::string_view /*upstream*/, SandboxFault fault) override {
    script_.fault = fault;
  }
  absl::StatusOr<SandboxAnswer> Call(const SandboxCall& call) override {
    const size_t n = script_.calls.size();
    script_.calls.push_back(call);
    if (script_.answers.empty()) return SandboxAnswer{.status = 200};
    return script_.answers[std::min(n, script_.answers.size() - 1)];
  }
  absl::StatusOr<SandboxLedger> Ledger(std::string_view /*budget*/) override {
    return script_.ledger;
  }
  absl::Status Disable(std::string_view, std::string_view) override { return absl::OkStatus(); }
  absl::Status Enable(std::string_view) override { return absl::OkStatus(); }
  int64_t SpansWaiting() override { return script_.waiting; }

 private:
  Script& script_;
};

class FakeSandbox final : public Sandbox {
 public:
  std::vector<std::pair<std::string, std::string>> Upstreams() const override {
    return {{"openai", "openai"}};
  }
  absl::StatusOr<std::unique_ptr<SandboxGateway>> Open(SandboxGatewayOptions /*options*/) override {
    script.calls.clear();
    return std::make_unique<FakeGateway>(script);
  }
  absl::Status Write(std::string json_lines) override {
    written += json_lines;
    return write ? write(std::move(json_lines)) : absl::OkStatus();
  }
  absl::Status WaitReadable() override { return absl::OkStatus(); }
  absl::StatusOr<SandboxErasure> EraseUser(std::string_view user) override {
    return erase ? erase(user) : SandboxErasure{};
  }

  FakeGateway::Script script;
  std::function<absl::Status(std::string json_lines)> write;
  std::function<absl::StatusOr<SandboxErasure>(std::string_view user)> erase;
  std::string written;
};

class FakeReplay final : public AlertReplay {
 public:
  absl::StatusOr<ReplayResult> Run(const ReplayScript& script, const QueryContext&) override {
    return run ? run(script) : ReplayResult{};
  }
  std::function<absl::StatusOr<ReplayResult>(const ReplayScript&)> run;
};

class PreflightTestBase : public StoreTestBase {
 protected:
  void SetUp() override {
    StoreTestBase::SetUp();
    IngestOptions options;
    options.data_dir = folder_ / "data";
    options.workers = 1;
    options.spool.disk_free_bytes_min = 0;
    options.flusher.batch_delay = std::chrono::milliseconds(5);
    options.flusher.tick = std::chrono::milliseconds(20);
    auto ingest = Ingest::Open(options, engine(), PriceBook::BuiltIn({}), nullptr, wall_);
    ASSERT_TRUE(ingest.ok()) << ingest.status().ToString();
    ingest_ = *std::move(ingest);
    ingest_->Start();
    auto state = StateLog::Open(folder_ / "state", wall_);
    ASSERT_TRUE(state.ok()) << state.status().ToString();
    state_ = *std::move(state);
    now_ = wall_.Now();
    config_ = GoodConfig();
  }
  void TearDown() override { ingest_.reset(); }

  // Returns when the spans are in answers.
  absl::Status Ingested(std::string lines, std::string project) {
    IngestRequest request;
    request.project = std::move(project);
    request.format = WireFormat::kJsonLines;
    request.source = Source::kJsonl;
    request.import = true;
    request.body = std::move(lines);
    std::latch done(1);
    IngestReply answer;
    ingest_->Accept(std::move(request), [&](IngestReply reply) {
      answer = std::move(reply);
      done.count_down();
    });
    done.wait();
    RETURN_IF_ERROR(answer.status);
    if (answer.rejected > 0) return InvalidArgument("refused: {}", answer.message);
    return ingest_->WaitWritten();
  }

  // A model call with everything that a call should have, a minute ago.
  TestSpan Call() const {
    return {{{"name", "\"chat\""},
             {"kind", "\"llm\""},
             {"status", "\"ok\""},
             {"duration_ns", "1000000000"},
             {"provider", "\"openai\""},
             {"model", "\"gpt-5-mini\""},
             {"finish_reason", "\"stop\""},
             {"usage", R"({"input_tokens":100,"output_tokens":20})"},
             {"cost", R"({"nano_usd":1000000,"source":"provider","confidence":"exact"})"},
             {"feature", "\"checkout\""},
             {"feature_explicit", "true"},
             {"user_id", "\"5f4dcc3b5aa765d6\""},
             {"session_id", "\"s1\""},
             {"prompt_name", "\"planner\""},
             {"prompt_version", "\"3\""},
             {"max_tokens", "500"}}};
  }
  TestSpan Tool() const {
    return {{{"name", "\"execute_tool search\""},
             {"kind", "\"tool\""},
             {"status", "\"ok\""},
             {"duration_ns", "100000000"},
             {"tool_name", "\"search\""},
             {"tool_status", "\"success\""},
             {"feature", "\"checkout\""},
             {"feature_explicit", "true"}}};
  }

  // `n` of them, each a trace of its own unless it names one; they ended `ago_ns` before now.
  std::string Lines(const TestSpan& span, int n, int64_t ago_ns = kNanosPerMinute) {
    std::string out;
    for (int i = 0; i < n; ++i) {
      TestSpan line = span;
      const int id = ++last_span_;
      line.members.try_emplace("trace_id", fmt::format("\"{:032x}\"", 0xabc000000LL + id));
      line.members.try_emplace("span_id", fmt::format("\"{:016x}\"", 0xdef000000LL + id));
      const int64_t duration = std::stoll(line.members["duration_ns"]);
      line.members.try_emplace("start_ns", fmt::to_string(now_ - ago_ns - duration - i));
      std::string members = "\"pitot\":1";
      for (const auto& [name, json] : line.members)
        members += fmt::format(",\"{}\":{}", name, json);
      out += fmt::format("{{{}}}\n", members);
    }
    return out;
  }

  static PreflightConfig GoodConfig() {
    PreflightConfig config;
    for (const char* id :
         {"latency_p99", "error_rate", "budget_projection", "telemetry_absent", "cost_anomaly"}) {
      PreflightRule& rule = config.rules.emplace_back();
      rule.spec.id = id;
      rule.spec.runbook = "latency";
      rule.series = 2;
      rule.last_at = 1;
    }
    config.budgets = {{.id = "daily",
                       .scope = "global",
                       .match = "*",
                       .window = "day",
                       .limit_usd = 100,
                       .hard = true},
                      {.id = "per-call",
                       .scope = "request",
                       .match = "*",
                       .window = "lifetime",
                       .limit_usd = 1,
                       .hard = true}};
    config.keys_required = true;
    config.gateway = {.enabled = true,
                      .routes = {{.fallbacks = 1, .degraded = true}},
                      .total_ns = 30 * kNanosPerSecond,
                      .attempts = 3,
                      .backoff_ns = 250 * kNanosPerMilli,
                      .loop_mode = "enforce",
                      .loop_blocks = true,
                      .steps_blocked = true,
                      .spend_blocked = true};
    config.retention_days = 30;
    config.alerts.preflight.owner = "ada";
    config.alerts.preflight.tools_allowed = {"search*"};
    return config;
  }

  PreflightDeps Deps() {
    PreflightDeps deps;
    deps.state = state_.get();
    deps.config = [this] { return config_; };
    deps.sandbox = &sandbox_;
    deps.replay = &replay_;
    deps.hooks = hooks_;
    return deps;
  }

  QueryContext Context() {
    return {.engine = engine(),
            .limits = limits_,
            .now = now_,
            .deadline = std::chrono::steady_clock::now() + kStoreTestDeadline,
            .cancel = nullptr};
  }

  // One point, with probes.
  PreflightResult Judge(const std::string& id, const std::string& project) {
    Preflight preflight(Deps());
    auto report =
        preflight.Run(Context(), {.project = project, .probes = true, .actor = "", .only = {id}});
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    if (!report.ok() || report->results.size() != 1) return {};
    return report->results[0];
  }

  void Expect(PreflightStatus status, const std::string& id, const std::string& project,
              std::string_view words, std::string_view why) {
    const PreflightResult result = Judge(id, project);
    EXPECT_EQ(Name(result.judged), Name(status)) << id << ", " << why << ": " << result.words;
    EXPECT_THAT(result.words, testing::HasSubstr(std::string(words))) << id << ", " << why;
  }

  struct Case {
    std::string why;
    std::string lines;  // The project's spans.
    PreflightStatus status;
    std::string words;  // Part of what is said.
  };
  // Each case in a project of its own.
  void Run(const std::string& id, const std::vector<Case>& cases) {
    for (const Case& each : cases) {
      const std::string project = fmt::format("{}-{}", id, ++projects_);
      if (!each.lines.empty()) {
        const absl::Status status = Ingested(each.lines, project);
        ASSERT_TRUE(status.ok()) << id << ", " << each.why << ": " << status.ToString();
      }
      Expect(each.status, id, project, each.words, each.why);
    }
  }
  // One case that needs no spans.
  void Run(const std::string& id, PreflightStatus status, std::string_view words,
           std::string_view why) {
    Expect(status, id, "nobody", words, why);
  }
  // What a job or a drill told of a point.
  void Record(const std::string& id, const std::string& project,
              const std::map<std::string, std::string>& values, int64_t ago_ns = 0) {
    Preflight preflight(Deps());
    const absl::Status status = preflight.Record(
        {.project = project, .id = id, .by = "ci", .actor = "test"}, values, now_ - ago_ns);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  static constexpr PreflightStatus kPass = PreflightStatus::kPass;
  static constexpr PreflightStatus kFail = PreflightStatus::kFail;
  static constexpr PreflightStatus kLack = PreflightStatus::kInsufficientData;

  const Limits limits_;
  const SystemClock wall_;
  UnixNanos now_ = 0;
  int last_span_ = 0;
  int projects_ = 0;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<StateLog> state_;
  PreflightConfig config_;
  PreflightHooks hooks_;
  FakeSandbox sandbox_;
  FakeReplay replay_;
};

}  // namespace pitot
