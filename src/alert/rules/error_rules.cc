#include "alert/rules/error_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "alert/rules/judge.h"
#include "base/status.h"

namespace pitot {
namespace {

constexpr int64_t kCountMin = 20;
constexpr int64_t kErrorsMin = 3;
// Of what is usual: a series that never failed may fail once in 200 times; what fails more often than
// the threshold is judged by the threshold.
constexpr double kUsualMin = 0.005;
// Warnings that stand for as long become pages.
constexpr int64_t kPageAfterNs = 10 * kNanosPerMinute;

double UsualOf(const std::map<std::pair<std::string, std::string>, Share>& shares,
               const std::pair<std::string, std::string>& key, double threshold) {
  const auto found = shares.find(key);
  const double share = found == shares.end() ? 0 : found->second.share();
  return std::clamp(share, std::min(kUsualMin, threshold), threshold);
}

Reading ErrorReading(Labels labels, const std::string& what, const Recent& recent, double usual,
                     double threshold) {
  Reading reading;
  reading.labels = NonEmpty(std::move(labels));
  const Share& all = recent.all;
  reading.value = all.share();
  if (all.share() <= threshold * kClearFactor) return reading;
  if (all.share() <= threshold) {
    reading.verdict = Verdict::kHold;
    return reading;
  }
  if (all.n < kCountMin || all.hits < kErrorsMin || !Beyond(all.hits, all.n, usual, kChance)) {
    reading.verdict = Verdict::kSuppressed;
    reading.reason = fmt::format("{} of {} failed: too few to say so", all.hits, all.n);
    return reading;
  }
  if (recent.still.share() <= threshold) {
    reading.verdict = Verdict::kHold;  // It is over, and five minutes remember it.
    return reading;
  }
  reading.verdict = Verdict::kBreach;
  reading.annotations["summary"] = fmt::format("{} failed: {} in 5 minutes; the threshold is {}",
                                               what, ShareText(all), PercentText(threshold));
  reading.exemplar_trace_ids = recent.examples;
  return reading;
}

// Since when an alert of these labels stands; nothing: none does.
std::optional<UnixNanos> ActiveSince(const EvalContext& context, const RuleSpec& spec,
                                     const Labels& labels) {
  for (const ActiveInterval& time :
       context.history.Active(spec.id, labels, context.query.now - kNanosPerDay)) {
    if (time.to == 0) return time.from;
  }
  return std::nullopt;
}

class ErrorRateRule final : public RuleEvaluator {
 public:
  ErrorRateRule(RuleSpec spec, std::shared_ptr<TrafficSource> traffic)
      : spec_(std::move(spec)), traffic_(std::move(traffic)) {}

  const RuleSpec& spec() const override { return spec_; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    ASSIGN_OR_RETURN(const TrafficTable* const now, traffic_->Now(context));
    ASSIGN_OR_RETURN(const UsualTraffic* const usual, traffic_->Usual(context));
    std::vector<Reading> readings = JudgeErrorRate(spec_, *now, *usual);
    for (Reading& reading : readings) {
      if (reading.verdict != Verdict::kBreach && reading.verdict != Verdict::kHold) continue;
      const auto since = ActiveSince(context, spec_, reading.labels);
      if (since && context.query.now - *since >= kPageAfterNs) {
        reading.severity = AlertSeverity::kPage;
      }
    }
    return readings;
  }

 private:
  const RuleSpec spec_;
  const std::shared_ptr<TrafficSource> traffic_;
};

class ProviderOutageRule final : public RuleEvaluator {
 public:
  ProviderOutageRule(RuleSpec spec, std::shared_ptr<TrafficSource> traffic)
      : spec_(std::move(spec)), traffic_(std::move(traffic)) {}

  const RuleSpec& spec() const override { return spec_; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    ASSIGN_OR_RETURN(const TrafficTable* const now, traffic_->Now(context));
    return JudgeProviderOutage(spec_, *now);
  }

 private:
  const RuleSpec spec_;
  const std::shared_ptr<TrafficSource> traffic_;
};

}  // namespace

std::vector<Reading> JudgeErrorRate(const RuleSpec& spec, const TrafficTable& now,
                                    const UsualTraffic& usual) {
  std::map<std::pair<std::string, std::string>, Recent> calls, runs;
  for (const TrafficRow& row : now.rows) {
    if (row.of == TrafficClass::kCall) {
      calls[{row.provider, row.model}].Add(row, row.errors, row.spans);
    }
    if (row.is_run) runs[{row.feature, row.environment}].Add(row, row.errors, row.spans);
  }
  std::vector<Reading> readings;
  for (const auto& [key, recent] : calls) {
    const auto& [provider, model] = key;
    readings.push_back(
        ErrorReading({{"subject", "calls"}, {"provider", provider}, {"model", model}},
                     "calls to " + ModelText(provider, model), recent,
                     UsualOf(usual.call_errors, key, spec.threshold), spec.threshold));
  }
  for (const auto& [key, recent] : runs) {
    const auto& [feature, environment] = key;
    readings.push_back(
        ErrorReading({{"subject", "runs"}, {"feature", feature}, {"environment", environment}},
                     feature.empty() ? "runs" : "runs of " + feature, recent,
                     UsualOf(usual.run_errors, key, spec.threshold), spec.threshold));
  }
  return readings;
}

std::vector<Reading> JudgeProviderOutage(const RuleSpec& spec, const TrafficTable& now) {
  std::map<std::string, Recent> providers;
  for (const TrafficRow& row : now.rows) {
    if (row.of != TrafficClass::kCall) continue;
    providers[row.provider].Add(row, row.provider_errors, row.spans);
  }
  std::vector<Reading> readings;
  for (const auto& [provider, recent] : providers) {
    Reading& reading = readings.emplace_back();
    reading.labels = NonEmpty({{"provider", provider}});
    const bool now_down = recent.still.n >= kCountMin && recent.still.share() > spec.threshold;
    const bool down = recent.all.n >= kCountMin && recent.all.share() > spec.threshold &&
                      recent.still.hits >= kErrorsMin && recent.still.share() > spec.threshold;
    const Share& shown = now_down ? recent.still : recent.all;
    reading.value = shown.share();
    if (!now_down && !down) {
      const bool holds = recent.still.share() > spec.threshold * kClearFactor;
      reading.verdict = holds ? Verdict::kHold : Verdict::kOk;
      continue;
    }
    reading.verdict = Verdict::kBreach;
    reading.urgent = true;
    reading.exemplar_trace_ids = recent.examples;
    reading.annotations["summary"] =
        fmt::format("{} does not answer: {} of {} calls failed in {}, by no fault of the caller's",
                    provider.empty() ? "the provider" : provider, shown.hits, shown.n,
                    now_down ? "90 seconds" : "5 minutes");
  }
  return readings;
}

std::unique_ptr<RuleEvaluator> MakeErrorRateRule(RuleSpec spec,
                                                 std::shared_ptr<TrafficSource> traffic) {
  return std::make_unique<ErrorRateRule>(std::move(spec), std::move(traffic));
}

std::unique_ptr<RuleEvaluator> MakeProviderOutageRule(RuleSpec spec,
                                                      std::shared_ptr<TrafficSource> traffic) {
  return std::make_unique<ProviderOutageRule>(std::move(spec), std::move(traffic));
}

}  // namespace pitot
