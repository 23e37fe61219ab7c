#include "alert/service.h"

#include <algorithm>
#include <utility>

#include "alert/dispatch/dispatcher.h"
#include "alert/dispatch/silences.h"
#include "alert/lifecycle/lifecycle.h"
#include "alert/notify/sender.h"
#include "alert/preflight/sandbox.h"
#include "alert/rules/builtin.h"
#include "alert/rules/custom.h"
#include "alert/rules/spend_rules.h"
#include "alert/runbook/action_book.h"
#include "alert/runbook/runbook.h"
#include "alert/runbook/status_pages.h"
#include "alert/slo/slo_book.h"
#include "base/log.h"
#include "base/status.h"
#include "query/figures/answer.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kRuleDeadline(10'000);
constexpr std::chrono::milliseconds kRunbookDeadline(15'000);
constexpr std::chrono::milliseconds kStopDrain(3'000);
// A rule speaks of projects that sent spans within as long: what has been silent for longer is not
// absent but gone.
constexpr int64_t kProjectDays = 8;
constexpr int64_t kProjectsEveryNs = kNanosPerMinute;
constexpr size_t kProjectsMax = 1'000;
// Silences and acknowledgements take effect, and timers run out, within as long.
constexpr int64_t kDispatchEveryNs = 5 * kNanosPerSecond;

// What probes do in the sandbox is watched by the probes.
constexpr std::string_view kProjectsSql =
    "SELECT DISTINCT project FROM facts WHERE day >= toDate({day:Int64}) AND project != "
    "{sandbox:String} ORDER BY project LIMIT {limit:UInt64}";

}  // namespace

absl::StatusOr<std::unique_ptr<AlertService>> AlertService::Open(AlertOptions options,
                                                                 const AlertDeps& deps) {
  RETURN_IF_ERROR(options.Validate());
  std::unique_ptr<AlertService> service(new AlertService(std::move(options), deps));
  RETURN_IF_ERROR(service->OpenParts());
  return service;
}

AlertService::AlertService(AlertOptions options, const AlertDeps& deps)
    : options_(std::move(options)), deps_(deps) {}

AlertService::~AlertService() { Stop(); }

absl::Status AlertService::OpenParts() {
  const UnixNanos now = deps_.clock.Now();
  LifecycleOptions lifecycle;
  lifecycle.alerts_max = static_cast<size_t>(deps_.limits.alerts);
  lifecycle.external_url = options_.external_url;
  ASSIGN_OR_RETURN(lifecycle_, Lifecycle::Open(deps_.state, lifecycle, now));
  ASSIGN_OR_RETURN(silences_,
                   Silences::Open(deps_.state, static_cast<size_t>(deps_.limits.silences), now));
  ASSIGN_OR_RETURN(dispatcher_, Dispatcher::Open(options_, *silences_, deps_.state, now));
  slos_ = std::make_unique<SloBook>(options_.slos);
  status_pages_ = std::make_unique<StatusPages>(options_.status_pages, deps_.clock);
  ASSIGN_OR_RETURN(actions_, ActionBook::Open(options_.actions, deps_.actuator, deps_.state, now));
  RETURN_IF_ERROR(OpenRules(now));
  SenderOptions sender;
  sender.external_url = options_.external_url;
  sender.version = deps_.version;
  sender.evaluation_interval_ns = options_.interval_ns;
  sender.inline_delivery = deps_.send_inline;
  ASSIGN_OR_RETURN(sender_, Sender::Open(options_.receivers, sender, deps_.state, deps_.clock));
  return absl::OkStatus();
}

absl::Status AlertService::OpenRules(UnixNanos now) {
  std::vector<RuleSet> sets;
  sets.push_back(SloRules(*slos_, options_));
  sets.push_back(SpendRules(options_, deps_.figures, [this](std::string_view project) {
    return AcknowledgedAt("cost_anomaly", project);
  }));
  std::vector<std::string_view> others;
  for (const RuleSet& set : sets) {
    for (const auto& rule : set) others.push_back(rule->spec().id);
  }
  ASSIGN_OR_RETURN(rules_, BuiltInRules(options_, deps_.figures, others));
  for (RuleSet& set : sets) std::move(set.begin(), set.end(), std::back_inserter(rules_));
  std::vector<std::string_view> taken;
  for (const auto& rule : rules_) taken.push_back(rule->spec().id);
  ASSIGN_OR_RETURN(RuleSet custom, CustomRules(options_, taken));
  std::move(custom.begin(), custom.end(), std::back_inserter(rules_));

  std::vector<std::string> ids;
  const MutexLock lock(&mutex_);
  for (const auto& rule : rules_) {
    statuses_.push_back({.spec = rule->spec()});
    if (rule->spec().enabled) ids.push_back(rule->spec().id);
  }
  lifecycle_->RetainRules(ids, now);
  return absl::OkStatus();
}

std::optional<UnixNanos> AlertService::AcknowledgedAt(std::string_view rule_id,
                                                      std::string_view project) const {
  std::optional<UnixNanos> at;
  for (const Alert& alert : lifecycle_->Alerts()) {
    if (alert.rule_id != rule_id || alert.Label(kProjectLabel) != project || !alert.ack) continue;
    at = std::max(at.value_or(0), alert.ack->at);
  }
  return at;
}

void AlertService::Start() {
  if (!options_.enabled) return;
  status_pages_->Start();
  thread_ = std::jthread([this] { Run(); });
}

void AlertService::Stop() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
    stopped_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  if (sender_ != nullptr) sender_->Stop(kStopDrain);
  if (status_pages_ != nullptr) status_pages_->Stop();
}

