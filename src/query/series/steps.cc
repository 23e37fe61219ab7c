#include "query/series/steps.h"

#include <fmt/format.h>

#include "query/figures/answer.h"

namespace pitot {
namespace {

constexpr int64_t kHourNs = 60 * kNanosPerMinute;
constexpr int64_t kRoundNs[] = {
    kNanosPerSecond, 5 * kNanosPerSecond, 10 * kNanosPerSecond, 30 * kNanosPerSecond,
    kNanosPerMinute, 5 * kNanosPerMinute, 10 * kNanosPerMinute, 30 * kNanosPerMinute,
    kHourNs,         3 * kHourNs,         6 * kHourNs,          12 * kHourNs,
};

Steps Cover(const Window& window, int64_t step_ns) {
  const int64_t first = window.since_ns / step_ns;
  const int64_t last = (window.until_ns - 1) / step_ns;
  return {step_ns, first, static_cast<size_t>(last - first + 1)};
}

}  // namespace

std::string Steps::StartsJson() const {
  std::string json = "[";
  for (size_t i = 0; i < count; ++i) {
    json += fmt::format("{}\"{}\"", i == 0 ? "" : ",", IsoTime(StartOf(i)));
  }
  return json + "]";
}

Steps StepsOf(const Window& window, int64_t points) {
  const auto wanted = static_cast<size_t>(points);
  for (const int64_t step_ns : kRoundNs) {
    if (const Steps steps = Cover(window, step_ns); steps.count <= wanted) return steps;
  }
  // Where the window's edges lie decides whether one step more is needed: at most one try more.
  const int64_t width = window.until_ns - window.since_ns;
  int64_t days = std::max<int64_t>(1, width / (points * kNanosPerDay));
  Steps steps = Cover(window, days * kNanosPerDay);
  while (steps.count > wanted) steps = Cover(window, ++days * kNanosPerDay);
  return steps;
}

}  // namespace pitot
