#include "alert/rules/latency_rule.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "alert/rules/judge.h"
#include "base/status.h"
#include "query/figures/answer.h"

namespace pitot {
namespace {

constexpr int64_t kCallsMin = 100;
constexpr int64_t kSlowMin = 2;
constexpr double kP99Share = 0.01;
constexpr int64_t kUrgentCallsMin = 20;
constexpr double kUrgentShare = 0.5;
constexpr int kUrgentSeconds[] = {20, 30, 60};
constexpr int kWholeSeconds = 300;
// Below it nobody waits; above it everybody does.
constexpr double kPageNs = 30e9;
// How many calls took over `threshold` times the usual, usually: at least, and at most.
constexpr double kTailMin = 0.001;
constexpr double kSlowerMin = 0.05;
constexpr double kSlowerMax = 0.45;
// A median of less is none.
constexpr int64_t kFeatureCallsMin = 100;

// Histograms hold whole nanoseconds and up; ratios begin below one.
constexpr double kTimesUnit = 1e9;

constexpr std::string_view kSubject = "subject";

// Calls beside their own usual median.
struct Slower {
  LogHistogram times;     // As many medians did each take, in thousandths of a millionth.
  double usual_slow = 0;  // As many of them would be slow usually.

  void Add(const Slower& other) {
    times.Add(other.times);
    usual_slow += other.usual_slow;
  }
  bool MostOver(double threshold) const {
    return static_cast<double>(times.CountAbove(threshold * kTimesUnit)) >
           kUrgentShare * static_cast<double>(times.count());
  }
  bool Urgent(double threshold) const {
    const int64_t calls = times.count();
    if (calls < kUrgentCallsMin || !MostOver(threshold)) return false;
    const double usual =
        std::clamp(usual_slow / static_cast<double>(calls), kSlowerMin, kSlowerMax);
    return Beyond(times.CountAbove(threshold * kTimesUnit), calls, usual, kChanceUrgent);
  }
  // Nothing: there are none, or most of them timed out.
  std::optional<double> Median() const {
    const auto median = times.Quantile(0.5);
    return median ? std::optional(*median / kTimesUnit) : std::nullopt;
  }
};

// By the seconds looked at.
using SlowerBySeconds = std::map<int, Slower>;

struct ModelCalls {
  LogHistogram all;
  LogHistogram still;
};

// Nothing: too little is known of the feature.
std::optional<Slower> SlowerOf(double threshold, const TrafficRow& row,
                               const UsualTraffic::Latency& usual) {
  const auto feature = usual.by_feature.find(row.feature);
  if (feature == usual.by_feature.end() || feature->second.count() < kFeatureCallsMin) {
    return std::nullopt;
  }
  const std::optional<double> median = feature->second.Quantile(0.5);
  if (!median) return std::nullopt;
  const double share = static_cast<double>(feature->second.CountAbove(*median * threshold)) /
                       static_cast<double>(feature->second.count());
  Slower slower;
  slower.times.AddScaled(row.durations, kTimesUnit / *median);
  slower.usual_slow = share * static_cast<double>(row.durations.count());
  return slower;
}

struct Provider {
  SlowerBySeconds by_seconds;
  std::map<LatencyKey, SlowerBySeconds> models;
};

void AddSlower(const TrafficRow& row, const Slower& slower, SlowerBySeconds& out) {
  for (const int seconds : kUrgentSeconds) {
    if (row.age <= seconds) out[seconds].Add(slower);
  }
  out[kWholeSeconds].Add(slower);
}

const Slower* UrgentOf(const SlowerBySeconds& by_seconds, double threshold) {
  for (const int seconds : kUrgentSeconds) {
    const auto found = by_seconds.find(seconds);
    if (found != by_seconds.end() && found->second.Urgent(threshold)) return &found->second;
  }
  return nullptr;
}

Reading ProviderReading(const std::string& name, const Provider& provider, double threshold) {
  Reading reading;
  reading.labels = NonEmpty({{std::string(kSubject), "provider"}, {"provider", name}});
  reading.severity = AlertSeverity::kPage;
  const Slower* urgent = UrgentOf(provider.by_seconds, threshold);
  std::vector<std::string> slow_models;
  for (const auto& [key, by_seconds] : provider.models) {
    const Slower* const model = UrgentOf(by_seconds, threshold);
    if (model == nullptr) continue;
    if (urgent == nullptr) urgent = model;
    slow_models.push_back(key.model);
  }
  slow_models.erase(std::unique(slow_models.begin(), slow_models.end()), slow_models.end());
  const Slower& whole = provider.by_seconds.at(kWholeSeconds);
  if (urgent == nullptr) {
    reading.value = whole.Median();
    reading.verdict = whole.MostOver(threshold * kClearFactor) ? Verdict::kHold : Verdict::kOk;
    return reading;
  }
  reading.verdict = Verdict::kBreach;
  reading.urgent = true;
  reading.value = urgent->Median();
  const std::string slower =
      reading.value ? fmt::format("calls take {} as long as usual", TimesText(*reading.value))
                    : std::string("most calls time out");
  reading.annotations["summary"] = fmt::format(
      "{}: {}; {} of the last {} took over {} the usual median of their model and feature",
      name.empty() ? "the provider" : name, slower,
      urgent->times.CountAbove(threshold * kTimesUnit), urgent->times.count(),
      TimesText(threshold));
  if (!slow_models.empty()) {
    reading.annotations["models"] = fmt::format("{}", fmt::join(slow_models, ", "));
  }
  return reading;
}

Labels ModelLabels(const LatencyKey& key) {
  return NonEmpty({{std::string(kSubject), "model"},
                   {"provider", key.provider},
                   {"model", key.model},
                   {"op", key.kind},
                   {"streaming", key.streaming ? "true" : "false"}});
}

std::string CallsText(const LatencyKey& key) {
  return fmt::format("{}{}{}", ModelText(key.provider, key.model),
                     key.kind == "llm" ? "" : " " + key.kind, key.streaming ? " streamed" : "");
}

Reading ModelReading(const LatencyKey& key, const ModelCalls& calls,
                     const UsualTraffic::Latency* usual, double threshold) {
  Reading reading;
  reading.labels = ModelLabels(key);
  if (usual == nullptr || usual->p99_ns <= 0) {
    reading.verdict = Verdict::kLearning;
    reading.reason =
        "fewer than 100 calls in the same hour of the last seven days and in the last 24 hours: "
        "there is no usual p99 to compare with";
    return reading;
  }
  const double limit = threshold * usual->p99_ns;
  const int64_t n = calls.all.count();
  const int64_t slow = calls.all.CountAbove(limit);
  const std::optional<double> p99 = calls.all.Quantile(0.99);
  if (p99) reading.value = *p99 / usual->p99_ns;
  const double over = kP99Share * static_cast<double>(n);
  const double hold = threshold * kClearFactor * usual->p99_ns;
  if (static_cast<double>(slow) <= over || slow < kSlowMin) {
    const bool held = n >= kCallsMin && static_cast<double>(calls.all.CountAbove(hold)) > over;
    reading.verdict = held ? Verdict::kHold : Verdict::kOk;
    return reading;
  }
  const double tail = std::max(kTailMin, static_cast<double>(usual->all.CountAbove(limit)) /
                                             static_cast<double>(usual->all.count()));
  if (n < kCallsMin || !Beyond(slow, n, tail, kChance)) {
    reading.verdict = Verdict::kSuppressed;
    reading.reason = fmt::format("{} of {} calls were slow: too few to say so", slow, n);
    return reading;
  }
  const int64_t still = calls.still.CountAbove(limit);
  if (static_cast<double>(still) <= kP99Share * static_cast<double>(calls.still.count())) {
    reading.verdict = Verdict::kHold;  // It is over, and five minutes remember it.
    return reading;
  }
  reading.verdict = Verdict::kBreach;
  const int64_t over_page = calls.all.CountAbove(kPageNs);
  if (over_page >= kSlowMin && static_cast<double>(over_page) > over) {
    reading.severity = AlertSeverity::kPage;
  }
  const std::string p99_text =
      p99 ? fmt::format("p99 is {}, {} the usual {}", SecondsText(*p99),
                        TimesText(*p99 / usual->p99_ns), SecondsText(usual->p99_ns))
          : fmt::format("p99 is a timeout; usually it is {}", SecondsText(usual->p99_ns));
  reading.annotations["summary"] =
      fmt::format("{}: {}; {} of {} calls in 5 minutes took over {}", CallsText(key), p99_text,
                  slow, n, SecondsText(limit));
  return reading;
}

}  // namespace

std::vector<Reading> JudgeLatency(const RuleSpec& spec, const TrafficTable& now,
                                  const UsualTraffic& usual,
                                  const std::vector<std::string>& slow_providers) {
  std::map<LatencyKey, ModelCalls> models;
  std::map<std::string, Provider> providers;
  for (const TrafficRow& row : now.rows) {
    if (row.of != TrafficClass::kCall) continue;
    const LatencyKey key = LatencyKeyOf(row);
    ModelCalls& calls = models[key];
    calls.all.Add(row.durations);
    if (row.age <= kStillSeconds) calls.still.Add(row.durations);
    const auto known = usual.latency.find(key);
    if (known == usual.latency.end()) continue;
    const std::optional<Slower> slower = SlowerOf(spec.threshold, row, known->second);
    if (!slower) continue;
    Provider& provider = providers[key.provider];
    AddSlower(row, *slower, provider.by_seconds);
    AddSlower(row, *slower, provider.models[key]);
  }
  std::vector<Reading> readings;
  std::set<std::string> slow;
  for (const auto& [name, provider] : providers) {
    readings.push_back(ProviderReading(name, provider, spec.threshold));
    const Verdict verdict = readings.back().verdict;
    const bool active = std::ranges::find(slow_providers, name) != slow_providers.end();
    if (verdict == Verdict::kBreach || active) slow.insert(name);
  }
  for (const auto& [key, calls] : models) {
    const auto known = usual.latency.find(key);
    Reading reading = ModelReading(
        key, calls, known == usual.latency.end() ? nullptr : &known->second, spec.threshold);
    if (slow.contains(key.provider) && reading.verdict == Verdict::kBreach) {
      reading.verdict = Verdict::kHold;
    }
    readings.push_back(std::move(reading));
  }
  return readings;
}

namespace {

class LatencyRule final : public RuleEvaluator {
 public:
  LatencyRule(RuleSpec spec, std::shared_ptr<TrafficSource> traffic)
      : spec_(std::move(spec)), traffic_(std::move(traffic)) {}

