// Probes of the gateway: budgets, switches, loops and outages, against upstreams of our own.
#include <algorithm>
#include <cmath>

#include "alert/preflight/probe.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr int64_t kOutageAnswerNs = 30 * kNanosPerSecond;

std::string Budget(std::string_view id, std::string_view scope, std::string_view match,
                   double limit_usd) {
  return fmt::format(
      R"({{"id":"{}","scope":"{}","match":"{}","per":"all","window":"day","limit_usd":{},)"
      R"("hard":true}})",
      id, scope, match, limit_usd);
}

std::string FirstBytes(std::string_view text) { return std::string(text.substr(0, 300)); }

double Seconds(int64_t ns) { return std::round(static_cast<double>(ns) / 1e6) / 1e3; }

}  // namespace

absl::Status ProbeHardBudget(const PointContext& context, Judgement& judgement) {
  constexpr double kLimitUsd = 0.01;
  ASSIGN_OR_RETURN(
      const std::unique_ptr<SandboxGateway> gateway,
      context.sandbox->Open({.budgets = {Budget("preflight", "global", "*", kLimitUsd)}}));
  // Cheap calls, until what is left does not hold another one.
  int64_t answered = 0;
  SandboxAnswer last;
  for (int i = 0; i < 200; ++i) {
    ASSIGN_OR_RETURN(
        last, gateway->Call(
                  {.feature = "preflight-budget", .user = ProbeUser(context), .max_tokens = 2000}));
    if (last.status != 200) break;
    ++answered;
  }
  ASSIGN_OR_RETURN(const SandboxLedger before, gateway->Ledger("preflight"));
  // Refused once, refused again: nobody needs to be told twice.
  ASSIGN_OR_RETURN(const SandboxAnswer next, gateway->Call({.feature = "preflight-budget",
                                                            .user = ProbeUser(context),
                                                            .max_tokens = 2000}));
  judgement.Number("limit_usd", kLimitUsd);
  judgement.Number("spent_usd", before.spent_usd);
  judgement.Count("answered", answered);
  judgement.Count("refused_status", last.status);
  judgement.Flag("disabled", before.disabled);
  judgement.Text("body", FirstBytes(last.body));
  if (answered == 0 && last.status != 402) {
    judgement.Fail(fmt::format("the sandbox answered {} to the first call: {}", last.status,
                               FirstBytes(last.body)));
  } else if (last.status != 402 || next.status != 402) {
    judgement.Fail(fmt::format("over a budget of ${} a call was answered with {}", kLimitUsd,
                               last.status != 402 ? last.status : next.status));
  } else if (before.spent_usd > kLimitUsd) {
    judgement.Fail(fmt::format("${} of a budget of ${} were spent", before.spent_usd, kLimitUsd));
  } else {
    judgement.Pass(fmt::format("after {} for ${:.4f} the next one was refused with 402 ({})",
                               CountOf(answered, "call"), before.spent_usd, last.code));
  }
  return absl::OkStatus();
}

absl::Status ProbeKillSwitch(const PointContext& context, Judgement& judgement) {
  const double wants_s = context.Threshold(60);
  judgement.Threshold("seconds_max", wants_s);
  ASSIGN_OR_RETURN(const std::unique_ptr<SandboxGateway> gateway,
                   context.sandbox->Open(
                       {.budgets = {Budget("preflight-off", "feature", "preflight-off", 1000)}}));
  const auto call = [&](const char* feature) {
    return gateway->Call({.feature = feature, .user = ProbeUser(context), .max_tokens = 10});
  };
  ASSIGN_OR_RETURN(const SandboxAnswer before, call("preflight-off"));
  const auto begin = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(gateway->Disable("preflight-off", "preflight"));
  SandboxAnswer during;
  double took_s = 0;
  do {
    ASSIGN_OR_RETURN(during, call("preflight-off"));
    took_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  } while (during.status == 200 && took_s < wants_s);
  ASSIGN_OR_RETURN(const SandboxAnswer other, call("preflight-on"));
  RETURN_IF_ERROR(gateway->Enable("preflight-off"));
  ASSIGN_OR_RETURN(const SandboxAnswer after, call("preflight-off"));
  took_s = std::round(took_s * 1e3) / 1e3;
  judgement.Number("seconds", took_s);
  judgement.Count("status_before", before.status);
  judgement.Count("status_disabled", during.status);
  judgement.Count("status_of_another_feature", other.status);
  judgement.Count("status_after", after.status);
  if (before.status != 200 || after.status != 200 || other.status != 200) {
    judgement.Fail(fmt::format("answers were {} before, {} of another feature, {} after",
                               before.status, other.status, after.status));
  } else if (during.status == 200) {
    judgement.Fail(fmt::format("a disabled feature was still answered after {} s", took_s));
  } else {
    judgement.Pass(fmt::format("a disabled feature is refused after {} s", took_s));
  }
  return absl::OkStatus();
}

