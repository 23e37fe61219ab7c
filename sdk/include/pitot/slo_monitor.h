// pitot/slo_monitor.h
//
// Whether a service level objective holds: good events of all in a sliding window, and how fast the
// error budget is spent.
//
//   pitot::SloMonitor slo({.name = "answers", .target = 0.999, .window = std::chrono::hours(24)});
//   slo.record(true);
//   if (slo.status() == pitot::SloStatus::kPage) ...
//
//   current rate = good / all             burn rate = (1 - current rate) / (1 - target)
//
// Source: B. Beyer et al., "The Site Reliability Workbook" (2018), chapter 5.
// Thread-safety: all of it, from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pitot {
inline namespace sdk {

enum class SloStatus : uint8_t {
  kNoData,  // Nothing happened in the window: neither good nor bad.
  kNormal,
  kAlert,  // The burn rate is above Options::alert_burn.
  kPage,   // Above Options::page_burn.
};

class SloMonitor {
 public:
  struct Options {
    std::string name = "slo";
    double target = 0.999;                                 // Above 0, below 1.
    std::chrono::seconds window = std::chrono::hours(24);  // 1 s to 90 days.
    double alert_burn = 2;
    double page_burn = 10;  // Must be reachable: 1 / (1 - target) is a total outage's burn.
    // Fewer bad events than this neither alert nor page: one failure of ten is no evidence.
    uint64_t bad_min = 3;
    std::function<int64_t()> clock = {};  // Unix nanoseconds; unset: the system's clock.
  };

  SloMonitor();
  // Throws std::invalid_argument naming option, value and limit.
  explicit SloMonitor(Options options);
  ~SloMonitor();
  SloMonitor(const SloMonitor&) = delete;
  SloMonitor& operator=(const SloMonitor&) = delete;

  void record(bool good);

  uint64_t events() const;  // In the window.
  uint64_t bad_events() const;
  std::optional<double> current_rate() const;  // Nothing without events.
  std::optional<double> burn_rate() const;
  double budget_left() const;  // 1: untouched, 0: spent, below 0: overspent.
  std::optional<std::chrono::seconds> time_to_exhaustion() const;  // Nothing: nothing burns.
  SloStatus status() const;

  std::string to_string() const;  // "answers: 99.91 % of 24,310 (target 99.9 %), burn 0.9: normal"
  std::string to_json() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdk
}  // namespace pitot
