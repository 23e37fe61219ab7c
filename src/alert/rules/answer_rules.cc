#include "alert/rules/answer_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "alert/rules/judge.h"
#include "base/status.h"

namespace pitot {
namespace {

constexpr int64_t kCountMin = 20;
constexpr int64_t kCutMin = 5;
constexpr double kFactorMin = 2;
constexpr double kUsualMin = 0.01;
// A feature of fewer answers has no usual share.
constexpr int64_t kUsualCountMin = 20;

struct Cut {
  Recent recent;
  double usual = 0;  // As many would usually be cut.
  std::map<std::string, Share> features;
};

class AnswersCutRule final : public RuleEvaluator {
 public:
  AnswersCutRule(RuleSpec spec, std::shared_ptr<TrafficSource> traffic)
      : spec_(std::move(spec)), traffic_(std::move(traffic)) {}
  const RuleSpec& spec() const override { return spec_; }
  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    ASSIGN_OR_RETURN(const TrafficTable* const now, traffic_->Now(context));
    ASSIGN_OR_RETURN(const UsualTraffic* const usual, traffic_->Usual(context));
    return JudgeAnswersCut(spec_, *now, *usual);
  }

 private:
  const RuleSpec spec_;
  const std::shared_ptr<TrafficSource> traffic_;
};

class UnpricedRule final : public RuleEvaluator {
 public:
  UnpricedRule(RuleSpec spec, std::shared_ptr<TrafficSource> traffic)
      : spec_(std::move(spec)), traffic_(std::move(traffic)) {}
  const RuleSpec& spec() const override { return spec_; }
  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    ASSIGN_OR_RETURN(const TrafficTable* const now, traffic_->Now(context));
    return JudgeUnpriced(spec_, *now);
  }

 private:
  const RuleSpec spec_;
  const std::shared_ptr<TrafficSource> traffic_;
};

Reading CutReading(const std::string& provider, const std::string& model, const Cut& cut,
                   double threshold) {
  Reading reading;
  reading.labels = NonEmpty({{"provider", provider}, {"model", model}});
  const Share& all = cut.recent.all;
  const double usual = all.n == 0 ? 0 : cut.usual / static_cast<double>(all.n);
  reading.value = all.share();
  reading.threshold = std::max(usual + threshold, usual * kFactorMin);
  const double rise = all.share() - usual;
  if (rise < threshold * kClearFactor || all.share() < usual * kFactorMin * kClearFactor) {
    return reading;
  }
  if (all.share() < *reading.threshold) {
    reading.verdict = Verdict::kHold;
    return reading;
  }
  if (all.n < kCountMin || all.hits < kCutMin ||
      !Beyond(all.hits, all.n, std::clamp(usual, kUsualMin, 1.0), kChance)) {
    reading.verdict = Verdict::kSuppressed;
    reading.reason = fmt::format("{} of {} answers were cut: too few to say so", all.hits, all.n);
    return reading;
  }
  if (cut.recent.still.share() < *reading.threshold) {
    reading.verdict = Verdict::kHold;
    return reading;
  }
  reading.verdict = Verdict::kBreach;
  const auto most = std::ranges::max_element(
      cut.features, {}, [](const auto& feature) { return feature.second.hits; });
  reading.annotations["summary"] =
      fmt::format("{}: {} answers in 5 minutes were cut off for their length; usually {}{}",
                  ModelText(provider, model), ShareText(all), PercentText(usual),
                  most == cut.features.end() || most->first.empty()
                      ? std::string()
                      : fmt::format("; most of them for {} ({} of {})", most->first,
                                    most->second.hits, most->second.n));
  return reading;
}

}  // namespace

std::vector<Reading> JudgeAnswersCut(const RuleSpec& spec, const TrafficTable& now,
                                     const UsualTraffic& usual) {
  std::map<std::pair<std::string, std::string>, Cut> models;
  for (const TrafficRow& row : now.rows) {
    if (row.of != TrafficClass::kCall || row.finished == 0) continue;
    const auto known = usual.cut.find({row.provider, row.model, row.feature});
    // Of a feature that is new to the model nothing can be said.
    if (known == usual.cut.end() || known->second.n < kUsualCountMin) continue;
    Cut& cut = models[{row.provider, row.model}];
    cut.recent.all.Add(row.cut, row.finished);
    if (row.age <= kStillSeconds) cut.recent.still.Add(row.cut, row.finished);
    cut.usual += known->second.share() * static_cast<double>(row.finished);
    cut.features[row.feature].Add(row.cut, row.finished);
  }
  std::vector<Reading> readings;
  for (const auto& [key, cut] : models) {
    readings.push_back(CutReading(key.first, key.second, cut, spec.threshold));
  }
  return readings;
}

std::vector<Reading> JudgeUnpriced(const RuleSpec& spec, const TrafficTable& now) {
  std::map<std::pair<std::string, std::string>, Share> models;
  for (const TrafficRow& row : now.rows) {
    if (row.of == TrafficClass::kCall) {
      models[{row.provider, row.model}].Add(row.unpriced, row.spans);
    }
  }
  std::vector<Reading> readings;
  for (const auto& [key, share] : models) {
    Reading& reading = readings.emplace_back();
    reading.labels = NonEmpty({{"provider", key.first}, {"model", key.second}});
    reading.value = static_cast<double>(share.hits);
    if (static_cast<double>(share.hits) <= spec.threshold) continue;
    reading.verdict = Verdict::kBreach;
    reading.annotations["summary"] = fmt::format(
        "{}: {} of {} calls in 5 minutes have no known price: their cost is missing from every "
        "figure; add it to prices.yaml",
        ModelText(key.first, key.second), share.hits, share.n);
  }
  return readings;
}

std::unique_ptr<RuleEvaluator> MakeAnswersCutRule(RuleSpec spec,
                                                  std::shared_ptr<TrafficSource> traffic) {
  return std::make_unique<AnswersCutRule>(std::move(spec), std::move(traffic));
}

std::unique_ptr<RuleEvaluator> MakeUnpricedRule(RuleSpec spec,
                                                std::shared_ptr<TrafficSource> traffic) {
  return std::make_unique<UnpricedRule>(std::move(spec), std::move(traffic));
}

}  // namespace pitot
