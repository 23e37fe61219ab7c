#include "gateway/budget/budgets.h"

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "gateway/budget/impl.h"

namespace pitot {

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    Reservation old(std::move(*this));  // Settled here.
    owner_ = std::exchange(other.owner_, nullptr);
    call_ = other.call_;
    amount_ = other.amount_;
  }
  return *this;
}

Reservation::~Reservation() {
  if (owner_ != nullptr) owner_->impl_->Settle(call_, std::nullopt);
}

absl::Status RedisOptions::Validate() const {
  if (url.empty()) return absl::OkStatus();
  if (!url.starts_with("redis://")) {
    return InvalidArgument(
        "gateway.redis.url \"{}\": redis://[:password@]host[:port][/db] is "
        "expected",
        url);
  }
  if (wait_after_loss.count() < 0 || wait_after_loss.count() > 60'000) {
    return InvalidArgument("gateway.redis.wait_after_loss {} ms is not from 0 to 60000",
                           wait_after_loss.count());
  }
  if (timeout.count() < 1 || timeout.count() > 60'000) {
    return InvalidArgument("gateway.redis.timeout {} ms is not from 1 to 60000", timeout.count());
  }
  return absl::OkStatus();
}

absl::Status BudgetOptions::Validate() const {
  if (folder.empty()) return InvalidArgument("budgets: folder is empty");
  if (counters_max < 1) return InvalidArgument("budgets: counters_max {} is below 1", counters_max);
  if (lease_parts < 1 || lease_parts > 1'000'000) {
    return InvalidArgument("budgets: lease_parts {} is not from 1 to 1000000", lease_parts);
  }
  if (lifetime_idle.count() < 1) {
    return InvalidArgument("budgets: lifetime_idle {} h is below 1", lifetime_idle.count());
  }
  for (size_t i = 0; i < specs.size(); ++i) {
    RETURN_IF_ERROR(specs[i].Validate());
    for (size_t j = 0; j < i; ++j) {
      if (specs[j].id == specs[i].id) {
        return InvalidArgument("budgets: id \"{}\" is given twice", specs[i].id);
      }
    }
  }
  return redis.Validate();
}

Budgets::Impl::Impl(Budgets& owner, BudgetOptions options, StateLog& state, const Clock& clock)
    : owner_(owner),
      options_(std::move(options)),
      state_(state),
      clock_(clock),
      boot_id_(options_.boot_id.empty() ? KernelBootId() : options_.boot_id),
      lifetime_idle_ns_(options_.lifetime_idle.count() * 60 * kNanosPerMinute) {}

absl::Status Budgets::Impl::Open() {
  ASSIGN_OR_RETURN(journal_, BudgetJournal::Open(options_.folder));
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const BudgetJournal::Loaded loaded, journal_->Load(boot_id_, ledger_));
  NowLocked();
  if (!loaded.exact) {
    LogWarning(
        "budgets: the machine was restarted without a stop of pitot: what was leased counts "
        "as spent in its window");
  }
  EndOpenCalls(loaded.exact);
  if (!unfinished_.empty()) {
    LogWarning(
        "budgets: {} calls did not end before the last process did; what they had reserved "
        "counts as spent",
        unfinished_.size());
  }
  if (!options_.redis.url.empty()) ShareFromHere();
  while (true) {
    const size_t before = ledger_.size();
    Sweep(before);
    if (ledger_.size() == before) break;
  }
  RETURN_IF_ERROR(LoadSpecs());
  const UnixNanos now = ledger_.last_now();
  const std::string snapshot = EncodeLedger(ledger_, boot_id_, lifetime_idle_ns_);
  broken_ = journal_->Begin(snapshot, boot_id_, now);
  if (!broken_.ok()) {
    journal_->Close();
    LogError("budgets: {}; hard budgets refuse calls until it can be written", Message(broken_));
  }
  return absl::OkStatus();
}

// Counts what calls that are still open have reserved. Not `exact`: records are missing, anywhere
// behind the last lease; but nobody spent more than what was leased, and what is known was spent.
void Budgets::Impl::EndOpenCalls(bool exact) {
  std::vector<std::pair<BudgetBucket*, int64_t>> leased;
  for (size_t i = 0; !exact && i < ledger_.size(); ++i) {
    for (BudgetBucket& bucket : ledger_.at(i).buckets) {
      if (bucket.leased > 0) leased.emplace_back(&bucket, std::max(bucket.leased, bucket.spent));
    }
  }
  std::vector<uint64_t> open;
  for (const auto& [id, call] : ledger_.calls()) {
    open.push_back(id);
    UnfinishedCall& unfinished = unfinished_.emplace_back();
    unfinished.call = call.call;
    unfinished.trace = call.trace;
    unfinished.at = call.at;
    for (const BudgetHold& hold : call.holds) {
      unfinished.amount.value = std::max(unfinished.amount.value, hold.amount);
    }
  }
  for (const uint64_t id : open) ledger_.Settle(id, std::nullopt);
  for (const auto& [bucket, spent] : leased) bucket->spent = spent;
  for (size_t i = 0; i < ledger_.size(); ++i) BudgetLedger::AddUp(ledger_.at(i));
}

