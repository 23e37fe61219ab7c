#include "gateway/outage/health.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"
#include "base/text.h"
#include "http/message.h"

namespace pitot {
namespace {

constexpr int64_t kSlotNs = 10 * kNanosPerSecond;
constexpr int64_t kSlots = 30;  // Five minutes.
constexpr int64_t kWindowNs = kSlots * kSlotNs;
constexpr size_t kSamples = 512;
constexpr double kNewShare = 0.2;  // Of the newest call in an average: follows within ten calls.
constexpr size_t kCategories = static_cast<size_t>(ErrorCategory::kEnd);

struct Slot {
  int64_t number = -1;  // Time / kSlotNs.
  int64_t calls = 0;
  int64_t cancelled = 0;
  std::array<int64_t, kCategories> errors = {};
  // For the breaker: forgotten when it closes, so that what opened it does not open it again.
  int64_t judged = 0;
  int64_t blamed = 0;
};

struct Sample {
  UnixNanos at = 0;
  int64_t duration_ns = 0;
  int64_t ttft_ns = -1;
};

// The value at share `p` of sorted figures, by nearest rank.
std::optional<int64_t> Percentile(const std::vector<int64_t>& sorted, double p) {
  if (sorted.empty()) return std::nullopt;
  const auto rank = static_cast<size_t>(std::ceil(p * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

void Follow(double& average, double value) {
  average = average == 0 ? value : average + kNewShare * (value - average);
}

}  // namespace

// Guarded by Book::mutex_, but for the names, which never change.
struct ProviderHealth::Model {
  const std::string provider;
  const std::string name;

  std::array<Slot, kSlots> slots;
  std::vector<Sample> samples;  // A ring once it is full.
  size_t next_sample = 0;
  double average_first_ns = 0;  // Of streams; 0: none yet.
  double average_whole_ns = 0;
  double failures = 0;  // Share of late calls.
  int64_t in_flight = 0;
  UnixNanos last_error_at = 0;
  UnixNanos last_call_at = 0;

  BreakerState breaker = BreakerState::kClosed;
  uint64_t epoch = 0;  // Grows whenever the breaker opens or closes.
  int connect_errors = 0;
  int opened_in_row = 0;
  UnixNanos open_until = 0;
  UnixNanos opened_at = 0;
  UnixNanos closed_at = 0;
  UnixNanos probe_at = 0;  // 0: no probe is under way.
  std::string opened_why;

  Model(std::string_view provider_name, std::string_view model_name)
      : provider(provider_name), name(model_name) {}

  Slot& SlotAt(UnixNanos now) {
    const int64_t number = now / kSlotNs;
    Slot& slot = slots[static_cast<size_t>(number % kSlots)];
    if (slot.number != number) slot = Slot{.number = number};
    return slot;
  }

  template <typename Visit>
  void ForSlots(UnixNanos now, int64_t count, Visit visit) const {
    const int64_t newest = now / kSlotNs;
    for (const Slot& slot : slots) {
      if (slot.number >= 0 && slot.number <= newest && slot.number > newest - count) visit(slot);
    }
  }
};

class ProviderHealth::Book {
 public:
  explicit Book(HealthOptions options) : options_(std::move(options)) {}

  std::shared_ptr<Model> FindLocked(std::string_view provider, std::string_view name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto found = models_.find(KeyOf(provider, name));
    return found == models_.end() ? nullptr : found->second;
  }

  // Null: there is no room.
  std::shared_ptr<Model> MakeLocked(std::string_view provider, std::string_view name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::string key = KeyOf(provider, name);
    const auto found = models_.find(key);
    if (found != models_.end()) return found->second;
    if (models_.size() >= static_cast<size_t>(options_.models_max) && !ForgetOneLocked()) {
      return nullptr;
    }
    return models_.emplace(std::move(key), std::make_shared<Model>(provider, name)).first->second;
  }

  void CountLocked(Model& model, const CallOutcome& outcome, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `judges`: the call began after the breaker last changed.
  void JudgeLocked(Model& model, const CallOutcome& outcome, bool judges, bool probe, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OpenLocked(Model& model, std::string why, UnixNanos now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseLocked(Model& model, UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ModelHealth ShowLocked(const Model& model, UnixNanos now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // 0: a call may begin; else when one may.
  UnixNanos RefusedUntilLocked(const Model& model, UnixNanos now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!options_.breaker.enabled || model.breaker == BreakerState::kClosed) return 0;
    if (model.breaker == BreakerState::kOpen) {
      return now < model.open_until ? model.open_until : 0;
    }
    // A probe without an end for this long is given up on: another may go.
    const UnixNanos give_up = model.probe_at + Nanos(options_.breaker.open_for);
    return model.probe_at != 0 && now < give_up ? give_up : 0;
  }

  static int64_t Nanos(std::chrono::nanoseconds span) { return span.count(); }

  const HealthOptions options_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<Model>> models_ ABSL_GUARDED_BY(mutex_);

 private:
  static std::string KeyOf(std::string_view provider, std::string_view name) {
    std::string key;
    key.reserve(provider.size() + 1 + name.size());
    key.append(provider).push_back('\0');
    key.append(name);
    return key;
  }

  bool ForgetOneLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto oldest = models_.end();
    for (auto it = models_.begin(); it != models_.end(); ++it) {
      if (it->second->in_flight != 0) continue;
      if (oldest == models_.end() || it->second->last_call_at < oldest->second->last_call_at) {
        oldest = it;
      }
    }
    if (oldest == models_.end()) return false;
    models_.erase(oldest);
    return true;
  }
};

absl::Status BreakerOptions::Validate() const {
  if (connect_errors < 1 || connect_errors > 1'000) {
    return InvalidArgument("breaker.connect_errors is {}; it must be 1 to 1000", connect_errors);
  }
  if (!(error_rate > 0 && error_rate <= 1)) {
    return InvalidArgument("breaker.error_rate is {}; it must be over 0 and at most 1", error_rate);
  }
  if (calls_min < 1 || calls_min > 100'000) {
    return InvalidArgument("breaker.calls_min is {}; it must be 1 to 100000", calls_min);
  }
  if (window.count() < 10 || window.count() > 300 || window.count() % 10 != 0) {
    return InvalidArgument("breaker.window is {} s; it must be 10 to 300 s in steps of 10 s",
                           window.count());
  }
  if (open_for.count() < 100 || open_for > open_for_max) {
    return InvalidArgument("breaker.open_for is {} ms; it must be 100 ms to breaker.open_for_max",
                           open_for.count());
  }
  if (open_for_max > std::chrono::hours(1)) {
    return InvalidArgument("breaker.open_for_max is {} ms; it must be at most 1 h",
                           open_for_max.count());
  }
  return absl::OkStatus();
}

absl::Status HealthOptions::Validate() const {
  if (models_max < 1 || models_max > 1'000'000) {
    return InvalidArgument("models_max is {}; it must be 1 to 1000000", models_max);
  }
  return breaker.Validate();
}

bool BlamesProvider(ErrorCategory error) {
  switch (error) {
    case ErrorCategory::kNetwork:
    case ErrorCategory::kTimeout:
    case ErrorCategory::kOverloaded:
    case ErrorCategory::kInternal:
    case ErrorCategory::kParse:
      return true;
    default:
      return false;
  }
}

void ProviderHealth::Book::CountLocked(Model& model, const CallOutcome& outcome, UnixNanos now) {
  Slot& slot = model.SlotAt(now);
  model.last_call_at = now;
  if (outcome.error == ErrorCategory::kCancelled) {
    ++slot.cancelled;
    return;
  }
  ++slot.calls;
  const bool failed = outcome.error != ErrorCategory::kNone;
  model.failures += kNewShare * ((failed ? 1.0 : 0.0) - model.failures);
  if (failed) {
    ++slot.errors[static_cast<size_t>(outcome.error)];
    model.last_error_at = now;
    return;
  }
  const bool has_ttft = outcome.streamed && outcome.first_ns.has_value();
  if (has_ttft) Follow(model.average_first_ns, static_cast<double>(*outcome.first_ns));
  if (!outcome.streamed) {
    Follow(model.average_whole_ns, static_cast<double>(outcome.duration_ns));
  }
  const Sample sample{now, outcome.duration_ns, has_ttft ? *outcome.first_ns : -1};
  if (model.samples.size() < kSamples) {
    model.samples.push_back(sample);
  } else {
    model.samples[model.next_sample] = sample;
  }
  model.next_sample = (model.next_sample + 1) % kSamples;
}

void ProviderHealth::Book::JudgeLocked(Model& model, const CallOutcome& outcome, bool judges,
                                       bool probe, UnixNanos now) {
  if (!judges || !options_.breaker.enabled) return;
  if (probe && model.breaker == BreakerState::kHalfOpen) {
    model.probe_at = 0;
    if (outcome.error == ErrorCategory::kCancelled) return;
    if (!BlamesProvider(outcome.error)) return CloseLocked(model, now);
    return OpenLocked(model, fmt::format("the trial call failed: {}", Name(outcome.error)), now);
  }
  if (outcome.error == ErrorCategory::kCancelled || model.breaker != BreakerState::kClosed) return;
  Slot& slot = model.SlotAt(now);
  ++slot.judged;
  if (!BlamesProvider(outcome.error)) {
    model.connect_errors = 0;
    return;
  }
  ++slot.blamed;
  const BreakerOptions& rule = options_.breaker;
  model.connect_errors = outcome.connect_failed ? model.connect_errors + 1 : 0;
  if (model.connect_errors >= rule.connect_errors) {
    return OpenLocked(model, fmt::format("{} connections in a row failed", model.connect_errors),
                      now);
  }
  int64_t judged = 0;
  int64_t blamed = 0;
  model.ForSlots(now, Nanos(rule.window) / kSlotNs, [&](const Slot& s) {
    judged += s.judged;
    blamed += s.blamed;
  });
  if (judged < rule.calls_min) return;
  if (static_cast<double>(blamed) < rule.error_rate * static_cast<double>(judged)) return;
  OpenLocked(model,
             fmt::format("{} of {} calls failed within {} s", blamed, judged, rule.window.count()),
             now);
}

void ProviderHealth::Book::OpenLocked(Model& model, std::string why, UnixNanos now) {
  const BreakerOptions& rule = options_.breaker;
  if (model.breaker == BreakerState::kClosed) {
    // Opening again soon after it closed continues the doubling.
    if (model.closed_at == 0 || now - model.closed_at > Nanos(rule.window)) model.opened_in_row = 0;
    model.opened_at = now;
  }
  const int doublings = std::min(model.opened_in_row, 30);
  const int64_t wait_ms =
      std::min<int64_t>(rule.open_for.count() << doublings, rule.open_for_max.count());
  ++model.opened_in_row;
  ++model.epoch;
  model.breaker = BreakerState::kOpen;
  model.open_until = now + wait_ms * kNanosPerMilli;
  model.opened_why = std::move(why);
  model.connect_errors = 0;
  model.probe_at = 0;
}

void ProviderHealth::Book::CloseLocked(Model& model, UnixNanos now) {
  ++model.epoch;
  model.breaker = BreakerState::kClosed;
  model.closed_at = now;
  model.opened_at = model.open_until = model.probe_at = 0;
  model.connect_errors = 0;
  model.opened_why.clear();
  for (Slot& slot : model.slots) slot.judged = slot.blamed = 0;
}

ModelHealth ProviderHealth::Book::ShowLocked(const Model& model, UnixNanos now) const {
  ModelHealth out{.provider = model.provider,
                  .model = model.name,
                  .breaker = model.breaker,
                  .opened_at = model.opened_at,
                  .opened_why = model.opened_why,
                  .in_flight = model.in_flight,
                  .last_error_at = model.last_error_at,
                  .last_call_at = model.last_call_at};
  if (model.breaker != BreakerState::kClosed) {
    out.retry_at = std::max(RefusedUntilLocked(model, now), now);
  }
  std::array<int64_t, kCategories> errors = {};
  model.ForSlots(now, kSlots, [&](const Slot& slot) {
    out.calls += slot.calls;
    out.cancelled += slot.cancelled;
    for (size_t i = 0; i < kCategories; ++i) errors[i] += slot.errors[i];
  });
  for (size_t i = 0; i < kCategories; ++i) {
    if (errors[i] == 0) continue;
    out.errors += errors[i];
    out.errors_by_class.emplace_back(static_cast<ErrorCategory>(i), errors[i]);
  }
  std::vector<int64_t> durations;
  std::vector<int64_t> ttfts;
  for (const Sample& sample : model.samples) {
    if (sample.at > now || sample.at <= now - kWindowNs) continue;
    durations.push_back(sample.duration_ns);
    if (sample.ttft_ns >= 0) ttfts.push_back(sample.ttft_ns);
  }
  std::sort(durations.begin(), durations.end());
  std::sort(ttfts.begin(), ttfts.end());
  out.p50_ns = Percentile(durations, 0.5);
  out.p99_ns = Percentile(durations, 0.99);
  out.ttft_p50_ns = Percentile(ttfts, 0.5);
  out.ttft_p99_ns = Percentile(ttfts, 0.99);
  if (model.average_whole_ns != 0) out.expected_ns = static_cast<int64_t>(model.average_whole_ns);
  if (model.average_first_ns != 0) {
    out.expected_first_ns = static_cast<int64_t>(model.average_first_ns);
  }
  return out;
}

ProviderHealth::Call& ProviderHealth::Call::operator=(Call&& other) noexcept {
  std::swap(health_, other.health_);
  std::swap(model_, other.model_);
  std::swap(probe_, other.probe_);
  std::swap(epoch_, other.epoch_);
  return *this;
}

ProviderHealth::Call::~Call() {
  if (model_ == nullptr) return;
  Book& book = *health_->book_;
  MutexLock lock(&book.mutex_);
  --model_->in_flight;
  // No time is at hand; that of the last call will do.
  ++model_->SlotAt(model_->last_call_at).cancelled;
  if (probe_ && epoch_ == model_->epoch) model_->probe_at = 0;
}

ProviderHealth::ProviderHealth(HealthOptions options)
    : book_(std::make_unique<Book>(std::move(options))) {}
ProviderHealth::~ProviderHealth() = default;

ProviderHealth::Admission ProviderHealth::Begin(std::string_view provider, std::string_view model,
                                                UnixNanos now) {
  Admission out;
  MutexLock lock(&book_->mutex_);
  std::shared_ptr<Model> entry = book_->MakeLocked(provider, model);
  if (entry == nullptr) return out;
  out.retry_at = book_->RefusedUntilLocked(*entry, now);
  out.allowed = out.retry_at == 0;
  if (!out.allowed) return out;
  const bool probe = book_->options_.breaker.enabled && entry->breaker != BreakerState::kClosed;
  if (probe) {
    entry->breaker = BreakerState::kHalfOpen;
    entry->probe_at = now;
  }
  ++entry->in_flight;
  entry->last_call_at = now;
  const uint64_t epoch = entry->epoch;
  out.call = Call(this, std::move(entry), probe, epoch);
  return out;
}

void ProviderHealth::Answered(const Call& call, UnixNanos now) {
  if (!call.probe_ || call.model_ == nullptr) return;
  MutexLock lock(&book_->mutex_);
  Model& model = *call.model_;
  if (call.epoch_ == model.epoch && model.breaker == BreakerState::kHalfOpen) {
    book_->CloseLocked(model, now);
  }
}

void ProviderHealth::End(Call call, const CallOutcome& outcome, UnixNanos now) {
  if (call.model_ == nullptr) return;
  const std::shared_ptr<Model> model = std::move(call.model_);
  MutexLock lock(&book_->mutex_);
  --model->in_flight;
  book_->CountLocked(*model, outcome, now);
  book_->JudgeLocked(*model, outcome, call.epoch_ == model->epoch, call.probe_, now);
}

int64_t ProviderHealth::Score(std::string_view provider, std::string_view name, bool streamed,
                              UnixNanos now) const {
  MutexLock lock(&book_->mutex_);
  const std::shared_ptr<Model> model = book_->FindLocked(provider, name);
  if (model == nullptr || now - model->last_call_at > kWindowNs) return 0;
  const double first = model->average_first_ns;
  const double whole = model->average_whole_ns;
  double expected = streamed ? (first != 0 ? first : whole) : (whole != 0 ? whole : first);
  if (expected == 0) {
    if (model->failures == 0) return 0;
    expected = static_cast<double>(kWindowNs);  // It has only ever failed.
  }
  const double score = expected * (1 + 9 * model->failures) *
                       static_cast<double>(1 + std::max<int64_t>(model->in_flight, 0));
  constexpr auto kMost = static_cast<double>(std::numeric_limits<int64_t>::max() / 2);
  return static_cast<int64_t>(std::clamp(score, 1.0, kMost));
}

bool ProviderHealth::MayBegin(std::string_view provider, std::string_view name,
                              UnixNanos now) const {
  MutexLock lock(&book_->mutex_);
  const std::shared_ptr<Model> model = book_->FindLocked(provider, name);
  return model == nullptr || book_->RefusedUntilLocked(*model, now) == 0;
}

std::vector<ModelHealth> ProviderHealth::List(UnixNanos now) const {
  std::vector<ModelHealth> out;
  {
    MutexLock lock(&book_->mutex_);
    for (const auto& [key, model] : book_->models_) {
      ModelHealth health = book_->ShowLocked(*model, now);
      const bool live = health.calls != 0 || health.cancelled != 0 || health.in_flight != 0 ||
                        health.breaker != BreakerState::kClosed;
      if (live) out.push_back(std::move(health));
    }
  }
  std::sort(out.begin(), out.end(), [](const ModelHealth& a, const ModelHealth& b) {
    return std::tie(a.provider, a.model) < std::tie(b.provider, b.model);
  });
  return out;
}

std::string ProviderHealth::Json(UnixNanos now) const {
  const auto ms = [](std::optional<int64_t> ns) {
    return ns ? fmt::format("{:.3f}", static_cast<double>(*ns) / kNanosPerMilli) : "null";
  };
  const auto time = [](UnixNanos at) {
    return at == 0 ? "null" : fmt::format("\"{}\"", FormatTimeNanos(at));
  };
  std::string models;
  for (const ModelHealth& m : List(now)) {
    std::string classes;
    for (const auto& [category, count] : m.errors_by_class) {
      classes += fmt::format("{}\"{}\":{}", classes.empty() ? "" : ",", Name(category), count);
    }
    const auto member = [&](std::string_view name, std::string_view json) {
      models.append(models.back() == '{' ? "" : ",")
          .append(QuoteJson(name))
          .append(":")
          .append(json);
    };
    models += models.empty() ? "{" : ",{";
    member("provider", QuoteJson(m.provider));
    member("model", QuoteJson(m.model));
    member("breaker", QuoteJson(Name(m.breaker)));
    member("retry_at", time(m.retry_at));
    member("opened_at", time(m.opened_at));
    member("opened_why", m.opened_why.empty() ? "null" : QuoteJson(m.opened_why));
    member("in_flight", std::to_string(m.in_flight));
    member("calls", std::to_string(m.calls));
    member("errors", std::to_string(m.errors));
    member("error_rate", m.calls == 0 ? "null"
                                      : fmt::format("{:.4f}", static_cast<double>(m.errors) /
                                                                  static_cast<double>(m.calls)));
    member("cancelled", std::to_string(m.cancelled));
    member("errors_by_class", "{" + classes + "}");
    member("p50_ms", ms(m.p50_ns));
    member("p99_ms", ms(m.p99_ns));
    member("ttft_p50_ms", ms(m.ttft_p50_ns));
    member("ttft_p99_ms", ms(m.ttft_p99_ns));
    member("expected_ms", ms(m.expected_ns));
    member("expected_first_ms", ms(m.expected_first_ns));
    member("last_error_at", time(m.last_error_at));
    member("last_call_at", time(m.last_call_at));
    models += '}';
  }
  return fmt::format(R"({{"window_s":{},"models":[{}]}})", kWindowNs / kNanosPerSecond, models);
}

bool ProviderHealth::Open(std::string_view provider, std::string_view name, UnixNanos until,
                          std::string why, UnixNanos now) {
  MutexLock lock(&book_->mutex_);
  const std::shared_ptr<Model> model = book_->MakeLocked(provider, name);
  if (model == nullptr || !book_->options_.breaker.enabled) return false;
  book_->OpenLocked(*model, std::move(why), now);
  model->open_until = until;
  // It was not the model's doing: its next failure waits no longer for it.
  model->opened_in_row = 0;
  return true;
}

bool ProviderHealth::Close(std::string_view provider, std::string_view name, UnixNanos now) {
  MutexLock lock(&book_->mutex_);
  const std::shared_ptr<Model> model = book_->FindLocked(provider, name);
  if (model == nullptr) return false;
  book_->CloseLocked(*model, now);
  model->opened_in_row = 0;
  return true;
}

}  // namespace pitot
