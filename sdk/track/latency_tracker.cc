#include "pitot/latency_tracker.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "measure/live/latency_window.h"
#include "sdk/track/text.h"

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::nanoseconds;

constexpr size_t kWindowMax = 1'000'000;
// Below it the sample of rank ceil(0.99 * n) is the slowest.
constexpr size_t kLowN = 100;

size_t CheckWindow(size_t window) {
  if (window < 1 || window > kWindowMax) {
    throw std::invalid_argument("LatencyTracker: window = " + std::to_string(window) +
                                ", must be 1 to 1000000");
  }
  return window;
}

void AppendMs(std::string_view key, nanoseconds value, std::string& out) {
  out.append(",\"").append(key).append("\":");
  out.append(FormatDouble(static_cast<double>(value.count()) / 1e6));
}

}  // namespace

struct LatencyTracker::Impl {
  explicit Impl(size_t size) : window(size) {}
  LatencyWindow window;
};

LatencyTracker::LatencyTracker(size_t window)
    : impl_(std::make_unique<Impl>(CheckWindow(window))) {}
LatencyTracker::~LatencyTracker() = default;

void LatencyTracker::record(nanoseconds duration) { impl_->window.Record(duration.count()); }

std::optional<nanoseconds> LatencyTracker::percentile(double q) const {
  if (!(q > 0 && q <= 1)) {
    throw std::invalid_argument("LatencyTracker::percentile: q = " + FormatDouble(q) +
                                ", must be above 0 and at most 1 (0.99 for p99)");
  }
  std::vector<int64_t> values = impl_->window.Values();
  if (values.empty()) return std::nullopt;
  return nanoseconds(OrderStatistic(values, q));
}

LatencySummary LatencyTracker::summary() const {
  std::vector<int64_t> values = impl_->window.Values();
  const OrderSummary order = SummarizeOrder(values);
  LatencySummary summary;
  summary.count = values.size();
  // What came after the values were read is not told, even if it was counted first.
  summary.recorded = std::max<uint64_t>(impl_->window.recorded(), summary.count);
  summary.min = nanoseconds(order.min);
  summary.p50 = nanoseconds(order.p50);
  summary.p90 = nanoseconds(order.p90);
  summary.p95 = nanoseconds(order.p95);
  summary.p99 = nanoseconds(order.p99);
  summary.max = nanoseconds(order.max);
  summary.low_n = summary.count < kLowN;
  return summary;
}

void LatencyTracker::reset() { impl_->window.Reset(); }

std::string LatencySummary::to_string() const {
  if (count == 0) return "no calls";
  std::string out;
  if (recorded > count) {
    out += "last " + WithThousands(count) + " of " + WithThousands(recorded) + " calls: ";
  } else {
    out += WithThousands(count) + (count == 1 ? " call: " : " calls: ");
  }
  const auto add = [&](const char* name, nanoseconds value) {
    out.append(name).append(" ").append(FormatDuration(value.count()));
  };
  add("p50", p50);
  add(", p95", p95);
  add(", p99", p99);
  add(", max", max);
  if (low_n) out += " (few: p99 is the slowest)";
  return out;
}

std::string LatencySummary::to_json() const {
  std::string out = "{\"recorded\":" + std::to_string(recorded);
  out += ",\"count\":" + std::to_string(count);
  AppendMs("min_ms", min, out);
  AppendMs("p50_ms", p50, out);
  AppendMs("p90_ms", p90, out);
  AppendMs("p95_ms", p95, out);
  AppendMs("p99_ms", p99, out);
  AppendMs("max_ms", max, out);
  out.append(",\"low_n\":").append(low_n ? "true}" : "false}");
  return out;
}

}  // namespace sdk
}  // namespace pitot