// What the process before had leased of shared counters and not used stays there, as its own, until
// the window is over. What it used is told already, if it is the same Redis; else RedisLink finds
// another generation there, and all is told again.
void Budgets::Impl::ShareFromHere() {
  saved_generation_ = ReadFile(options_.folder + std::string(kGenerationFile)).value_or("");
  redis_ = std::make_unique<RedisLink>(options_.redis, saved_generation_);
  for (size_t i = 0; i < ledger_.size(); ++i) {
    for (BudgetBucket& bucket : ledger_.at(i).buckets) {
      bucket.leased = bucket.leased > 0 ? bucket.spent : 0;
      bucket.base = saved_generation_.empty() ? 0 : bucket.leased;
    }
  }
}

void Budgets::Impl::Start() {
  keeper_ = std::jthread([this] { Keep(); });
}

Budgets::Impl::~Impl() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    work_.NotifyAll();
  }
  if (keeper_.joinable()) keeper_.join();
  if (redis_ != nullptr && journal_ != nullptr) {
    const absl::Status status = Report(false, true);
    if (!status.ok()) LogWarning("budgets: unspent slices stay leased: {}", Message(status));
  }
  MutexLock lock(&mutex_);
  if (journal_ == nullptr || !journal_->is_open() || !broken_.ok()) return;
  std::string clean;
  BudgetRecords(clean).Clean();
  absl::Status status = journal_->Append(clean);
  if (status.ok()) status = journal_->file()->SyncData();
  if (!status.ok()) LogWarning("budgets: {}", Message(status));
}

bool Budgets::Impl::empty() const {
  MutexLock lock(&mutex_);
  return budgets_.empty();
}

BudgetsHealth Budgets::Impl::Health() const {
  MutexLock lock(&mutex_);
  BudgetsHealth health;
  health.journal = broken_;
  health.redis = redis_status_;
  health.clock_behind_ns = std::max<int64_t>(ledger_.last_now() - clock_.Now(), 0);
  return health;
}

Budgets::Budgets() = default;
Budgets::~Budgets() = default;

absl::StatusOr<std::unique_ptr<Budgets>> Budgets::Open(BudgetOptions options, StateLog& state,
                                                       const Clock& clock) {
  for (BudgetSpec& spec : options.specs) spec.from_config = true;
  RETURN_IF_ERROR(options.Validate());
  std::unique_ptr<Budgets> budgets(new Budgets());
  budgets->impl_ = std::make_unique<Impl>(*budgets, std::move(options), state, clock);
  RETURN_IF_ERROR(budgets->impl_->Open());
  budgets->impl_->Start();
  return budgets;
}

void Budgets::Reserve(const CallScope& scope, const CallBound& bound,
                      std::function<void(BudgetDecision)> done) {
  impl_->Reserve(scope, bound, std::move(done));
}

void Budgets::Settle(Reservation reservation, std::optional<NanoUsd> cost) {
  if (std::exchange(reservation.owner_, nullptr) != nullptr) {
    impl_->Settle(reservation.call_, cost);
  }
}

bool Budgets::MustCut(const Reservation& reservation, NanoUsd cost_so_far, std::string* why,
                      std::string* budget) {
  std::string words;
  std::string id;
  return reservation.owner_ != nullptr &&
         impl_->MustCut(reservation.call_, cost_so_far, why == nullptr ? &words : why,
                        budget == nullptr ? &id : budget);
}

std::vector<BudgetState> Budgets::List() const { return impl_->List(); }

absl::StatusOr<BudgetState> Budgets::Show(std::string_view id, size_t counters,
                                          std::optional<std::string_view> counter) const {
  return impl_->Show(id, counters, counter);
}

absl::StatusOr<BudgetSpec> Budgets::Set(BudgetSpec spec, std::string_view actor) {
  return impl_->Set(std::move(spec), actor);
}

absl::Status Budgets::Remove(std::string_view id, std::string_view actor) {
  return impl_->Remove(id, actor);
}

absl::Status Budgets::Disable(std::string_view id, std::optional<std::string_view> counter,
                              std::string_view reason, std::string_view actor) {
  return impl_->Disable(id, counter, reason, actor);
}

absl::Status Budgets::Enable(std::string_view id, std::optional<std::string_view> counter,
                             NanoUsd extra, std::string_view actor) {
  return impl_->Enable(id, counter, extra, actor);
}

const std::vector<UnfinishedCall>& Budgets::unfinished() const { return impl_->unfinished(); }
bool Budgets::empty() const { return impl_->empty(); }
BudgetsHealth Budgets::Health() const { return impl_->Health(); }

}  // namespace pitot
