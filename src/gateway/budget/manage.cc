#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "gateway/budget/impl.h"

namespace pitot {
namespace {

// Lines looked at in one hold of the mutex.
constexpr size_t kLinesAtOnce = 2048;
constexpr char kSwitchSeparator = '/';  // No budget's id has it.

// What makes counters comparable: while it stays, a changed budget keeps them.
std::string ShapeOf(const BudgetSpec& spec) {
  return fmt::format("{} {} {} {} {}", Name(spec.scope), spec.each() ? "each" : "all",
                     Name(spec.the_window()), spec.length_ns, spec.timezone);
}

std::string SwitchId(std::string_view budget, std::optional<std::string_view> value) {
  return value ? fmt::format("{}{}{}", budget, kSwitchSeparator, *value) : std::string(budget);
}

std::string SwitchBody(std::string_view reason) {
  boost::json::object body;
  body["reason"] = boost::json::string_view(reason.data(), reason.size());
  return boost::json::serialize(body);
}

std::string ReasonOf(const std::string& body) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(body, error);
  if (error || !value.is_object()) return {};
  const boost::json::value* const reason = value.get_object().if_contains("reason");
  return reason != nullptr && reason->is_string() ? std::string(reason->get_string()) : "";
}

absl::Status NotFound(std::string_view id) {
  return Error(absl::StatusCode::kNotFound, "no budget has the id \"{}\"", id);
}

StateEvent EventOf(std::string_view kind, std::string id, std::string body, bool is_deleted,
                   std::string_view actor) {
  StateEvent event;
  event.kind = kind;
  event.id = std::move(id);
  event.body = std::move(body);
  event.is_deleted = is_deleted;
  event.actor = actor;
  return event;
}

}  // namespace

absl::Status Budgets::Impl::LoadSpecs() {
  for (const BudgetSpec& spec : options_.specs) Install(spec);
  for (const StateEvent& event : state_.Latest(kBudgetKind)) {
    if (FindLocked(event.id) != nullptr) {
      LogWarning("budget {}: {} defines it too; what was made through the API does not hold",
                 event.id, options_.config_name);
      continue;
    }
    absl::StatusOr<BudgetSpec> spec = BudgetFromJson(event.body, event.id);
    if (!spec.ok()) {
      // A budget that silently does not hold is worse than a gateway that does not start.
      return Error(absl::StatusCode::kFailedPrecondition,
                   "budget {}, made through the API, cannot be read: {}", event.id,
                   Message(spec.status()));
    }
    Install(*std::move(spec));
  }
  LoadSwitches();
  return absl::OkStatus();
}

void Budgets::Impl::LoadSwitches() {
  for (const StateEvent& event : state_.Latest(kBudgetSwitchKind)) {
    const size_t cut = event.id.find(kSwitchSeparator);
    LiveBudget* const budget = FindLocked(std::string_view(event.id).substr(0, cut));
    if (budget == nullptr) continue;
    if (cut == std::string::npos) {
      budget->disabled = true;
      budget->why = ReasonOf(event.body);
    } else {
      budget->disabled_values[event.id.substr(cut + 1)] = ReasonOf(event.body);
    }
  }
}

LiveBudget* Budgets::Impl::FindLocked(std::string_view id) const {
  for (const auto& budget : budgets_) {
    if (budget->spec.id == id) return budget.get();
  }
  return nullptr;
}

void Budgets::Impl::Install(BudgetSpec spec) {
  const std::string shape = ShapeOf(spec);
  BudgetSeries* series = ledger_.FindSeries(spec.id, shape);
  if (series == nullptr) {
    series = &ledger_.AddSeries(ledger_.next_series(), spec.id, shape);
    std::string record;
    BudgetRecords(record).Series(*series);
    // Before the journal begins, its snapshot has the series.
    if (journal_->is_open() || recovering_) AppendLocked(record);
  }
  LiveBudget* budget = FindLocked(spec.id);
  if (budget == nullptr) {
    // Those of the configuration come first, in its order; the others by id.
    const auto before = [&](const std::unique_ptr<LiveBudget>& other) {
      return !spec.from_config && !other->spec.from_config && spec.id < other->spec.id;
    };
    const auto at = std::ranges::find_if(budgets_, before);
    budget = budgets_.insert(at, std::make_unique<LiveBudget>())->get();
  } else if (budget->series < by_series_.size()) {
    by_series_[budget->series] = nullptr;
  }
  budget->rule = RuleOf(spec);
  budget->period = {0, 0, 0};
  budget->series = series->id;
  budget->each = spec.each();
  budget->spec = std::move(spec);
  if (by_series_.size() <= series->id) by_series_.resize(series->id + 1, nullptr);
  by_series_[series->id] = budget;
}

void Budgets::Impl::Uninstall(std::string_view id) {
  LiveBudget* const budget = FindLocked(id);
  by_series_[budget->series] = nullptr;
  std::erase_if(budgets_, [&](const auto& one) { return one.get() == budget; });
}

