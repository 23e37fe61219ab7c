// Probes of alerting: made-up traffic in the sandbox's project, past times, the configured rules. What
// they write lies apart in time, so that no probe's traffic is another one's.
#include <algorithm>
#include <cmath>

#include "alert/preflight/probe.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

constexpr int64_t kHourNs = 60 * kNanosPerMinute;

// Calls of one model, evenly spread, that end within [from, to).
struct Traffic {
  std::string model;
  std::string feature;
  UnixNanos from = 0;
  UnixNanos to = 0;
  int64_t every_ns = kNanosPerSecond;
  int64_t duration_ns = kNanosPerSecond;
  double error_share = 0;
};

std::string Lines(const PointContext& context, const Traffic& traffic) {
  std::string out;
  int64_t n = 0;
  int64_t failed = 0;
  const std::string members = ProbeCallMembers(traffic.model, traffic.feature, 0.001);
  for (UnixNanos end = traffic.from; end < traffic.to; end += traffic.every_ns, ++n) {
    // Of any run of calls the share that fails is as near to error_share as it can be.
    const bool fails =
        std::floor(static_cast<double>(n + 1) * traffic.error_share) > static_cast<double>(failed);
    failed += fails ? 1 : 0;
    // Five minutes are a trace: deleting them again is cheap.
    const std::string what =
        fmt::format("{} {} {}", traffic.model, traffic.from, end / (5 * kNanosPerMinute));
    out += ProbeLine(
        context,
        {.trace_id = ProbeTraceId(context, what),
         .span_id = ProbeSpanId(context, fmt::format("{} {}", what, end)),
         .name = "preflight call",
         .kind = "llm",
         .start_ns = end - traffic.duration_ns,
         .duration_ns = traffic.duration_ns,
         .members = fails
                        ? fmt::format(R"(,"feature":"{}","feature_explicit":true,"provider":)"
                                      R"("preflight","model":"{}","status":"error",)"
                                      R"("error_type":"overloaded","error_category":"overloaded")",
                                      traffic.feature, traffic.model)
                        : members});
  }
  return out;
}

absl::Status Write(const PointContext& context, const std::vector<Traffic>& traffic) {
  for (const Traffic& each : traffic) {
    RETURN_IF_ERROR(context.sandbox->Write(Lines(context, each)));
  }
  return context.sandbox->WaitReadable();
}

std::string NameOf(const PointContext& context, std::string_view what) {
  return fmt::format("preflight-{}-{}", what, context.run);
}

bool Names(const Labels& labels, std::string_view value) {
  return std::ranges::any_of(labels, [&](const auto& label) { return label.second == value; });
}

// The first alert of a rule that fired and has this value in a label.
const ReplayChange* Fired(const ReplayResult& result, std::string_view rule,
                          std::string_view value) {
  for (const ReplayChange& change : result.changes) {
    if (change.rule_id == rule && change.state == AlertState::kFiring &&
        Names(change.labels, value)) {
      return &change;
    }
  }
  return nullptr;
}

std::string After(UnixNanos from, UnixNanos to) { return FormatDuration(to - from); }

}  // namespace

absl::Status ProbeLatencyAlert(const PointContext& context, Judgement& judgement) {
  const std::string model = NameOf(context, "latency");
  const UnixNanos now = context.query.now;
  const UnixNanos spike = now - 10 * kNanosPerMinute;
  const Traffic usual{.model = model,
                      .feature = "preflight-latency",
                      .from = now - 90 * kNanosPerMinute,
                      .to = spike,
                      .every_ns = 2 * kNanosPerSecond,
                      .duration_ns = kNanosPerSecond};
  Traffic slow = usual;
  slow.from = spike;
  slow.to = now;
  slow.duration_ns = 10 * kNanosPerSecond;
  RETURN_IF_ERROR(Write(context, {usual, slow}));
  ASSIGN_OR_RETURN(const ReplayResult result,
                   context.replay->Run({.project = std::string(kSandboxProject),
                                        .rules = {"latency_p99"},
                                        .from = spike,
                                        .to = now},
                                       context.query));
  const ReplayChange* fired = Fired(result, "latency_p99", model);
  // When all that a provider answers is slow, the alert is of the provider.
  if (fired == nullptr) fired = Fired(result, "latency_p99", "preflight");
  judgement.Count("replayed_evaluations", result.evaluations);
  if (fired == nullptr) {
    judgement.Fail("calls that take 10 s instead of 1 s for 10 minutes did not fire it");
    return absl::OkStatus();
  }
  judgement.Number("fired_after_s", static_cast<double>(fired->at - spike) / 1e9);
  judgement.Text("replayed", fired->summary);
  judgement.Pass(
      fmt::format("a replayed spike of 10 times fired after {}", After(spike, fired->at)));
  return absl::OkStatus();
}

