// What alerting costs over stored spans: all built-in rules, evaluated as the server does, through an
// hour of stored time.
//
//   alerts_bench DATA_DIR/store UNIX_SECONDS
//
// The hour ends then. The first evaluation, which reads what is usual, is counted by itself: after it,
// that happens once an hour. Prints a JSON object: CPU of the first evaluation, of the median and the
// worst of the others, and all of the hour's as a share of one core.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <vector>

#include "alert/rules/system_figures.h"
#include "alert/service.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/status.h"
#include "store/engine/embedded_engine.h"

namespace pitot {
namespace {

constexpr int64_t kHourNs = 60 * kNanosPerMinute;

double CpuSeconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

absl::Status Run(const char* store, UnixNanos end) {
  EmbeddedOptions options;
  options.data_path = store;
  ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, OpenEmbeddedEngine(options));
  FakeClock clock(end - kHourNs);
  const Limits limits;
  const StaticFigures figures;
  AlertOptions alerts;
  const int64_t interval = alerts.interval_ns;
  ASSIGN_OR_RETURN(const std::unique_ptr<AlertService> service,
                   AlertService::Open(std::move(alerts), {.engine = *engine,
                                                          .limits = limits,
                                                          .clock = clock,
                                                          .figures = figures,
                                                          .send_inline = true}));
  std::vector<double> seconds;
  const double begun = CpuSeconds();
  for (UnixNanos now = end - kHourNs; now < end; now += interval) {
    clock.Set(now);
    const double before = CpuSeconds();
    service->Tick(now);
    seconds.push_back(CpuSeconds() - before);
    for (const RuleStatus& rule : service->Rules()) {
      if (!rule.last_error.empty()) return Internal("{}: {}", rule.spec.id, rule.last_error);
    }
  }
  const double all = CpuSeconds() - begun;
  const double first = seconds.front();
  seconds.erase(seconds.begin());
  std::ranges::sort(seconds);
  fmt::print(
      R"({{"evaluations":{},"first_ms":{:.1f},"median_ms":{:.1f},"worst_ms":{:.1f},"percent":{:.3f}}})"
      "\n",
      seconds.size() + 1, first * 1e3, seconds[seconds.size() / 2] * 1e3, seconds.back() * 1e3,
      all / (static_cast<double>(kHourNs) / 1e9) * 100);
  return absl::OkStatus();
}

}  // namespace
}  // namespace pitot

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: alerts_bench DATA_DIR/store UNIX_SECONDS\n");
    return 2;
  }
  const pitot::UnixNanos end = std::atoll(argv[2]) * pitot::kNanosPerSecond;
  if (const absl::Status status = pitot::Run(argv[1], end); !status.ok()) {
    fmt::print(stderr, "alerts_bench: {}\n", status.ToString());
    return 1;
  }
}
