#include "alert/runbook/action_book.h"

#include <fmt/format.h>

#include <algorithm>

#include "alert/runbook/action_json.h"
#include "alert/runbook/words.h"
#include "base/log.h"
#include "base/status.h"
#include "measure/glob.h"
#include "measure/hash.h"
#include "measure/proportions.h"
#include "query/figures/answer.h"
#include "store/state.h"

namespace pitot {
namespace {

constexpr std::string_view kSelf = "pitot";
// The guard: from so many calls on, on both sides, errors may be judged.
constexpr int64_t kGuardCallsMin = 20;
constexpr double kGuardSignificance = 0.01;
constexpr double kGuardRiseMin = 0.02;
constexpr double kShares[] = {0.1, 0.5, 1.0};

// What an action does and to whom, in eight letters.
std::string IdOf(const Action& action) {
  Action identity;
  identity.kind = action.kind;
  identity.target = action.target;
  identity.settings = action.settings;
  // A share grows: the action stays the same.
  identity.settings.share = 0;
  if (action.kind == ActionKind::kAdvice) identity.words = action.words;
  identity.alert = action.alert;
  return fmt::format("{:08x}", HashBytes(ActionJson(identity)) & 0xffffffff);
}

bool IsOver(ActionState state) {
  return state != ActionState::kOffered && state != ActionState::kActive;
}

// Calls of the target, and those of them that failed, which ended within the window.
absl::StatusOr<Proportion> ReadErrors(const QueryContext& query, const ActionTarget& target,
                                      const Window& window) {
  Scope scope;
  scope.project = target.project;
  scope.window = window;
  std::string filter;
  const auto add = [&](std::string_view field, std::string_view value) {
    if (value.empty()) return;
    filter += fmt::format("{}{} = {}", filter.empty() ? "" : " AND ", field, FilterValue(value));
  };
  // Rerouted calls have another model: the provider's and the feature's calls are what must not suffer.
  add("feature", target.feature);
  add("user_id", target.user);
  if (filter.empty()) add("provider", target.upstream);
  ASSIGN_OR_RETURN(scope.filter, ParseFilter(filter));
  SqlPiece where = FactsWhere(scope, /*calls_only=*/true);
  ASSIGN_OR_RETURN(
      const Table table,
      ReadTable(
          query,
          fmt::format("SELECT count(), countIf(f.status = 'error') FROM facts AS f FINAL WHERE "
                      "{} AND {}",
                      where.sql, kIsCallSql),
          std::move(where.params), 2));
  if (table.rows.empty()) return Proportion{};
  const boost::json::array& row = table.rows[0].get_array();
  return Proportion{IntAt(row, 1), IntAt(row, 0)};
}

// Only what keeps calls alive has a guard: what refuses them fails them on purpose.
bool HasGuard(ActionKind kind) {
  return kind == ActionKind::kReroute || kind == ActionKind::kTimeout || kind == ActionKind::kCap;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ActionBook>> ActionBook::Open(const ActionOptions& options,
                                                             Actuator* actuator, StateLog* state,
                                                             UnixNanos now) {
  std::unique_ptr<ActionBook> book(new ActionBook(options, actuator, state));
  MutexLock lock(&book->mutex_);
  RETURN_IF_ERROR(book->Load(now));
  return book;
}

absl::Status ActionBook::Load(UnixNanos now) {
  if (state_ == nullptr) return absl::OkStatus();
  for (const StateEvent& event : state_->Latest(kActionKind)) {
    std::optional<Action> action = ActionFromJson(event.body);
    if (!action) {
      LogWarning("action {} in the state log cannot be read: left out", event.id);
      continue;
    }
    action->id = event.id;
    actions_.insert_or_assign(event.id, *std::move(action));
  }
  for (auto& [id, action] : actions_) {
    if (action.state != ActionState::kActive) continue;
    last_auto_at_ = std::max(last_auto_at_, action.actor == kSelf ? action.changed_at : 0);
    if (action.expires_at <= now) {
      Undo(action, ActionState::kExpired, kSelf, "its time was over", now);
      continue;
    }
    const absl::StatusOr<ActionEffect> effect =
        actuator_ == nullptr ? absl::StatusOr<ActionEffect>(Unavailable("no gateway runs here"))
                             : actuator_->Apply(action, now);
    if (effect.ok()) continue;
    action.state = ActionState::kFailed;
    action.ended_at = now;
    action.result = fmt::format("after a restart: {}", Message(effect.status()));
    Record(action, "failed");
  }
  return absl::OkStatus();
}

// The most that this action may be done by.
ActionMode ActionBook::Allowed(const Action& action) const {
  if (!IsDoable(action.kind) || actuator_ == nullptr || options_.mode == "suggest") {
    return ActionMode::kSuggest;
  }
  const bool automatic =
      options_.mode == "auto" && action.mode == ActionMode::kAuto &&
      std::ranges::find(options_.automatic, Name(action.kind)) != options_.automatic.end();
  if (!automatic) return ActionMode::kConfirm;
  const bool approved = action.kind != ActionKind::kReroute ||
                        MatchesAnyGlob(options_.approved_models, action.settings.to_model);
  return approved ? ActionMode::kAuto : ActionMode::kConfirm;
}

void ActionBook::Offer(RunbookReport& report, UnixNanos now) {
  MutexLock lock(&mutex_);
  for (Finding& finding : report.steps) {
    for (Action& offered : finding.actions) {
      const ActionMode mode = Allowed(offered);
      offered.id = IdOf(offered);
      const auto known = actions_.find(offered.id);
      if (known != actions_.end() && !IsOver(known->second.state)) {
        offered = known->second;
        continue;
      }
      offered.mode = mode;
      offered.state = ActionState::kOffered;
      offered.offered_at = now;
      Action& action = actions_[offered.id] = offered;
      // One that ended is not done again by itself: it ended for a reason.
      const bool again = known != actions_.end();
      if (mode == ActionMode::kAuto && report.attached && !again &&
          (last_auto_at_ == 0 || now - last_auto_at_ >= kAutoEveryNs)) {
        last_auto_at_ = now;
        const absl::Status done = Do(action, kSelf, now);
        if (!done.ok()) {
          action.state = ActionState::kFailed;
          action.ended_at = now;
          action.result = std::string(Message(done));
          Record(action, "failed");
        }
      }
      offered = action;
    }
  }
  Trim(now);
}

absl::Status ActionBook::Do(Action& action, std::string_view actor, UnixNanos now) {
  Action todo = action;
  todo.actor = actor;
  todo.applied_at = action.applied_at == 0 ? now : action.applied_at;
  todo.changed_at = now;
  todo.expires_at = todo.applied_at + action.ttl_ns;
  todo.state = ActionState::kActive;
  ASSIGN_OR_RETURN(ActionEffect effect, actuator_->Apply(todo, now));
  if (action.state != ActionState::kActive) todo.before = std::move(effect.before);
  todo.after = std::move(effect.after);
  action = std::move(todo);
  Record(action, "applied");
  return absl::OkStatus();
}

void ActionBook::Undo(Action& action, ActionState state, std::string_view actor, std::string result,
                      UnixNanos now) {
  const absl::Status status =
      actuator_ == nullptr ? absl::OkStatus() : actuator_->Revert(action, now);
  action.state = state;
  action.ended_at = now;
  action.actor = actor;
  action.result = status.ok() ? std::move(result)
                              : fmt::format("{}; undoing it failed: {}", result, Message(status));
  Record(action, Name(state));
}

absl::StatusOr<Action> ActionBook::Confirm(std::string_view id, std::string_view actor,
                                           UnixNanos now, bool dry_run) {
  MutexLock lock(&mutex_);
  const auto found = actions_.find(id);
  if (found == actions_.end()) {
    return Error(absl::StatusCode::kNotFound, "no action has the id \"{}\"", id);
  }
  Action& action = found->second;
  if (action.state != ActionState::kOffered) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "action {} is {}: {}", id, Name(action.state),
        action.state == ActionState::kActive ? "there is nothing to confirm"
                                             : "run the runbook again for what is to be done now");
  }
  if (!IsDoable(action.kind)) {
    return Error(absl::StatusCode::kFailedPrecondition,
                 "action {} is advice: a person does it, not Pitot", id);
  }
  if (actuator_ == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition,
                 "no gateway runs here: nothing can be done through it");
  }
  if (action.mode == ActionMode::kSuggest) {
    return Error(absl::StatusCode::kFailedPrecondition,
                 "alerts.actions.mode is {}: set confirm or auto to let Pitot act", options_.mode);
  }
  if (dry_run) return action;
  RETURN_IF_ERROR(Do(action, actor, now));
  return action;
}