absl::Status ProbeErrorAlert(const PointContext& context, Judgement& judgement) {
  const UnixNanos now = context.query.now;
  // Many calls, so that no half a minute of them is on the other side of the threshold by chance.
  const UnixNanos from = now - 10 * kNanosPerMinute;
  const auto traffic = [&](const char* what, double share) {
    return Traffic{.model = NameOf(context, what),
                   .feature = NameOf(context, what),
                   .from = from,
                   .to = now,
                   .every_ns = kNanosPerSecond / 4,
                   .duration_ns = kNanosPerSecond,
                   .error_share = share};
  };
  const Traffic bad = traffic("six", 0.06);
  const Traffic good = traffic("four", 0.04);
  RETURN_IF_ERROR(Write(context, {bad, good}));
  ASSIGN_OR_RETURN(const ReplayResult result,
                   context.replay->Run({.project = std::string(kSandboxProject),
                                        .rules = {"error_rate"},
                                        .from = from + 5 * kNanosPerMinute,
                                        .to = now},
                                       context.query));
  const ReplayChange* fired = Fired(result, "error_rate", bad.model);
  const ReplayChange* wrong = Fired(result, "error_rate", good.model);
  judgement.Count("replayed_evaluations", result.evaluations);
  if (fired != nullptr) {
    judgement.Number("fired_after_s",
                     static_cast<double>(fired->at - from - 5 * kNanosPerMinute) / 1e9);
    judgement.Text("replayed", fired->summary);
  }
  judgement.Check(fired != nullptr, fired != nullptr
                                        ? fmt::format("6 % of failures replayed fired it after {}",
                                                      After(from + 5 * kNanosPerMinute, fired->at))
                                        : "6 % of failures replayed did not fire it");
  judgement.Check(wrong == nullptr,
                  wrong == nullptr ? "4 % did not" : "4 % of failures replayed fired it");
  return absl::OkStatus();
}

absl::Status ProbeProjectionAlert(const PointContext& context, Judgement& judgement) {
  // Six hours into a day that ended at a dollar an hour: $24 in a whole one.
  const UnixNanos now = context.query.now - 10 * kHourNs;
  const UnixNanos start = now - 6 * kHourNs;
  const std::string feature = NameOf(context, "projection");
  std::string lines;
  for (int hour = 0; hour < 6; ++hour) {
    const std::string what = fmt::format("projection {}", hour);
    lines += ProbeLine(context, {.trace_id = ProbeTraceId(context, what),
                                 .span_id = ProbeSpanId(context, what),
                                 .name = "preflight call",
                                 .kind = "llm",
                                 .start_ns = start + hour * kHourNs + kHourNs / 2,
                                 .duration_ns = kNanosPerSecond,
                                 .members = ProbeCallMembers("preflight-projection", feature, 1)});
  }
  RETURN_IF_ERROR(context.sandbox->Write(std::move(lines)));
  RETURN_IF_ERROR(context.sandbox->WaitReadable());
  constexpr double kSpentUsd = 6;
  constexpr double kWholeDayUsd = 24;
  const auto budget = [&](const char* id, double share) {
    return BudgetFigure{.id = NameOf(context, id),
                        .project = std::string(kSandboxProject),
                        .scope = "feature",
                        .match = feature,
                        .window = "day",
                        .timezone = "UTC",
                        .window_start = start,
                        .window_end = start + kNanosPerDay,
                        .limit_usd = kWholeDayUsd / share,
                        .spent_usd = kSpentUsd};
  };
  const BudgetFigure over = budget("over", 0.9);
  const BudgetFigure under = budget("under", 0.5);
  ASSIGN_OR_RETURN(const ReplayResult result,
                   context.replay->Run({.project = std::string(kSandboxProject),
                                        .rules = {"budget_projection"},
                                        .budgets = {over, under},
                                        .from = now,
                                        .to = now + 15 * kNanosPerMinute},
                                       context.query));
  const ReplayChange* fired = Fired(result, "budget_projection", over.id);
  const ReplayChange* wrong = Fired(result, "budget_projection", under.id);
  if (fired != nullptr) judgement.Text("replayed", fired->summary);
  judgement.Check(fired != nullptr, fired != nullptr
                                        ? "a day heading for 90 % of its budget, replayed, fired it"
                                        : "a day heading for 90 % of its budget did not fire it");
  judgement.Check(wrong == nullptr, wrong == nullptr ? "one heading for 50 % did not"
                                                     : "one heading for 50 % fired it");
  return absl::OkStatus();
}