void AlertService::Run() {
  while (true) {
    const UnixNanos now = deps_.clock.Now();
    Tick(now);
    const auto wait = std::chrono::nanoseconds(NextDue(now) - now);
    const MutexLock lock(&mutex_);
    const auto until = std::chrono::steady_clock::now() + wait;
    while (!stopping_ && stopped_.WaitUntil(mutex_, until)) {
    }
    if (stopping_) return;
  }
}

UnixNanos AlertService::NextDue(UnixNanos now) const {
  UnixNanos due = 0;
  {
    const MutexLock lock(&mutex_);
    due = next_evaluation_;
  }
  due = std::min({due, dispatcher_->NextDue(), now + kDispatchEveryNs});
  return std::max(due, now + kNanosPerMilli);
}

void AlertService::Tick(UnixNanos now) {
  const MutexLock tick(&tick_mutex_);
  if (deps_.lead != nullptr && !deps_.lead()) return;
  bool evaluate = false;
  {
    const MutexLock lock(&mutex_);
    // A clock that was set back must not stop the evaluations until it has caught up.
    const bool behind = next_evaluation_ - now > options_.interval_ns;
    evaluate = now >= next_evaluation_ || behind;
    if (evaluate) {
      // On the grid of the interval; what was missed is not made up for.
      next_evaluation_ = now - now % options_.interval_ns + options_.interval_ns;
    }
  }
  if (evaluate) Evaluate(now);
  Dispatch(now);
}

QueryContext AlertService::Query(UnixNanos now, std::chrono::milliseconds deadline) const {
  return {.engine = deps_.engine,
          .limits = deps_.limits,
          .now = now,
          .deadline = std::chrono::steady_clock::now() + deadline,
          .cancel = nullptr};
}

absl::StatusOr<std::vector<std::string>> AlertService::Projects(UnixNanos now) {
  const bool fresh = now < projects_due_ && projects_due_ - now <= kProjectsEveryNs;
  if (fresh && !projects_.empty()) return projects_;
  const QueryContext query = Query(now, kRuleDeadline);
  ASSIGN_OR_RETURN(const Table table,
                   ReadTable(query, kProjectsSql,
                             {{"day", fmt::to_string(now / kNanosPerDay - kProjectDays)},
                              {"sandbox", std::string(kSandboxProject)},
                              {"limit", fmt::to_string(kProjectsMax)}},
                             1));
  projects_.clear();
  for (const auto& row : table.rows) projects_.emplace_back(TextAt(row.get_array(), 0));
  projects_due_ = now + kProjectsEveryNs;
  return projects_;
}

