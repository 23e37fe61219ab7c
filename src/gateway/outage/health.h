// gateway/outage/health.h
//
// How each provider's models do right now, as the gateway's own calls see it: errors by class and
// latency of the last five minutes, calls in flight; and a circuit breaker a model, so that a
// provider that is down is not waited for by every call.
//
// Breaker: closed until `connect_errors` connections in a row failed, or of at least `calls_min` calls
// within `window` a share of `error_rate` failed by the provider's fault. Then open: calls are refused
// (or go to the next target) for `open_for`, doubled each time up to `open_for_max`. Then half open:
// one call goes through; its success closes the breaker, its failure opens it again. Rate limits,
// quota, and the request's own faults (4xx) are errors to be shown, not reasons to open.
//
// Thread-safety: all of it. Begin and End take one mutex for well under a microsecond.
// Memory: at most `models_max` models, about 10 KiB each; the one idle for longest is forgotten, and
// a model beyond the bound while all are busy is neither counted nor refused.
#pragma once

#include <absl/status/status.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/span.h"

namespace pitot {

enum class BreakerState : uint8_t { kClosed, kOpen, kHalfOpen, kEnd };
inline constexpr std::array<std::string_view, static_cast<size_t>(BreakerState::kEnd)>
    kBreakerStateNames = {"closed", "open", "half_open"};
inline std::string_view Name(BreakerState v) { return kBreakerStateNames[static_cast<size_t>(v)]; }

struct BreakerOptions {
  bool enabled = true;
  int connect_errors = 5;
  double error_rate = 0.5;
  int calls_min = 20;
  std::chrono::seconds window{60};  // At most 300, in steps of 10.
  std::chrono::milliseconds open_for{10'000};
  std::chrono::milliseconds open_for_max{300'000};

  absl::Status Validate() const;
};

struct HealthOptions {
  BreakerOptions breaker;
  int models_max = 1'000;
  absl::Status Validate() const;
};

// How one attempt at an upstream ended.
struct CallOutcome {
  ErrorCategory error = ErrorCategory::kNone;  // kCancelled: the caller left; judges nobody.
  bool connect_failed = false;                 // kNetwork or kTimeout before any byte was sent.
  bool streamed = false;
  int64_t duration_ns = 0;          // Of successes: to the last byte.
  std::optional<int64_t> first_ns;  // To the first meaningful byte; of streams their TTFT.
};

// Is the failure the provider's own: does it speak for opening the breaker?
bool BlamesProvider(ErrorCategory error);

struct ModelHealth {
  std::string provider;
  std::string model;
  BreakerState breaker = BreakerState::kClosed;
  UnixNanos retry_at = 0;   // Open: when one call may try.
  UnixNanos opened_at = 0;  // Since when the breaker is not closed.
  std::string opened_why;   // "12 of 20 calls failed within 60 s", "5 connections in a row failed"
  int64_t in_flight = 0;
  // The last five minutes.
  int64_t calls = 0;   // Ended, cancelled ones not among them.
  int64_t errors = 0;  // Of them.
  int64_t cancelled = 0;
  std::vector<std::pair<ErrorCategory, int64_t>> errors_by_class;  // In enum order, none that is 0.
  // Of successes; the newest 512 at most. None: nothing succeeded.
  std::optional<int64_t> p50_ns, p99_ns, ttft_p50_ns, ttft_p99_ns;
  // What Score goes by, without failures and load: averages that follow the newest calls.
  std::optional<int64_t> expected_ns, expected_first_ns;
  UnixNanos last_error_at = 0;
  UnixNanos last_call_at = 0;
};

class ProviderHealth {
 private:
  struct Model;

 public:
  // A call under way, counted in flight. Destroyed without End: as if cancelled.
  class Call {
   public:
    Call() = default;
    Call(Call&&) noexcept = default;
    Call& operator=(Call&& other) noexcept;
    ~Call();
    bool probe() const { return probe_; }  // The one call of a half-open breaker.

   private:
    friend class ProviderHealth;
    Call(ProviderHealth* health, std::shared_ptr<Model> model, bool probe, uint64_t epoch)
        : health_(health), model_(std::move(model)), probe_(probe), epoch_(epoch) {}
    ProviderHealth* health_ = nullptr;
    std::shared_ptr<Model> model_;
    bool probe_ = false;
    uint64_t epoch_ = 0;  // Of the breaker: what began before it opened does not close it.
  };
  struct Admission {
    bool allowed = true;
    UnixNanos retry_at = 0;  // Not allowed: when one call may try.
    Call call;
  };

  explicit ProviderHealth(HealthOptions options);
  ~ProviderHealth();  // All calls have ended.

  Admission Begin(std::string_view provider, std::string_view model, UnixNanos now);
  // The first meaningful byte of a good answer came: a probe need not run to its end to close the
  // breaker. Others: nothing happens.
  void Answered(const Call& call, UnixNanos now);
  void End(Call call, const CallOutcome& outcome, UnixNanos now);

  // For choosing among equal targets: expected nanoseconds to an answer's first byte (streamed) or
  // whole, an average that follows changes within about ten calls, raised by failures and by calls in
  // flight. 0: not known.
  int64_t Score(std::string_view provider, std::string_view model, bool streamed,
                UnixNanos now) const;
  bool MayBegin(std::string_view provider, std::string_view model, UnixNanos now) const;

  // Sorted by provider and model; those without a call in the last five minutes, with none in flight
  // and a closed breaker are left out.
  std::vector<ModelHealth> List(UnixNanos now) const;
  // {"window_s":300,"models":[...]}: each ModelHealth under the same names, nanoseconds as _ms,
  // errors_by_class as an object, error_rate beside it; unknown figures and times are null. The
  // schema is `gateway` of listProviders in api/openapi/groups.json.
  std::string Json(UnixNanos now) const;

  // An operator, or a runbook, knows better: no call may begin before `until`, then one may. False: breakers
  // are switched off, or there is no room.
  bool Open(std::string_view provider, std::string_view model, UnixNanos until, std::string why,
            UnixNanos now);
  // The same: closes the breaker now. False: no such model.
  bool Close(std::string_view provider, std::string_view model, UnixNanos now);

 private:
  class Book;
  std::unique_ptr<Book> book_;
};

}  // namespace pitot
