#include "gateway/budget/window.h"

#include <algorithm>

namespace pitot {
namespace {

constexpr int64_t kNanosPerHour = 60 * kNanosPerMinute;

int64_t FloorTo(int64_t value, int64_t step) {
  const int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

ChargePeriod Fixed(UnixNanos at, int64_t step, int64_t offset) {
  const UnixNanos start = FloorTo(at + offset, step) - offset;
  return {start, start + step, start + step};
}

// A midnight that the clocks skip is the moment they skip it; one they repeat is the first.
template <typename Civil>
UnixNanos StartOf(Civil civil, absl::TimeZone zone) {
  return absl::ToUnixNanos(absl::FromCivil(absl::CivilSecond(civil), zone));
}

template <typename Civil>
ChargePeriod Calendar(Civil first, int64_t length, UnixNanos at, absl::TimeZone zone) {
  ChargePeriod period;
  period.start = StartOf(first, zone);
  period.end = StartOf(first + length, zone);
  // Clocks put back over midnight show the old day again: it stays over.
  if (period.end <= at) {
    period.start = period.end;
    period.end = StartOf(first + 2 * length, zone);
  }
  period.leaves = period.end;
  return period;
}

}  // namespace

WindowRule RuleOf(const BudgetSpec& spec) {
  WindowRule rule;
  rule.kind = spec.the_window();
  rule.length_ns = spec.length_ns;
  if (!absl::LoadTimeZone(spec.timezone, &rule.zone)) rule.zone = absl::UTCTimeZone();
  return rule;
}

ChargePeriod PeriodAt(const WindowRule& rule, UnixNanos at) {
  switch (rule.kind) {
    case BudgetWindow::kMinute:
      return Fixed(at, kNanosPerMinute, 0);
    case BudgetWindow::kHour: {
      const int64_t offset = rule.zone.At(absl::FromUnixNanos(at)).offset;
      return Fixed(at, kNanosPerHour, offset * kNanosPerSecond);
    }
    case BudgetWindow::kDay: {
      const absl::CivilDay day = absl::ToCivilDay(absl::FromUnixNanos(at), rule.zone);
      return Calendar(day, 1, at, rule.zone);
    }
    case BudgetWindow::kWeek: {
      const absl::CivilDay day = absl::ToCivilDay(absl::FromUnixNanos(at), rule.zone);
      const absl::CivilDay monday = absl::PrevWeekday(day + 1, absl::Weekday::monday);
      return Calendar(monday, 7, at, rule.zone);
    }
    case BudgetWindow::kMonth: {
      const absl::CivilMonth month = absl::ToCivilMonth(absl::FromUnixNanos(at), rule.zone);
      return Calendar(month, 1, at, rule.zone);
    }
    case BudgetWindow::kRolling: {
      const int64_t piece =
          std::max<int64_t>((rule.length_ns + kRollingPieces - 1) / kRollingPieces, 1);
      const UnixNanos start = FloorTo(at, piece);
      return {start, start + piece, start + piece + rule.length_ns};
    }
    default:
      return {0, kNever, kNever};
  }
}

}  // namespace pitot