void AlertService::Evaluate(UnixNanos now) {
  const auto begun = std::chrono::steady_clock::now();
  const auto projects = Projects(now);
  if (!projects.ok()) LogWarning("alerts: {}", Message(projects.status()));
  rule_due_.resize(rules_.size(), 0);
  for (size_t i = 0; i < rules_.size(); ++i) {
    const int64_t interval = rules_[i]->spec().interval_ns;
    if (!rules_[i]->spec().enabled) continue;
    if (now < rule_due_[i] && rule_due_[i] - now <= interval) continue;
    rule_due_[i] = now + interval;
    // What happens while the store is away is not known, and is said so.
    EvaluateRule(i, projects, now);
  }
  lifecycle_->Advance(now);
  silences_->Collect(now);
  const int64_t took = (std::chrono::steady_clock::now() - begun).count();
  const MutexLock lock(&mutex_);
  ++stats_.evaluations;
  stats_.last_at = now;
  stats_.last_took_ns = took;
  stats_.projects = static_cast<int64_t>(projects_.size());
}

void AlertService::EvaluateRule(size_t index, const absl::StatusOr<std::vector<std::string>>& among,
                                UnixNanos now) {
  RuleEvaluator& rule = *rules_[index];
  const auto begun = std::chrono::steady_clock::now();
  static const std::vector<std::string> kNone = {""};
  const std::vector<std::string>& projects = rule.spec().system ? kNone : projects_;
  std::string error;
  int64_t series = 0;
  int64_t breaching = 0;
  for (const std::string& project : projects) {
    const QueryContext query = Query(now, kRuleDeadline);
    absl::StatusOr<std::vector<Reading>> readings =
        rule.spec().system || among.ok()
            ? rule.Evaluate({.query = query, .project = project, .history = *lifecycle_})
            : among.status();
    if (readings.ok()) {
      series += static_cast<int64_t>(readings->size());
      for (const Reading& each : *readings) breaching += each.verdict == Verdict::kBreach;
    } else {
      error = Message(readings.status());
    }
    lifecycle_->Apply(rule.spec(), project, readings, now);
  }
  const MutexLock lock(&mutex_);
  RuleStatus& status = statuses_[index];
  ++status.evaluations;
  status.failures += error.empty() ? 0 : 1;
  status.last_at = now;
  status.last_took_ns = (std::chrono::steady_clock::now() - begun).count();
  status.last_error = std::move(error);
  status.series = series;
  status.breaching = breaching;
}

void AlertService::Dispatch(UnixNanos now) {
  std::vector<Alert> alerts = lifecycle_->Alerts();
  std::vector<Notification> notifications = dispatcher_->Tick(alerts, now);
  for (const std::string& receiver : sender_->ForwardReceivers()) {
    std::vector<Alert> routed;
    for (const Alert& alert : alerts) {
      const std::vector<std::string> receivers = dispatcher_->ReceiversOf(alert.labels);
      if (std::ranges::find(receivers, receiver) != receivers.end()) routed.push_back(alert);
    }
    sender_->Forward(receiver, routed, now);
  }
  status_pages_->SetFiring(std::any_of(alerts.begin(), alerts.end(),
                                       [](const Alert& alert) { return IsActive(alert.state); }));
  actions_->Tick(Query(now, kRuleDeadline));
  // A page waits for its diagnosis, kRunbookDeadline at most.
  for (Notification& notification : notifications) Diagnose(notification, now);
  if (notifications.empty()) DiagnoseUntold(alerts, now);
  KeepReportsOf(alerts);
  for (Notification& notification : notifications) {
    sender_->Send(std::move(notification),
                  [this](const Notification& sent, const std::vector<ChannelResult>& results) {
                    dispatcher_->Sent(sent, Delivered(results), deps_.clock.Now());
                    if (!Delivered(results))
                      LogWarning("notification: {}: {}", sent.receiver, ResultText(results));
                  });
  }
}