absl::StatusOr<BudgetSpec> Budgets::Impl::Set(BudgetSpec spec, std::string_view actor) {
  spec.from_config = false;
  RETURN_IF_ERROR(spec.Validate());
  MutexLock managing(&manage_mutex_);
  {
    MutexLock lock(&mutex_);
    const LiveBudget* const there = FindLocked(spec.id);
    if (there != nullptr && there->spec.from_config) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "budget {} is defined in {}: change it there", spec.id, options_.config_name);
    }
  }
  RETURN_IF_ERROR(
      state_.Append(EventOf(kBudgetKind, spec.id, BudgetToJson(spec), false, actor)).status());
  MutexLock lock(&mutex_);
  Install(spec);
  return spec;
}

absl::Status Budgets::Impl::Remove(std::string_view id, std::string_view actor) {
  MutexLock managing(&manage_mutex_);
  std::vector<std::string> switches;
  {
    MutexLock lock(&mutex_);
    const LiveBudget* const there = FindLocked(id);
    if (there == nullptr) return NotFound(id);
    if (there->spec.from_config) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "budget {} is defined in {}: remove it there", id, options_.config_name);
    }
    if (there->disabled) switches.push_back(SwitchId(id, std::nullopt));
    for (const auto& [value, reason] : there->disabled_values) {
      switches.push_back(SwitchId(id, value));
    }
  }
  for (std::string& one : switches) {
    RETURN_IF_ERROR(
        state_.Append(EventOf(kBudgetSwitchKind, std::move(one), "{}", true, actor)).status());
  }
  RETURN_IF_ERROR(state_.Append(EventOf(kBudgetKind, std::string(id), "{}", true, actor)).status());
  MutexLock lock(&mutex_);
  Uninstall(id);
  return absl::OkStatus();
}

absl::Status Budgets::Impl::Switch(std::string_view id, std::optional<std::string_view> counter,
                                   std::optional<std::string_view> reason, NanoUsd extra,
                                   std::string_view actor) {
  MutexLock managing(&manage_mutex_);
  bool changes = reason.has_value();
  {
    MutexLock lock(&mutex_);
    const LiveBudget* const there = FindLocked(id);
    if (there == nullptr) return NotFound(id);
    if (counter && !there->each) {
      return InvalidArgument("budget {} has one counter for all: name no counter", id);
    }
    if (extra.value > 0 && there->each && !counter) {
      return InvalidArgument(
          "budget {} has a counter for each {}: name the one whose limit is to be raised", id,
          Name(there->spec.scope));
    }
    changes |= counter ? there->disabled_values.contains(std::string(*counter)) : there->disabled;
  }
  if (changes) {
    RETURN_IF_ERROR(state_
                        .Append(EventOf(kBudgetSwitchKind, SwitchId(id, counter),
                                        SwitchBody(reason.value_or("")), !reason, actor))
                        .status());
  }
  std::shared_ptr<File> file;
  {
    MutexLock lock(&mutex_);
    LiveBudget& budget = *FindLocked(id);
    if (counter && reason) {
      budget.disabled_values[std::string(*counter)] = std::string(*reason);
    } else if (counter) {
      budget.disabled_values.erase(std::string(*counter));
    } else {
      budget.disabled = reason.has_value();
      budget.why = reason.value_or("");
    }
    if (reason) return absl::OkStatus();
    RETURN_IF_ERROR(AddExtra(budget, counter, extra));
    file = journal_->file();
  }
  return extra.value > 0 && file != nullptr ? file->SyncData() : absl::OkStatus();
}

absl::Status Budgets::Impl::Disable(std::string_view id, std::optional<std::string_view> counter,
                                    std::string_view reason, std::string_view actor) {
  return Switch(id, counter, reason.empty() ? "disabled by an operator" : reason, NanoUsd{}, actor);
}

absl::Status Budgets::Impl::Enable(std::string_view id, std::optional<std::string_view> counter,
                                   NanoUsd extra, std::string_view actor) {
  if (extra.value < 0 || extra > kBudgetLimitMax) {
    return InvalidArgument("extra_usd {} is not from 0 to {}", UsdText(extra),
                           UsdText(kBudgetLimitMax));
  }
  return Switch(id, counter, std::nullopt, extra, actor);
}

// Also forgets that the counter was exhausted; of a budget as a whole, each of them.
absl::Status Budgets::Impl::AddExtra(LiveBudget& budget, std::optional<std::string_view> value,
                                     NanoUsd extra) {
  const UnixNanos now = NowLocked();
  std::string records;
  BudgetRecords out(records);
  for (size_t i = 0; i < ledger_.size(); ++i) {
    BudgetLine& line = ledger_.at(i);
    if (line.series != budget.series || !line.exhausted) continue;
    if (value && line.value != *value) continue;
    line.exhausted = false;
    out.Mark(line);
  }
  if (extra.value > 0) {
    if (now >= budget.period.end || now < budget.period.start) {
      budget.period = PeriodAt(budget.rule, now);
    }
    Touch touch;
    touch.budget = &budget;
    touch.value = value.value_or("");
    touch.line = ledger_.Find(budget.series, touch.value);
    if (touch.line != nullptr) BudgetLedger::Roll(*touch.line, now);
    if (touch.line != nullptr) touch.bucket = touch.line->Find(budget.period.start);
    Place(touch, out);
    touch.line->extra = std::min(AddUsd(touch.line->extra, extra.value), kBudgetLimitMax.value);
    out.Mark(*touch.line);
  }
  if (records.empty() || AppendLocked(records)) return absl::OkStatus();
  return Annotate(broken_, "enabled, but not for good");
}