namespace {

// Breaches at every evaluation.
class StandingBreach final : public RuleEvaluator {
 public:
  StandingBreach() {
    spec_.id = "preflight_standing";
    spec_.alertname = "PreflightStanding";
    spec_.summary = "Breaches always.";
    spec_.for_ns = 0;
  }
  const RuleSpec& spec() const override { return spec_; }
  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& /*context*/) override {
    Reading reading;
    reading.verdict = Verdict::kBreach;
    reading.value = 1;
    return std::vector<Reading>{std::move(reading)};
  }

 private:
  RuleSpec spec_;
};

}  // namespace

absl::Status ProbeNoRepetition(const PointContext& context, Judgement& judgement) {
  constexpr int64_t kEvaluations = 20;
  StandingBreach breach;
  const UnixNanos from = context.query.now - kHourNs;
  ASSIGN_OR_RETURN(const ReplayResult result,
                   context.replay->Run({.project = std::string(kSandboxProject),
                                        .further = {&breach},
                                        .from = from,
                                        .to = from + (kEvaluations - 1) * 30 * kNanosPerSecond},
                                       context.query));
  std::string sent = "[";
  for (const ReplayNotice& notice : result.notices) {
    if (sent.size() > 1) sent += ",";
    sent += fmt::format(R"({{"after_s":{},"reason":"{}"}})", (notice.at - from) / kNanosPerSecond,
                        Name(notice.reason));
  }
  judgement.Count("evaluations", result.evaluations);
  judgement.Json("notifications", sent + "]");
  judgement.Check(
      result.notices.size() == 1,
      fmt::format("{} evaluations of a standing alert led to {}", result.evaluations,
                  CountOf(static_cast<int64_t>(result.notices.size()), "notification")));
  return absl::OkStatus();
}

absl::Status ProbeAbsence(const PointContext& context, Judgement& judgement) {
  // Apart from the traffic of the other probes, which would be telemetry.
  const UnixNanos now = context.query.now - 4 * kHourNs;
  const UnixNanos muted = now - 30 * kNanosPerMinute;
  const std::string model = NameOf(context, "absence");
  const Traffic last_week{.model = model,
                          .feature = "preflight-absence",
                          .from = now - 7 * kNanosPerDay - 2 * kHourNs,
                          .to = now - 7 * kNanosPerDay + kHourNs,
                          .every_ns = 10 * kNanosPerSecond,
                          .duration_ns = kNanosPerSecond};
  // Half of it fails, so that an objective burns when silence falls.
  Traffic today = last_week;
  today.from = muted - kHourNs;
  today.to = muted;
  today.error_share = 0.5;
  today.every_ns = 2 * kNanosPerSecond;
  RETURN_IF_ERROR(Write(context, {last_week, today}));
  SloSpec slo;
  slo.name = "preflight";
  slo.project = kSandboxProject;
  slo.filter = fmt::format("model = \"{}\"", model);
  slo.good = "status != error";
  slo.target = 0.99;
  slo.exclude.clear();
  slo.count = "attempts";  // Each call of the made-up traffic stands for itself.
  ASSIGN_OR_RETURN(const ReplayResult result,
                   context.replay->Run({.project = std::string(kSandboxProject),
                                        .rules = {"telemetry_absent", "slo_burn"},
                                        .slos = {slo},
                                        .from = muted - 5 * kNanosPerMinute,
                                        .to = now},
                                       context.query));
  const ReplayChange* absent = result.Fired("telemetry_absent");
  bool burned = false;
  bool resolved = false;
  for (const ReplayChange& change : result.changes) {
    if (change.rule_id != "slo_burn") continue;
    if (change.state == AlertState::kFiring) burned = true;
    if (change.state == AlertState::kResolved) resolved = true;
  }
  if (absent != nullptr) {
    judgement.Number("fired_after_s", static_cast<double>(absent->at - muted) / 1e9);
    judgement.Text("replayed", absent->summary);
  }
  judgement.Check(absent != nullptr,
                  absent != nullptr
                      ? fmt::format("{} after the probe's source fell silent the alert fired",
                                    After(muted, absent->at))
                      : fmt::format("{} of silence did not fire it", After(muted, now)));
  judgement.Check(burned && !resolved,
                  !burned     ? "the objective's alert did not fire before the silence"
                  : !resolved ? "the objective's alert held"
                              : "the objective's alert resolved for want of data");
  return absl::OkStatus();
}

}  // namespace pitot
