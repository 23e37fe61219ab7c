#include "gateway/overrides.h"

#include <algorithm>

#include "base/hex.h"
#include "base/status.h"
#include "measure/hash.h"

namespace pitot {
namespace {

constexpr int64_t kSweepNs = kNanosPerMinute;
constexpr std::chrono::milliseconds kTimeoutMin(100);
constexpr double kCallsPerMinuteMax = 1e6;

template <typename T>
void Least(std::optional<T>& least, const std::optional<T>& value) {
  if (value && (!least || *value < *least)) least = value;
}

bool Has(const std::string& wanted, std::string_view value) {
  return wanted.empty() || wanted == value;
}

// In [0, 1), the same for one trace whichever override asks.
double PlaceOf(const TraceId& trace) {
  return static_cast<double>(HashBytes(trace.view()) >> 11) * 0x1p-53;
}

}  // namespace

absl::Status GatewayOverrides::Put(Override given, UnixNanos now) {
  const bool changes = given.reroute || given.timeout || given.output_tokens || given.call_cost ||
                       given.calls_per_minute || given.block;
  if (given.id.empty() || !changes) {
    return InvalidArgument("an override needs an id, and something that it changes");
  }
  if (given.upstream.empty() && given.model.empty() && given.feature.empty() &&
      given.user.empty() && given.key.empty() && given.trace_id.empty()) {
    return InvalidArgument(
        "an override must name an upstream, model, feature, user, key or trace: it would concern "
        "every call");
  }
  if (given.until <= now) return InvalidArgument("the override ends before it begins");
  if (given.reroute && !(given.share > 0 && given.share <= 1)) {
    return InvalidArgument("share is {}; it must be over 0 and at most 1", given.share);
  }
  if (given.reroute && given.reroute->model.empty() && given.reroute->upstream.empty()) {
    return InvalidArgument("a reroute must name an upstream or a model");
  }
  if (given.timeout && *given.timeout < kTimeoutMin) {
    return InvalidArgument("timeout is {} ms; it must be at least {} ms", given.timeout->count(),
                           kTimeoutMin.count());
  }
  if (given.output_tokens && *given.output_tokens < 1) {
    return InvalidArgument("output_tokens is {}; it must be at least 1", *given.output_tokens);
  }
  if (given.call_cost && given.call_cost->value < 0) {
    return InvalidArgument("call_cost must not be negative");
  }
  if (given.calls_per_minute &&
      !(*given.calls_per_minute >= 0 && *given.calls_per_minute <= kCallsPerMinuteMax)) {
    return InvalidArgument("calls_per_minute is {}; it must be 0 to {}", *given.calls_per_minute,
                           kCallsPerMinuteMax);
  }
  MutexLock lock(&mutex_);
  Expire(now);
  const auto same = std::ranges::find(entries_, given.id, [](const Entry& e) { return e.spec.id; });
  if (same != entries_.end()) {
    same->spec = std::move(given);
    return absl::OkStatus();
  }
  if (entries_.size() >= kMax) {
    return Error(absl::StatusCode::kResourceExhausted, "there are {} overrides already", kMax);
  }
  const double burst = std::max(1.0, given.calls_per_minute.value_or(0) / 60);
  const double tokens = given.calls_per_minute == 0.0 ? 0 : burst;
  entries_.push_back({.spec = std::move(given), .tokens = tokens, .filled_at = now});
  idle_ = false;
  return absl::OkStatus();
}

bool GatewayOverrides::Remove(std::string_view id) {
  MutexLock lock(&mutex_);
  const bool found = std::erase_if(entries_, [&](const Entry& e) { return e.spec.id == id; }) > 0;
  idle_ = entries_.empty() && runs_.empty();
  return found;
}

std::vector<Override> GatewayOverrides::List(UnixNanos now) const {
  MutexLock lock(&mutex_);
  std::vector<Override> out;
  for (const Entry& entry : entries_) {
    if (entry.spec.until > now) out.push_back(entry.spec);
  }
  return out;
}

bool GatewayOverrides::Matches(const Override& spec, const OverrideCall& call) {
  return Has(spec.project, call.project) &&
         (Has(spec.upstream, call.upstream) || spec.upstream == call.provider) &&
         Has(spec.model, call.model) && Has(spec.feature, call.feature) &&
         Has(spec.user, call.user) &&
         (Has(spec.key, call.key_id) || (!call.key_name.empty() && spec.key == call.key_name)) &&
         (spec.trace_id.empty() || spec.trace_id == ToHex(call.trace.view()));
}

void GatewayOverrides::Expire(UnixNanos now) {
  std::erase_if(entries_, [&](const Entry& e) { return e.spec.until <= now; });
  if (now - swept_at_ >= kSweepNs) {
    swept_at_ = now;
    absl::erase_if(runs_, [&](const auto& run) { return now - run.second.last_ns > kRunIdleNs; });
  }
  idle_ = entries_.empty() && runs_.empty();
}

// Calls come as time passes, a second's worth at most at once. False: none may go; when one may.
bool GatewayOverrides::Take(Entry& entry, UnixNanos now, std::chrono::milliseconds& wait) {
  const double rate = *entry.spec.calls_per_minute / 60;
  const double passed =
      static_cast<double>(std::max<int64_t>(now - entry.filled_at, 0)) / kNanosPerSecond;
  entry.tokens = std::min(std::max(1.0, rate), entry.tokens + passed * rate);
  entry.filled_at = now;
  if (entry.tokens >= 1 && rate > 0) {
    entry.tokens -= 1;
    return true;
  }
  const double seconds = rate > 0 ? (1 - entry.tokens) / rate
                                  : static_cast<double>(entry.spec.until - now) / kNanosPerSecond;
  wait = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1'000) + 1);
  return false;
}

void GatewayOverrides::Reroute(const OverrideCall& call, UnixNanos now, OverrideEffect& out) {
  const std::string trace(call.trace.view());
  const auto known = runs_.find(trace);
  if (known != runs_.end()) {
    known->second.last_ns = now;
    out.reroute = known->second.to;
    out.ids.push_back(known->second.id);
    return;
  }
  if (!call.first_of_run || runs_.size() >= kRunsMax) return;
  for (const Entry& entry : entries_) {
    const Override& spec = entry.spec;
    if (!spec.reroute || !Matches(spec, call) || PlaceOf(call.trace) >= spec.share) continue;
    PlanTarget to = *spec.reroute;
    if (to.upstream.empty()) to.upstream = std::string(call.upstream);
    out.reroute = to;
    out.ids.push_back(spec.id);
    runs_[trace] = {.to = std::move(to), .id = spec.id, .last_ns = now};
    return;
  }
}

OverrideEffect GatewayOverrides::For(const OverrideCall& call, UnixNanos now) {
  OverrideEffect out;
  if (idle_.load(std::memory_order_acquire)) return out;
  MutexLock lock(&mutex_);
  Expire(now);
  for (Entry& entry : entries_) {
    const Override& spec = entry.spec;
    if (!Matches(spec, call)) continue;
    if (spec.block) {
      out.stop = {.id = spec.id, .reason = spec.reason};
      out.ids = {spec.id};
      return out;
    }
    if (spec.timeout || spec.output_tokens || spec.call_cost || spec.calls_per_minute) {
      out.ids.push_back(spec.id);
    }
    Least(out.timeout, spec.timeout);
    Least(out.output_tokens, spec.output_tokens);
    if (spec.call_cost && (!out.call_cost || *spec.call_cost < *out.call_cost)) {
      out.call_cost_reason = spec.reason;
    }
    Least(out.call_cost, spec.call_cost);
    std::chrono::milliseconds wait(0);
    if (spec.calls_per_minute && !Take(entry, now, wait)) {
      out.stop = {.id = spec.id, .reason = spec.reason, .retry_after = wait};
      return out;
    }
  }
  Reroute(call, now, out);
  return out;
}

}  // namespace pitot