BudgetCounter Budgets::Impl::CounterOf(const LiveBudget& budget, BudgetLine& line) const {
  BudgetCounter counter;
  counter.value = line.value;
  counter.limit.value = LimitOf(budget, &line);
  counter.spent.value = line.spent;
  counter.reserved.value = line.reserved;
  counter.elsewhere.value = line.elsewhere;
  counter.in_flight = line.open;
  counter.refused = line.refused;
  for (const BudgetBucket& bucket : line.buckets) {
    counter.leased.value = AddUsd(counter.leased.value, std::max(bucket.leased, bucket.spent));
    counter.overshoot.value = AddUsd(counter.overshoot.value, bucket.overshoot);
    counter.calls += bucket.calls;
  }
  if (!budget.spec.hard) counter.leased = NanoUsd{};
  if (budget.rule.kind == BudgetWindow::kRolling) {
    counter.window_start = ledger_.last_now() - budget.rule.length_ns;
    counter.window_end = ledger_.last_now();
  } else if (!line.buckets.empty() && line.buckets.back().leaves != kNever) {
    counter.window_start = line.buckets.back().start;
    counter.window_end = line.buckets.back().leaves;
  }
  const auto off = budget.disabled_values.find(line.value);
  counter.disabled = off != budget.disabled_values.end() || IsExhausted(budget, line);
  if (off != budget.disabled_values.end()) {
    counter.why = off->second;
  } else if (counter.disabled) {
    counter.why = "exhausted";
  }
  return counter;
}

BudgetState Budgets::Impl::StateOf(const LiveBudget& budget) const {
  BudgetState state;
  state.spec = budget.spec;
  state.disabled = budget.disabled;
  state.why = budget.why;
  state.refused = budget.refused;
  return state;
}

void Budgets::Impl::AddLine(BudgetLine& line, BudgetState& state, size_t top) const {
  BudgetLedger::Roll(line, ledger_.last_now());
  LiveBudget* const budget = BudgetOf(line);
  if (budget == nullptr || line.buckets.empty()) return;
  BudgetCounter counter = CounterOf(*budget, line);
  ++state.counters;
  state.counters_disabled += counter.disabled ? 1 : 0;
  state.spent.value = AddUsd(state.spent.value, counter.spent.value);
  state.reserved.value = AddUsd(state.reserved.value, counter.reserved.value);
  state.overshoot.value = AddUsd(state.overshoot.value, counter.overshoot.value);
  const auto more = [](const BudgetCounter& a, const BudgetCounter& b) {
    return a.spent.value != b.spent.value ? a.spent > b.spent : a.value < b.value;
  };
  const auto at = std::ranges::upper_bound(state.top, counter, more);
  if (state.top.size() >= top && at == state.top.end()) return;
  state.top.insert(at, std::move(counter));
  if (state.top.size() > top) state.top.pop_back();
}

void Budgets::Impl::AddLines(absl::flat_hash_map<uint32_t, BudgetState*>& states,
                             size_t top) const {
  for (size_t from = 0;; from += kLinesAtOnce) {
    MutexLock lock(&mutex_);
    const size_t to = std::min(from + kLinesAtOnce, ledger_.size());
    for (size_t i = from; i < to; ++i) {
      BudgetLine& line = ledger_.at(i);
      const auto at = states.find(line.series);
      if (at != states.end()) AddLine(line, *at->second, top);
    }
    if (to >= ledger_.size()) return;
  }
}

std::vector<BudgetState> Budgets::Impl::List() const {
  std::vector<BudgetState> states;
  absl::flat_hash_map<uint32_t, BudgetState*> by_series;
  {
    MutexLock lock(&mutex_);
    ledger_.SawTime(clock_.Now());
    states.reserve(budgets_.size());
    for (const auto& budget : budgets_) {
      states.push_back(StateOf(*budget));
      by_series[budget->series] = &states.back();
    }
  }
  AddLines(by_series, 1);
  return states;
}

absl::StatusOr<BudgetState> Budgets::Impl::Show(std::string_view id, size_t counters,
                                                std::optional<std::string_view> counter) const {
  BudgetState state;
  absl::flat_hash_map<uint32_t, BudgetState*> by_series;
  {
    MutexLock lock(&mutex_);
    ledger_.SawTime(clock_.Now());
    const LiveBudget* const budget = FindLocked(id);
    if (budget == nullptr) return NotFound(id);
    state = StateOf(*budget);
    by_series[budget->series] = &state;
    if (counter) {
      BudgetLine* const line = ledger_.Find(budget->series, *counter);
      if (line != nullptr) AddLine(*line, state, 1);
      return state;
    }
  }
  AddLines(by_series, counters);
  return state;
}

}  // namespace pitot