  const RuleSpec& spec() const override { return spec_; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    ASSIGN_OR_RETURN(const TrafficTable* const now, traffic_->Now(context));
    ASSIGN_OR_RETURN(const UsualTraffic* const usual, traffic_->Usual(context));
    std::vector<Reading> readings = JudgeLatency(spec_, *now, *usual, SlowProviders(context, *now));
    for (Reading& reading : readings) {
      if (reading.verdict != Verdict::kBreach) continue;
      RETURN_IF_ERROR(AddSlowest(context, reading));
    }
    return readings;
  }

 private:
  std::vector<std::string> SlowProviders(const EvalContext& context, const TrafficTable& now) {
    std::set<std::string> providers;
    for (const TrafficRow& row : now.rows) {
      if (row.of == TrafficClass::kCall) providers.insert(row.provider);
    }
    std::vector<std::string> slow;
    for (const std::string& provider : providers) {
      const Labels labels = NonEmpty({{std::string(kSubject), "provider"}, {"provider", provider}});
      for (const ActiveInterval& time :
           context.history.Active(spec_.id, labels, context.query.now - kTrafficWindowNs)) {
        if (time.to == 0) slow.push_back(provider);
      }
    }
    return slow;
  }

  // The traces of the slowest calls of the last minute, or of five.
  static absl::Status AddSlowest(const EvalContext& context, Reading& reading) {
    const UnixNanos now = context.query.now;
    const bool provider = !reading.labels.contains("model");
    Scope scope{.project = context.project,
                .window = {now - (provider ? kNanosPerMinute : kTrafficWindowNs), now},
                .filter = {}};
    SqlPiece where = FactsWhere(scope, /*calls_only=*/true);
    const auto label = [&](std::string_view name) {
      const auto found = reading.labels.find(name);
      return found == reading.labels.end() ? std::string() : found->second;
    };
    where.params.push_back({"provider", label("provider")});
    where.params.push_back({"model", label("model")});
    where.params.push_back({"all", provider ? "1" : "0"});
    const std::string sql = fmt::format(
        "SELECT lower(hex(f.trace_id)), max(f.duration_ns) AS slowest FROM facts AS f FINAL WHERE "
        "{} AND {} AND f.provider = {{provider:String}} AND ({{all:UInt8}} = 1 OR f.model = "
        "{{model:String}}) GROUP BY f.trace_id ORDER BY slowest DESC, f.trace_id LIMIT 5",
        where.sql, kIsCallSql);
    ASSIGN_OR_RETURN(const Table table, ReadTable(context.query, sql, std::move(where.params), 2));
    for (const auto& row : table.rows) {
      reading.exemplar_trace_ids.emplace_back(TextAt(row.get_array(), 0));
    }
    return absl::OkStatus();
  }

  const RuleSpec spec_;
  const std::shared_ptr<TrafficSource> traffic_;
};

}  // namespace

std::unique_ptr<RuleEvaluator> MakeLatencyRule(RuleSpec spec,
                                               std::shared_ptr<TrafficSource> traffic) {
  return std::make_unique<LatencyRule>(std::move(spec), std::move(traffic));
}

}  // namespace pitot
