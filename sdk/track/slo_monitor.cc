#include "pitot/slo_monitor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "measure/burn_rate.h"
#include "measure/live/sliding_counts.h"
#include "sdk/track/coarse_clock.h"
#include "sdk/track/text.h"
#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::seconds;

constexpr seconds kWindowMin{1};
constexpr seconds kWindowMax = std::chrono::hours(90 * 24);
// What BinomialUpperTail takes.
constexpr int64_t kGateEventsMax = 1'000'000'000;

[[noreturn]] void Refuse(const std::string& name, const std::string& what) {
  throw std::invalid_argument("SloMonitor \"" + name + "\": " + what);
}

void CheckBurn(const SloMonitor::Options& options, const char* name, double burn) {
  if (!(burn > 0) || !std::isfinite(burn)) {
    Refuse(options.name,
           std::string(name) + " = " + FormatDouble(burn) + ", must be a number above 0");
  }
  if (!IsReachable(options.target, burn)) {
    Refuse(options.name, std::string("burn_threshold_unreachable: ") + name + " = " +
                             FormatDouble(burn) + " would never be exceeded at target = " +
                             FormatDouble(options.target) + ", where a total outage burns " +
                             FormatDouble(std::round(MaxBurn(options.target) * 1e6) / 1e6) +
                             "; use a target above " + FormatDouble(TargetReaching(burn)) +
                             " or a lower " + name);
  }
}

SloMonitor::Options Check(SloMonitor::Options options) {
  if (!(options.target > 0 && options.target < 1)) {
    Refuse(options.name, "target = " + FormatDouble(options.target) +
                             ", must be above 0 and below 1 (0.999 for 99.9 %)");
  }
  if (options.window < kWindowMin || options.window > kWindowMax) {
    Refuse(options.name, "window = " + std::to_string(options.window.count()) +
                             " s, must be 1 s to 90 days (7776000 s)");
  }
  CheckBurn(options, "page_burn", options.page_burn);
  CheckBurn(options, "alert_burn", options.alert_burn);
  if (options.alert_burn > options.page_burn) {
    Refuse(options.name, "alert_burn = " + FormatDouble(options.alert_burn) +
                             ", must be at most page_burn = " + FormatDouble(options.page_burn));
  }
  return options;
}

std::string_view StatusName(SloStatus status) {
  constexpr std::array<std::string_view, 4> kNames = {"no_data", "normal", "alert", "page"};
  return kNames[static_cast<size_t>(status)];
}

SliCount ForGate(SliCount count) {
  while (count.valid > kGateEventsMax) {
    count.valid = count.valid / 2;
    count.good = std::min(count.good / 2, count.valid);
  }
  return count;
}

SloStatus Judge(const SloMonitor::Options& options, const SliCount& count) {
  if (count.valid == 0) return SloStatus::kNoData;
  if (!BurnExceeds(count, options.target, options.alert_burn)) return SloStatus::kNormal;
  const auto bad_min = static_cast<int64_t>(std::min<uint64_t>(options.bad_min, INT64_MAX));
  if (count.bad() < bad_min || !IsEvidence(ForGate(count), options.target, 0, 0)) {
    return SloStatus::kNormal;
  }
  return BurnExceeds(count, options.target, options.page_burn) ? SloStatus::kPage
                                                               : SloStatus::kAlert;
}

// One digit more than the target has, and cut off: 99.996 % must not read as 100.00 %.
std::string RatePercent(const SliCount& count, double target) {
  const int decimals =
      std::clamp(static_cast<int>(std::ceil(-std::log10(1 - target) - 1e-9)) - 1, 1, 7);
  int64_t scale = 100;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  const auto share = static_cast<int64_t>(static_cast<__int128>(count.good) * scale / count.valid);
  std::string text = std::to_string(share);
  const auto digits = static_cast<size_t>(decimals);
  if (text.size() <= digits) text.insert(0, digits + 1 - text.size(), '0');
  text.insert(text.size() - digits, 1, '.');
  return text + " %";
}

// 99.9, not 99.90000000000001.
std::string TargetPercent(double target) {
  return FormatDouble(std::round(target * 1e10) / 1e8) + " %";
}

std::string ShortBurn(double burn) {
  return FormatDouble(burn < 10 ? std::round(burn * 10) / 10 : std::round(burn));
}

