#include "sdk/track/prices.h"

#include <array>
#include <memory>
#include <mutex>

#include "sdk/track/coarse_clock.h"
#include "sdk/track/thread_number.h"

namespace pitot {
inline namespace sdk {
namespace {

// A cache takes some 100 KB, so there is not one for each thread.
constexpr size_t kCaches = 4;

struct alignas(64) LockedCache {
  std::mutex mutex;
  std::unique_ptr<PriceCache> cache;  // Guarded by mutex. Null until it is needed.
};

class Prices {
 public:
  Price Of(const PriceInput& input) {
    LockedCache& locked = caches_[ThreadNumber() % kCaches];
    const std::lock_guard lock(locked.mutex);
    if (locked.cache == nullptr) locked.cache = std::make_unique<PriceCache>(book_);
    return locked.cache->PriceOf(input);
  }

 private:
  const std::shared_ptr<const PriceBook> book_ = PriceBook::BuiltIn({});
  std::array<LockedCache, kCaches> caches_;
};

Prices& ThePrices() {
  // Never destroyed: threads may still price a call while the program ends.
  static Prices& prices = *new Prices;
  return prices;
}

}  // namespace

Price PriceOfCall(const LlmCallMetrics& call, std::optional<NanoUsd> reported, int64_t end_ns) {
  const std::string& model = call.model.empty() ? call.model_requested : call.model;
  Price table;
  if (call.has_usage && !model.empty()) {
    table = ThePrices().Of({.provider = call.provider,
                            .model = model,
                            .at_ns = end_ns,
                            .service_tier = call.service_tier,
                            .usage = call.usage});
  }
  return Settle(table, reported, call.usage);
}

void price_call(LlmCallMetrics& call) {
  const Price price = PriceOfCall(call, call.cost_reported, CoarseUnixNs());
  call.cost = price.cost;
  call.price_rule = price.reported == ReportedCost::kUsed ? "reported" : price.rule;
  // What the client assumed of the usage stays assumed.
  call.estimated |= price.estimated;
}

std::optional<double> tokens_per_second(const LlmCallMetrics& call) {
  // A shorter rest says more about how the network gathers bytes than about the model.
  constexpr std::chrono::milliseconds kStreamedMin{50};
  const int64_t tokens = call.usage.output_total();
  if (tokens <= 0) return std::nullopt;
  std::chrono::nanoseconds time = call.duration;
  if (call.streaming && call.ttft && call.duration - *call.ttft >= kStreamedMin) {
    time = call.duration - *call.ttft;
  }
  if (time.count() <= 0) return std::nullopt;
  return static_cast<double>(tokens) / (static_cast<double>(time.count()) / 1e9);
}

}  // namespace sdk
}  // namespace pitot