absl::StatusOr<Action> ActionBook::Revert(std::string_view id, std::string_view actor,
                                          UnixNanos now) {
  MutexLock lock(&mutex_);
  const auto found = actions_.find(id);
  if (found == actions_.end()) {
    return Error(absl::StatusCode::kNotFound, "no action has the id \"{}\"", id);
  }
  if (found->second.state != ActionState::kActive) {
    return Error(absl::StatusCode::kFailedPrecondition, "action {} is {}: there is nothing to undo",
                 id, Name(found->second.state));
  }
  Undo(found->second, ActionState::kReverted, actor, fmt::format("reverted by {}", actor), now);
  return found->second;
}

void ActionBook::Tick(const QueryContext& query) {
  const UnixNanos now = query.now;
  std::vector<Action> guarded;
  {
    MutexLock lock(&mutex_);
    for (auto& [id, action] : actions_) {
      if (action.state == ActionState::kOffered && now - action.offered_at > kOfferNs) {
        action.state = ActionState::kExpired;
        action.ended_at = now;
      }
      if (action.state != ActionState::kActive) continue;
      if (now >= action.expires_at) {
        Undo(action, ActionState::kExpired, kSelf, "its time was over", now);
      } else if (HasGuard(action.kind)) {
        guarded.push_back(action);
      }
    }
    Trim(now);
  }
  // The store is asked without the lock.
  for (const Action& active : guarded) {
    const absl::StatusOr<Proportion> before = ReadErrors(
        query, active.target, {active.applied_at - 30 * kNanosPerMinute, active.applied_at});
    const absl::StatusOr<Proportion> after =
        ReadErrors(query, active.target, {active.changed_at, now});
    if (!before.ok() || !after.ok()) continue;
    const bool judged = std::min(before->trials, after->trials) >= kGuardCallsMin;
    MutexLock lock(&mutex_);
    const auto found = actions_.find(active.id);
    if (found == actions_.end() || found->second.state != ActionState::kActive) continue;
    Action& action = found->second;
    if (judged && after->share() > before->share() + kGuardRiseMin &&
        TwoProportionP(*before, *after) < kGuardSignificance) {
      Undo(action, ActionState::kReverted, kSelf,
           fmt::format("its guard: {} of {} calls failed, {} before", PercentWords(after->share()),
                       after->trials, PercentWords(before->share())),
           now);
      continue;
    }
    const auto next = std::ranges::find_if(
        kShares, [&](double share) { return share > action.settings.share + 1e-9; });
    // Every change but the first is Pitot's own, whoever began.
    if (action.kind != ActionKind::kReroute || next == std::end(kShares) || !judged ||
        now - action.changed_at < kAutoEveryNs || now - last_auto_at_ < kAutoEveryNs) {
      continue;
    }
    Action grown = action;
    grown.settings.share = *next;
    last_auto_at_ = now;
    if (Do(grown, action.actor, now).ok()) action = std::move(grown);
  }
}