std::optional<seconds> ExhaustedIn(const SloMonitor::Options& options, const SliCount& count) {
  const std::optional<double> left =
      TimeToExhaust(BudgetLeft(count, options.target), static_cast<double>(options.window.count()),
                    BurnRate(count, options.target).value_or(0));
  if (!left) return std::nullopt;
  // A burn that lasts longer than this is none.
  constexpr double kSecondsMax = 1e15;
  if (*left > kSecondsMax) return std::nullopt;
  return seconds(static_cast<int64_t>(*left));
}

}  // namespace

struct SloMonitor::Impl {
  explicit Impl(Options checked)
      : options(std::move(checked)), counts(std::chrono::nanoseconds(options.window).count()) {}

  int64_t Now() const { return options.clock ? options.clock() : CoarseSteadyNs(); }
  SliCount Count() const {
    const int64_t now = Now();
    const std::lock_guard lock(mutex);
    return counts.At(now);
  }

  const Options options;
  mutable std::mutex mutex;
  mutable SlidingCounts counts;  // Guarded by mutex.
};

SloMonitor::SloMonitor() : SloMonitor(Options()) {}
SloMonitor::SloMonitor(Options options)
    : impl_(std::make_unique<Impl>(Check(std::move(options)))) {}
SloMonitor::~SloMonitor() = default;

void SloMonitor::record(bool good) {
  const int64_t now = impl_->Now();
  const std::lock_guard lock(impl_->mutex);
  impl_->counts.Add(now, good);
}

uint64_t SloMonitor::events() const { return static_cast<uint64_t>(impl_->Count().valid); }

uint64_t SloMonitor::bad_events() const { return static_cast<uint64_t>(impl_->Count().bad()); }

std::optional<double> SloMonitor::current_rate() const {
  const SliCount count = impl_->Count();
  if (count.valid == 0) return std::nullopt;
  return static_cast<double>(count.good) / static_cast<double>(count.valid);
}

std::optional<double> SloMonitor::burn_rate() const {
  return BurnRate(impl_->Count(), impl_->options.target);
}

double SloMonitor::budget_left() const { return BudgetLeft(impl_->Count(), impl_->options.target); }

std::optional<seconds> SloMonitor::time_to_exhaustion() const {
  return ExhaustedIn(impl_->options, impl_->Count());
}

SloStatus SloMonitor::status() const { return Judge(impl_->options, impl_->Count()); }

std::string SloMonitor::to_string() const {
  const SliCount count = impl_->Count();
  const Options& options = impl_->options;
  const std::string target = "(target " + TargetPercent(options.target) + ")";
  if (count.valid == 0) return options.name + ": no events " + target;
  return options.name + ": " + RatePercent(count, options.target) + " of " +
         WithThousands(static_cast<uint64_t>(count.valid)) + " " + target + ", burn " +
         ShortBurn(BurnRate(count, options.target).value_or(0)) + ": " +
         std::string(StatusName(Judge(options, count)));
}

std::string SloMonitor::to_json() const {
  const SliCount count = impl_->Count();
  const Options& options = impl_->options;
  std::string out = "{\"name\":";
  AppendQuoted(options.name, out);
  const auto add = [&](std::string_view key, const std::string& value) {
    out.append(",\"").append(key).append("\":").append(value);
  };
  const auto number = [](const std::optional<double>& value) {
    return value ? FormatDouble(*value) : std::string("null");
  };
  add("target", FormatDouble(options.target));
  add("window_seconds", std::to_string(options.window.count()));
  add("events", std::to_string(count.valid));
  add("bad_events", std::to_string(count.bad()));
  add("current_rate", count.valid == 0 ? "null"
                                       : FormatDouble(static_cast<double>(count.good) /
                                                      static_cast<double>(count.valid)));
  add("burn_rate", number(BurnRate(count, options.target)));
  add("budget_left", FormatDouble(BudgetLeft(count, options.target)));
  const std::optional<seconds> exhausted = ExhaustedIn(options, count);
  add("time_to_exhaustion_seconds", exhausted ? std::to_string(exhausted->count()) : "null");
  out.append(",\"status\":\"").append(StatusName(Judge(options, count))).append("\"}");
  return out;
}

}  // namespace sdk
}  // namespace pitot
