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
// The window slides by a thousandth of itself, by 4 ms at least: an event leaves it that much late at
// most. An alert needs more than a burn rate: so many bad events that a service that just meets its
// target would have them with a probability of at most 0.001, and Options::bad_min.
//
// Source: B. Beyer et al., "The Site Reliability Workbook" (2018), chapter 5.
// Thread-safety: all of it, from any thread; one lock, held for nanoseconds. Memory: 16 KB, whatever the
// window and the number of events.
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
    double alert_burn = 2;                                 // Above 0, at most page_burn.
    // Below 1 / (1 - target), what a total outage burns: 10 needs a target above 0.9.
    double page_burn = 10;
    // Fewer bad events than this neither alert nor page: one failure of ten is no evidence.
    uint64_t bad_min = 3;
    // Nanoseconds since any one moment. Unset: a clock that nobody sets. One that goes back by more
    // than the window empties it. Called by any thread that uses the monitor.
    std::function<int64_t()> clock = {};
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
  double budget_left() const;  // Of the window. 1: untouched, 0: spent, below 0: overspent.
  // Until the budget is spent at this burn rate. 0: it is. Nothing: nothing burns.
  std::optional<std::chrono::seconds> time_to_exhaustion() const;
  SloStatus status() const;

  std::string to_string() const;  // "answers: 99.91 % of 24,310 (target 99.9 %), burn 0.9: normal"
  // name, target, window_seconds, events, bad_events, current_rate, burn_rate, budget_left,
  // time_to_exhaustion_seconds, status ("no_data", "normal", "alert", "page"); null for nothing.
  std::string to_json() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdk
}  // namespace pitot