std::vector<Action> ActionBook::List(std::string_view project) const {
  MutexLock lock(&mutex_);
  std::vector<Action> out;
  for (const auto& [id, action] : actions_) {
    if (project.empty() || action.target.project == project) out.push_back(action);
  }
  const auto when = [](const Action& a) {
    return std::pair(a.state == ActionState::kActive, std::max(a.offered_at, a.changed_at));
  };
  std::ranges::stable_sort(out,
                           [&](const Action& a, const Action& b) { return when(a) > when(b); });
  return out;
}

std::optional<Action> ActionBook::Find(std::string_view id) const {
  MutexLock lock(&mutex_);
  const auto found = actions_.find(id);
  return found == actions_.end() ? std::nullopt : std::optional(found->second);
}

// A change is in force whether or not it can be logged: what undoes it must not depend on a disk.
void ActionBook::Record(const Action& action, std::string_view what) {
  if (state_ == nullptr) return;
  StateEvent event;
  event.kind = kActionKind;
  event.id = action.id;
  event.actor = action.actor;
  event.body = ActionJson(action);
  StateEvent audit = event;
  audit.kind = kAuditKind;
  audit.id = fmt::format("action-{}-{}-{}", action.id, action.changed_at + action.ended_at, what);
  audit.body = fmt::format("{{\"action\":\"runbook_{}\",\"what\":{}}}", what, event.body);
  for (StateEvent* each : {&event, &audit}) {
    const absl::Status status = state_->Append(std::move(*each)).status();
    if (!status.ok()) {
      LogError("action {} ({}) was not written down: {}", action.id, what, Message(status));
    }
  }
}

void ActionBook::Trim(UnixNanos now) {
  std::vector<std::string> gone;
  for (const auto& [id, action] : actions_) {
    if (IsOver(action.state) && now - action.ended_at > kOfferNs) gone.push_back(id);
  }
  if (actions_.size() - gone.size() > kActionsMax) {
    std::vector<std::pair<UnixNanos, std::string>> oldest;
    for (const auto& [id, action] : actions_) {
      const bool listed = std::ranges::find(gone, id) != gone.end();
      if (action.state != ActionState::kActive && !listed) {
        oldest.emplace_back(std::max(action.offered_at, action.ended_at), id);
      }
    }
    std::ranges::sort(oldest);
    const size_t over = actions_.size() - gone.size() - kActionsMax;
    for (size_t i = 0; i < std::min(over, oldest.size()); ++i) gone.push_back(oldest[i].second);
  }
  for (const std::string& id : gone) {
    const bool logged = actions_[id].applied_at != 0;
    actions_.erase(id);
    if (state_ == nullptr || !logged) continue;
    StateEvent event;
    event.kind = kActionKind;
    event.id = id;
    event.actor = kSelf;
    event.is_deleted = true;
    const absl::Status status = state_->Append(std::move(event)).status();
    if (!status.ok()) LogWarning("action {}: {}", id, Message(status));
  }
}

}  // namespace pitot
