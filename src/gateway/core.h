// gateway/core.h
//
// Internal to gateway/: what all calls share.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/mutex.h"
#include "gateway/gateway.h"
#include "gateway/outage/cache.h"
#include "gateway/outage/health.h"
#include "gateway/overrides.h"
#include "gateway/runs/runs.h"
#include "gateway/upstreams.h"
#include "http/io_thread.h"
#include "price/price.h"

namespace pitot {

class GatewayCall;

// What calls of one I/O thread share; used on it only.
struct CallThread {
  std::shared_ptr<IoThread> io;
  std::shared_ptr<const PriceBook> book;
  std::unique_ptr<PriceCache> prices;
  std::mt19937_64 random;
  // Those in flight. They keep themselves alive until they are done.
  std::unordered_set<std::shared_ptr<GatewayCall>> calls;
  std::unique_ptr<IoTimer> tick;
  bool ticking = false;
};

// Reservations of OpenAI responses that run in the background: their cost comes with a later GET.
// Bounded: the oldest is given up, its reservation stands.
class BackgroundCalls {
 public:
  void Put(std::string response_id, Reservation reservation);
  // Nothing: not known, or taken already.
  std::optional<Reservation> Take(std::string_view response_id);

 private:
  static constexpr size_t kMax = 10'000;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Reservation> open_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> order_ ABSL_GUARDED_BY(mutex_);
};

class Gateway::Core {
 public:
  Core(GatewayOptions options, const GatewayDeps& deps, std::unique_ptr<Upstreams> upstreams);

  // The current I/O thread's.
  CallThread& Thread();
  PriceCache& Prices(CallThread& thread);
  // Sees to it that Tick is called on the thread's calls while there are any.
  void KeepTicking(CallThread& thread);
  const RouteOptions* RouteOf(std::string_view upstream, std::string_view model,
                              const Attribution& who) const;

  const GatewayOptions options;
  const GatewayDeps deps;
  const std::unique_ptr<Upstreams> upstreams;
  ProviderSecrets secrets;
  Runs runs;
  ProviderHealth health;
  GatewayOverrides overrides;
  AnswerCache cache;
  BackgroundCalls background;
  CallRecorder recorder;

  std::atomic<int64_t> in_flight{0};
  std::atomic<uint64_t> calls{0};
  std::atomic<uint64_t> refused{0};
  std::atomic<uint64_t> cut{0};
  std::atomic<bool> stopping{false};

  Mutex mutex;
  absl::flat_hash_map<IoThread*, std::unique_ptr<CallThread>> threads ABSL_GUARDED_BY(mutex);
};

}  // namespace pitot
