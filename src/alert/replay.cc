#include "alert/replay.h"

#include <algorithm>
#include <utility>

#include "alert/dispatch/dispatcher.h"
#include "alert/lifecycle/lifecycle.h"
#include "alert/rules/builtin.h"
#include "alert/rules/spend_rules.h"
#include "alert/slo/slo_book.h"
#include "base/status.h"

namespace pitot {
namespace {

constexpr std::string_view kReceiver = "replay";
// More steps than this are not a probe any more.
constexpr int64_t kStepsMax = 10'000;

// The parts of one run. Members are in the order in which they borrow each other.
class Stage {
 public:
  static absl::StatusOr<std::unique_ptr<Stage>> Open(const AlertOptions& options,
                                                     const ReplayScript& script) {
    auto stage = std::make_unique<Stage>(script);
    stage->figures_.SetBudgets(script.budgets);
    ASSIGN_OR_RETURN(stage->lifecycle_, Lifecycle::Open(nullptr, {}, script.from));
    ASSIGN_OR_RETURN(stage->silences_, Silences::Open(nullptr, 1, script.from));
    ASSIGN_OR_RETURN(stage->dispatcher_,
                     Dispatcher::Open(options, *stage->silences_, nullptr, script.from));
    RETURN_IF_ERROR(stage->OpenRules(options));
    return stage;
  }

  explicit Stage(const ReplayScript& script) : script_(script) {}

  absl::Status Step(const QueryContext& query, ReplayResult& result) {
    result.last.clear();
    for (RuleEvaluator* rule : rules_) {
      const std::string project = rule->spec().system ? "" : script_.project;
      ASSIGN_OR_RETURN(
          std::vector<Reading> readings,
          rule->Evaluate({.query = query, .project = project, .history = *lifecycle_}));
      lifecycle_->Apply(rule->spec(), project, readings, query.now);
      for (Reading& each : readings) result.last.push_back({rule->spec().id, std::move(each)});
    }
    lifecycle_->Advance(query.now);
    ++result.evaluations;
    std::vector<Alert> alerts = lifecycle_->Alerts();
    Note(alerts, result);
    for (const Notification& notification : dispatcher_->Tick(alerts, query.now)) {
      result.notices.push_back(NoticeOf(notification));
      dispatcher_->Sent(notification, true, query.now);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status OpenRules(const AlertOptions& options) {
    slos_ = std::make_unique<SloBook>(options.slos);
    sets_.push_back(SloRules(*slos_, options));
    sets_.push_back(SpendRules(options, figures_));
    std::vector<std::string_view> others;
    for (const RuleSet& set : sets_) {
      for (const auto& rule : set) others.push_back(rule->spec().id);
    }
    ASSIGN_OR_RETURN(RuleSet built_in, BuiltInRules(options, figures_, others));
    sets_.push_back(std::move(built_in));
    for (const std::string& id : script_.rules) {
      RuleEvaluator* found = nullptr;
      for (const RuleSet& set : sets_) {
        for (const auto& rule : set) {
          if (rule->spec().id == id) found = rule.get();
        }
      }
      if (found == nullptr || !found->spec().enabled) {
        return Error(absl::StatusCode::kNotFound, "the rule \"{}\" is {}", id,
                     found == nullptr ? "not known" : "switched off");
      }
      rules_.push_back(found);
    }
    rules_.insert(rules_.end(), script_.further.begin(), script_.further.end());
    return absl::OkStatus();
  }

  // States that differ from those of the step before.
  void Note(const std::vector<Alert>& alerts, ReplayResult& result) {
    for (const Alert& alert : alerts) {
      const auto [known, added] = states_.try_emplace(alert.fingerprint, alert.state);
      if (!added && known->second == alert.state) continue;
      known->second = alert.state;
      const auto summary = alert.annotations.find("summary");
      result.changes.push_back(
          {.at = alert.last_seen_at,
           .rule_id = alert.rule_id,
           .labels = alert.labels,
           .state = alert.state,
           .value = alert.value,
           .summary = summary == alert.annotations.end() ? "" : summary->second});
    }
  }

  static ReplayNotice NoticeOf(const Notification& notification) {
    ReplayNotice notice{.at = notification.at, .reason = notification.reason};
    notice.firing = std::ranges::count_if(notification.alerts,
                                          [](const Alert& alert) { return IsActive(alert.state); });
    if (!notification.alerts.empty()) {
      const Alert& first = notification.alerts.front();
      notice.alertname = first.AlertName();
      const auto summary = first.annotations.find("summary");
      if (summary != first.annotations.end()) notice.summary = summary->second;
    }
    return notice;
  }

  const ReplayScript& script_;
  StaticFigures figures_;
  std::unique_ptr<Lifecycle> lifecycle_;
  std::unique_ptr<Silences> silences_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<SloBook> slos_;
  std::vector<RuleSet> sets_;
  std::vector<RuleEvaluator*> rules_;
  std::map<uint64_t, AlertState> states_;
};

}  // namespace

RuleReplay::RuleReplay(AlertOptions options) : options_(std::move(options)) {
  options_.receivers.clear();
  options_.routes.clear();
  options_.default_receiver = kReceiver;
}

absl::StatusOr<ReplayResult> RuleReplay::Run(const ReplayScript& script,
                                             const QueryContext& query) {
  if (script.step_ns <= 0 || script.to < script.from ||
      (script.to - script.from) / script.step_ns > kStepsMax) {
    return InvalidArgument("a replay of {} s in steps of {} s: 1 to {} steps",
                           (script.to - script.from) / kNanosPerSecond,
                           script.step_ns / kNanosPerSecond, kStepsMax);
  }
  AlertOptions options = options_;
  options.slos = script.slos;
  ASSIGN_OR_RETURN(const auto stage, Stage::Open(options, script));
  ReplayResult result;
  QueryContext at = query;
  for (at.now = script.from; at.now <= script.to; at.now += script.step_ns) {
    RETURN_IF_ERROR(stage->Step(at, result));
  }
  return result;
}

}  // namespace pitot
