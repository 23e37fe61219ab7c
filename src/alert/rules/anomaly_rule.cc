#include "alert/rules/anomaly_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "alert/rules/judge.h"
#include "base/status.h"
#include "query/figures/anomaly.h"

namespace pitot {
namespace {

// What the rise is of is looked for again while it lasts.
constexpr int64_t kCausesEveryNs = 5 * kNanosPerMinute;
constexpr size_t kCausesMax = 3;
constexpr int64_t kForgetNs = 2 * kNanosPerDay;

std::string Usd(double amount) { return fmt::format("${:.2f}", amount); }

std::string CauseText(const SpendCause& cause) {
  std::string name;
  for (const auto& [field, value] : cause.key) {
    if (!value.empty()) name += fmt::format("{}{} {}", name.empty() ? "" : ", ", field, value);
  }
  if (name.empty()) name = "what has neither feature nor model";
  if (cause.is_new) return fmt::format("{}: {}, new", name, Usd(cause.spent_usd));
  return fmt::format("{}: {} instead of {}", name, Usd(cause.spent_usd), Usd(cause.usual_usd));
}

// Of one project.
struct Project {
  SpendHours hours;
  UnixNanos read_at = 0;  // Of all hours.
  std::optional<int64_t> accepted_hour;
  // Of the last anomaly.
  int64_t causes_hour = 0;
  UnixNanos causes_at = 0;
  std::vector<SpendCause> causes;
  std::vector<std::string> examples;
};

class AnomalyRule final : public RuleEvaluator {
 public:
  AnomalyRule(RuleSpec spec, AnomalyAcknowledged acknowledged)
      : spec_(std::move(spec)), acknowledged_(std::move(acknowledged)) {
    // The threshold is how unusual two hours in a row must be; a single one, twice that.
    limits_.z_min = spec_.threshold;
    limits_.z_alone = 2 * spec_.threshold;
  }

  const RuleSpec& spec() const override { return spec_; }

  absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) override {
    const UnixNanos now = context.query.now;
    std::erase_if(projects_,
                  [&](const auto& entry) { return now - entry.second.read_at > kForgetNs; });
    Project& project = projects_[context.project];
    RETURN_IF_ERROR(ReadHours(context, project));
    Accept(context, project);

    Reading reading;
    const std::vector<double>& usd = project.hours.usd;
    reading.value = usd.back();
    // Most projects most of the time: nothing that could be an anomaly.
    if (std::max(usd.back(), usd[usd.size() - 2]) < limits_.rise_min) return std::vector{reading};

    const std::vector<AnomalyHour> hours = ScanHours({.first_hour = project.hours.first_hour,
                                                      .values = usd,
                                                      .accepted_hour = project.accepted_hour},
                                                     limits_);
    const AnomalyHour& running = hours.back();
    const AnomalyHour& before = hours[hours.size() - 2];
    // What was accepted since is over with.
    const bool over = project.accepted_hour && before.hour <= *project.accepted_hour;
    const bool is_before =
        !over && before.verdict.fires && !(running.verdict.fires && running.value > before.value);
    const AnomalyHour& worst = is_before ? before : running;
    if (worst.verdict.fires) {
      RETURN_IF_ERROR(Explain(context, worst, project));
      Describe(worst, project, reading);
    } else if (running.verdict.unusual || (before.verdict.unusual && !over)) {
      reading.verdict = Verdict::kHold;
    } else if (running.baseline == AnomalyBaseline::kNone) {
      reading.verdict = Verdict::kLearning;
      reading.reason = "less than 20 hours of spending to compare with";
    }
    return std::vector{std::move(reading)};
  }

 private:
  absl::Status ReadHours(const EvalContext& context, Project& project) {
    Scope scope;
    scope.project = context.project;
    const UnixNanos now = context.query.now;
    const int64_t hour = now / kSpendHourNs;
    if (project.read_at == 0 || project.read_at > now || project.read_at / kSpendHourNs != hour) {
      ASSIGN_OR_RETURN(project.hours,
                       ReadSpendHours(context.query, scope, hour - kAnomalyHistoryHours));
      project.read_at = now;
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const SpendHours last, ReadSpendHours(context.query, scope, hour - 1));
    std::ranges::copy(last.usd, project.hours.usd.end() - 2);
    return absl::OkStatus();
  }

  // An acknowledgement is forgotten with its alert; that a level was accepted is not.
  void Accept(const EvalContext& context, Project& project) {
    if (acknowledged_ == nullptr) return;
    const std::optional<UnixNanos> at = acknowledged_(context.project);
    if (at && *at <= context.query.now) project.accepted_hour = *at / kSpendHourNs;
  }

  absl::Status Explain(const EvalContext& context, const AnomalyHour& worst, Project& project) {
    const UnixNanos now = context.query.now;
    if (project.causes_hour == worst.hour && now - project.causes_at < kCausesEveryNs &&
        now >= project.causes_at) {
      return absl::OkStatus();
    }
    Scope scope;
    scope.project = context.project;
    ASSIGN_OR_RETURN(project.causes, FindSpendCauses(context.query, scope, worst,
                                                     {"feature", "model"}, kCausesMax));
    ASSIGN_OR_RETURN(project.examples,
                     DearestTraces(context.query, scope, worst.hour, kExemplarsMax));
    project.causes_hour = worst.hour;
    project.causes_at = now;
    return absl::OkStatus();
  }

  void Describe(const AnomalyHour& worst, const Project& project, Reading& reading) const {
    const RobustScore& score = worst.verdict.score;
    reading.verdict = Verdict::kBreach;
    reading.value = worst.value;
    reading.threshold = std::max(limits_.ratio_min * score.median, score.median + limits_.rise_min);
    reading.exemplar_trace_ids = project.examples;
    std::string& summary = reading.annotations["summary"];
    summary = fmt::format("{} in the hour from {:02}:00 UTC where {} is usual", Usd(worst.value),
                          worst.hour % 24, Usd(score.median));
    if (score.median > 0) summary += fmt::format(" ({})", TimesText(worst.value / score.median));
    if (!project.causes.empty()) {
      const SpendCause& first = project.causes[0];
      summary += fmt::format("; {} ({} of the rise)", CauseText(first),
                             PercentText(std::min(1.0, first.share)));
    }
    std::string more =
        fmt::format("Compared with {} hours ({}).", score.history,
                    worst.baseline == AnomalyBaseline::kHourOfWeek  ? "the same hour of the week"
                    : worst.baseline == AnomalyBaseline::kHourOfDay ? "the same hour of the day"
                                                                    : "the last day's");
    for (size_t i = 1; i < project.causes.size(); ++i) {
      more += fmt::format(" {}.", CauseText(project.causes[i]));
    }
    reading.annotations["description"] = more;
  }

  const RuleSpec spec_;
  const AnomalyAcknowledged acknowledged_;
  AnomalyLimits limits_;
  std::map<std::string, Project, std::less<>> projects_;
};

}  // namespace

std::unique_ptr<RuleEvaluator> MakeAnomalyRule(RuleSpec spec, AnomalyAcknowledged acknowledged) {
  return std::make_unique<AnomalyRule>(std::move(spec), std::move(acknowledged));
}

}  // namespace pitot