// Of the most severe alert that calls for a runbook; told with all of its group.
void AlertService::Diagnose(Notification& notification, UnixNanos now) {
  if (!notification.firing()) return;
  const Alert* worst = nullptr;
  for (const Alert& alert : notification.alerts) {
    if (alert.runbook.empty() || !IsActive(alert.state)) continue;
    if (worst == nullptr || SeverityOf(alert) > SeverityOf(*worst)) worst = &alert;
  }
  if (worst == nullptr) return;
  const QueryContext query = Query(now, kRunbookDeadline);
  RunbookInput input = InputOf(*worst);
  input.attached = true;
  auto report = Runbook(worst->runbook, input, query);
  if (!report.ok()) {
    LogWarning("runbook {}: {}", worst->runbook, Message(report.status()));
    const MutexLock lock(&mutex_);
    reports_.try_emplace(worst->fingerprint, nullptr);  // Tried.
    return;
  }
  const auto shared = std::make_shared<const RunbookReport>(*std::move(report));
  Annotations diagnosis;
  if (!shared->causes.empty()) {
    diagnosis.emplace(kCauseAnnotation, shared->causes.front().words);
  }
  if (!shared->summary.empty()) diagnosis.emplace(kImpactAnnotation, shared->summary);
  for (Alert& alert : notification.alerts) {
    if (alert.runbook != shared->runbook || !IsActive(alert.state)) continue;
    lifecycle_->Annotate(alert.fingerprint, diagnosis);
    for (const auto& [name, words] : diagnosis) alert.annotations[name] = words;
    const MutexLock lock(&mutex_);
    reports_[alert.fingerprint] = shared;
  }
}

// Alerts that nobody is told of are looked at by people all the same: one a tick, the most severe first.
void AlertService::DiagnoseUntold(const std::vector<Alert>& alerts, UnixNanos now) {
  const Alert* worst = nullptr;
  for (const Alert& alert : alerts) {
    if (alert.runbook.empty() || !IsActive(alert.state) || !alert.inhibited_by.empty()) continue;
    if (worst != nullptr && SeverityOf(alert) <= SeverityOf(*worst)) continue;
    {
      const MutexLock lock(&mutex_);
      if (reports_.contains(alert.fingerprint)) continue;
    }
    if (dispatcher_->ReceiversOf(alert.labels).empty()) worst = &alert;
  }
  if (worst == nullptr) return;
  Notification untold;
  untold.alerts.push_back(*worst);
  Diagnose(untold, now);
}

void AlertService::KeepReportsOf(const std::vector<Alert>& alerts) {
  const MutexLock lock(&mutex_);
  std::map<uint64_t, std::shared_ptr<const RunbookReport>> kept;
  for (const Alert& alert : alerts) {
    if (const auto report = reports_.find(alert.fingerprint); report != reports_.end()) {
      kept.insert(*report);
    }
  }
  reports_ = std::move(kept);
}

std::vector<Alert> AlertService::Alerts() const {
  std::vector<Alert> alerts = lifecycle_->Alerts();
  dispatcher_->Mark(alerts, deps_.clock.Now());
  return alerts;
}

std::optional<Alert> AlertService::Find(uint64_t fingerprint) const {
  for (Alert& alert : Alerts()) {
    if (alert.fingerprint == fingerprint) return std::move(alert);
  }
  return std::nullopt;
}

std::vector<RuleStatus> AlertService::Rules() const {
  const MutexLock lock(&mutex_);
  return statuses_;
}

AlertStats AlertService::stats() const {
  const MutexLock lock(&mutex_);
  return stats_;
}

absl::StatusOr<RunbookReport> AlertService::Runbook(std::string_view name,
                                                    const RunbookInput& input,
                                                    const QueryContext& query) {
  ASSIGN_OR_RETURN(RunbookReport report, RunRunbook(name, input,
                                                    {.query = query,
                                                     .status_pages = status_pages_.get(),
                                                     .figures = &deps_.figures,
                                                     .actions = &options_.actions}));
  actions_->Offer(report, query.now);
  return report;
}

std::shared_ptr<const RunbookReport> AlertService::AttachedReport(uint64_t fingerprint) const {
  const MutexLock lock(&mutex_);
  const auto found = reports_.find(fingerprint);
  return found == reports_.end() ? nullptr : found->second;
}

}  // namespace pitot
