#include "alert/rules/absent_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "alert/rules/judge.h"
#include "base/status.h"

namespace pitot {
namespace {

constexpr int64_t kFivesPerHour = 12;
constexpr int64_t kWarmUpNs = 10 * kNanosPerMinute;
constexpr int64_t kSpoolAgeMaxNs = kNanosPerMinute;

Labels ServiceLabels(const std::string& service) { return NonEmpty({{"service", service}}); }

class AbsentRule final : public RuleEvaluator {
 public:
  AbsentRule(RuleSpec spec, std::shared_ptr<TrafficSource> traffic, const SystemFigures& figures)
      : spec_(std::move(spec)), traffic_(std::move(traffic)), figures_(figures) {}

  const RuleSpec& spec() const override { return spec_; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    const UnixNanos now = context.query.now;
    const auto [first, is_new] = first_.try_emplace(context.project, now);
    if (now < first->second) first->second = now;
    ASSIGN_OR_RETURN(const TrafficTable* const table, traffic_->Now(context));
    ASSIGN_OR_RETURN(const UsualTraffic* const usual, traffic_->Usual(context));
    std::vector<std::string> missed;
    for (const auto& [service, presence] : usual->services) {
      for (const ActiveInterval& time :
           context.history.Active(spec_.id, ServiceLabels(service), now - kTrafficWindowNs)) {
        if (time.to == 0) missed.push_back(service);
      }
    }
    std::vector<Reading> readings = JudgeAbsent(spec_, *table, *usual, missed);
    const SpoolFigure spool = figures_.Spool();
    const bool late = spool.oldest_age_ns > kSpoolAgeMaxNs || !spool.accepting;
    const bool young = now - first->second < kWarmUpNs;
    for (Reading& reading : readings) {
      if (reading.verdict != Verdict::kBreach || !(late || young)) continue;
      reading.verdict = Verdict::kNoData;
      reading.reason =
          late ? "spans are waiting in the spool or refused" : "watching for less than ten minutes";
    }
    return readings;
  }

 private:
  const RuleSpec spec_;
  const std::shared_ptr<TrafficSource> traffic_;
  const SystemFigures& figures_;
  std::map<std::string, UnixNanos, std::less<>> first_;  // Evaluation, by project.
};

}  // namespace

std::vector<Reading> JudgeAbsent(const RuleSpec& spec, const TrafficTable& now,
                                 const UsualTraffic& usual,
                                 const std::vector<std::string>& missed) {
  std::map<std::string, int64_t> present;
  for (const TrafficRow& row : now.rows) present[row.service] += row.spans;
  std::vector<Reading> readings;
  for (const auto& [service, presence] : usual.services) {
    const auto found = present.find(service);
    const int64_t spans = found == present.end() ? 0 : found->second;
    const int64_t then = usual.has_last_week ? presence.last_week : presence.yesterday;
    const int64_t quiet = usual.has_last_week ? presence.quiet_last_week : presence.quiet_yesterday;
    const double expected = static_cast<double>(then) / kFivesPerHour;
    Reading& reading = readings.emplace_back();
    reading.labels = ServiceLabels(service);
    reading.value = static_cast<double>(spans);
    if (spans > 0 || expected < spec.threshold || quiet > 0) continue;
    const bool lately = usual.has_last_week || presence.recent > 0 ||
                        std::ranges::find(missed, service) != missed.end();
    if (!lately) continue;
    reading.verdict = Verdict::kBreach;
    reading.annotations["summary"] =
        fmt::format("no spans{} for 5 minutes; {} at this hour there were {:.0f} in 5 minutes",
                    service.empty() ? std::string() : " of " + service,
                    usual.has_last_week ? "last week" : "yesterday", expected);
  }
  return readings;
}

std::unique_ptr<RuleEvaluator> MakeAbsentRule(RuleSpec spec, std::shared_ptr<TrafficSource> traffic,
                                              const SystemFigures& figures) {
  return std::make_unique<AbsentRule>(std::move(spec), std::move(traffic), figures);
}

}  // namespace pitot