absl::Status ProbeOutage(const PointContext& context, const std::vector<std::string>& features,
                         Judgement& judgement) {
  ASSIGN_OR_RETURN(const std::unique_ptr<SandboxGateway> gateway, context.sandbox->Open({}));
  gateway->SetFault("", SandboxFault::kError503);
  constexpr size_t kFeaturesMax = 5;
  int64_t slowest = 0;
  std::string answers = "[";
  for (size_t i = 0; i < std::min(features.size(), kFeaturesMax); ++i) {
    ASSIGN_OR_RETURN(const SandboxAnswer answer,
                     gateway->Call({.feature = features[i], .user = ProbeUser(context)}));
    slowest = std::max(slowest, answer.took_ns);
    const std::string_view degraded = answer.headers.Get("x-pitot-degraded");
    if (answers.size() > 1) answers += ",";
    answers += fmt::format(R"({{"feature":{},"status":{},"seconds":{},"degraded":{}}})",
                           JsonText(features[i]), answer.status, Seconds(answer.took_ns),
                           JsonText(degraded));
    if (answer.took_ns < kOutageAnswerNs) continue;
    judgement.Fail(fmt::format("with all providers down {} was answered after {}", features[i],
                               FormatDuration(answer.took_ns)));
  }
  judgement.Json("outage", answers + "]");
  judgement.Threshold("answer_s_max", Seconds(kOutageAnswerNs));
  judgement.Pass(
      fmt::format("with all providers down the slowest answer took {}", FormatDuration(slowest)));
  return absl::OkStatus();
}

absl::Status ProbeStoreAway(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(const std::unique_ptr<SandboxGateway> gateway,
                   context.sandbox->Open({.store_away = true}));
  constexpr int64_t kCalls = 5;
  int64_t passed = 0;
  SandboxAnswer last;
  for (int64_t i = 0; i < kCalls; ++i) {
    ASSIGN_OR_RETURN(
        last, gateway->Call({.feature = "preflight-store-away", .user = ProbeUser(context)}));
    if (last.status == 200) ++passed;
  }
  const int64_t waiting = gateway->SpansWaiting();
  judgement.Count("calls", kCalls);
  judgement.Count("passed", passed);
  judgement.Count("spans_waiting", waiting);
  if (passed < kCalls) {
    judgement.Fail(
        fmt::format("with the store away {} of {} calls passed; the last was answered {}", passed,
                    kCalls, last.status));
  } else {
    judgement.Check(waiting > 0,
                    fmt::format("with the store away {} of {} calls passed, {} wait on the disk",
                                passed, kCalls, CountOf(waiting, "span")));
  }
  return absl::OkStatus();
}

absl::Status ProbeRequestCap(const PointContext& context, Judgement& judgement) {
  // A cap of its own beside the configured ones: what those allow a call may be more than any model
  // can cost.
  ASSIGN_OR_RETURN(
      const std::unique_ptr<SandboxGateway> gateway,
      context.sandbox->Open(
          {.budgets = {
               R"({"id":"preflight-cap","scope":"request","limit_usd":0.002,"hard":true})"}}));
  const auto call = [&](int64_t max_tokens) {
    return gateway->Call(
        {.feature = "preflight-request-cap", .user = ProbeUser(context), .max_tokens = max_tokens});
  };
  constexpr int64_t kLarge = 10'000;
  ASSIGN_OR_RETURN(const SandboxAnswer small, call(10));
  ASSIGN_OR_RETURN(const SandboxAnswer large, call(kLarge));
  judgement.Count("small_status", small.status);
  judgement.Count("large_status", large.status);
  judgement.Text("body", FirstBytes(large.body));
  if (small.status != 200) {
    judgement.Fail(fmt::format("a call of 10 tokens was answered {}: {}", small.status,
                               FirstBytes(small.body)));
  } else {
    judgement.Check(large.status == 402,
                    fmt::format("the probe's oversize call was {}",
                                large.status == 402 ? fmt::format("refused ({})", large.code)
                                                    : fmt::format("answered {}", large.status)));
  }
  return absl::OkStatus();
}

absl::Status ProbeLoop(const PointContext& context, Judgement& judgement) {
  ASSIGN_OR_RETURN(const std::unique_ptr<SandboxGateway> gateway, context.sandbox->Open({}));
  gateway->SetFault("", SandboxFault::kToolCall);
  constexpr int64_t kStepsMax = 150;
  std::string messages = R"([{"role":"user","content":"find it"})";
  const std::string trace = ProbeTraceId(context, "loop");
  int64_t step = 0;
  SandboxAnswer answer;
  for (step = 1; step <= kStepsMax; ++step) {
    ASSIGN_OR_RETURN(answer, gateway->Call({.feature = "preflight-loop",
                                            .user = ProbeUser(context),
                                            .max_tokens = 10,
                                            .messages = messages + "]"}));
    if (answer.status != 200) break;
    messages += fmt::format(
        R"(,{{"role":"assistant","content":null,"tool_calls":[{{"id":"call_{0}","type":"function",)"
        R"("function":{{"name":"search","arguments":"{{\"q\":\"it\"}}"}}}}]}},)"
        R"({{"role":"tool","tool_call_id":"call_{0}","content":"nothing found"}})",
        step);
  }
  judgement.Count("stopped_at_step", answer.status == 200 ? 0 : step);
  judgement.Count("status", answer.status);
  judgement.Text("body", FirstBytes(answer.body));
  if (answer.status == 200) {
    judgement.Fail(fmt::format("the looping probe made {} the same call and was not stopped",
                               CountOf(kStepsMax, "time")));
  } else {
    judgement.Check(answer.status == 403,
                    fmt::format("the looping probe was stopped at step {} ({})", step,
                                answer.code.empty() ? fmt::to_string(answer.status) : answer.code));
  }
  return absl::OkStatus();
}

}  // namespace pitot
