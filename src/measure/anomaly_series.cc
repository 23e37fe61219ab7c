#include "measure/anomaly_series.h"

#include <algorithm>
#include <numeric>

namespace pitot {
namespace {

constexpr int64_t kDay = 24;
constexpr int64_t kWeek = 7 * kDay;

struct BaselineRow {
  AnomalyBaseline baseline;
  int64_t step;   // Hours between those that are compared.
  int64_t hours;  // How many there are.
  size_t least;   // Fewer say nothing.
};
constexpr std::array<BaselineRow, 3> kBaselines = {{
    {AnomalyBaseline::kHourOfWeek, kWeek, 4, 3},
    {AnomalyBaseline::kHourOfDay, kDay, 14, 5},
    {AnomalyBaseline::kLastDay, 1, 24, 20},
}};

// The epoch began on a Thursday.
bool IsWeekend(int64_t hour) { return (hour / kDay + 3) % 7 >= 5; }

// `value_at(hour)`: an optional<double>; nothing: not known, or frozen.
template <typename ValueAt>
AnomalyHour Judge(int64_t hour, double value, bool unusual_before, const AnomalyLimits& limits,
                  ValueAt value_at) {
  AnomalyHour judged{.hour = hour, .value = value};
  std::vector<double> history;
  for (const BaselineRow& row : kBaselines) {
    history.clear();
    for (int64_t i = 1; i <= row.hours; ++i) {
      if (const std::optional<double> past = value_at(hour - i * row.step)) {
        history.push_back(*past);
      }
    }
    if (history.size() < row.least) continue;
    double most = 0;
    if (row.baseline == AnomalyBaseline::kLastDay) {
      size_t of_class = 0;
      for (int64_t i = 1; i <= kWeek; ++i) {
        const std::optional<double> past = value_at(hour - i);
        if (!past) continue;
        most = std::max(most, *past);
        of_class += IsWeekend(hour - i) == IsWeekend(hour);
      }
      if (of_class < row.least) continue;
    }
    judged.baseline = row.baseline;
    judged.verdict = *JudgeAnomaly(history, value, unusual_before, limits);
    if (value < limits.ratio_min * most) judged.verdict.unusual = judged.verdict.fires = false;
    break;
  }
  return judged;
}

}  // namespace

std::vector<AnomalyHour> ScanHours(const HourlySeries& series, const AnomalyLimits& limits) {
  const std::span<const double> values = series.values;
  const auto size = static_cast<int64_t>(values.size());
  std::vector<AnomalyHour> hours;
  hours.reserve(values.size());
  int64_t begin = 0;  // Of what is history, as an index.
  while (begin < size && values[static_cast<size_t>(begin)] <= 0) ++begin;

  std::vector<bool> is_frozen(values.size(), false);
  const auto frozen = [&](int64_t at) { return is_frozen[static_cast<size_t>(at)]; };
  int64_t level_since = -1;  // The first unusual hour of the level that goes on; -1: none does.
  for (int64_t i = 0; i < size; ++i) {
    const auto value_at = [&](int64_t hour) -> std::optional<double> {
      const int64_t at = hour - series.first_hour;
      if (at < begin || at >= i || frozen(at)) return std::nullopt;
      return values[static_cast<size_t>(at)];
    };
    const int64_t hour = series.first_hour + i;
    AnomalyHour judged =
        Judge(hour, values[static_cast<size_t>(i)], i > begin && frozen(i - 1), limits, value_at);
    if (judged.verdict.unusual) {
      int64_t unusual = 1;
      for (int64_t at = std::max(begin, i - kDay + 1); at < i; ++at) unusual += frozen(at);
      // A day without any: what comes now is another level.
      if (level_since < 0 || unusual == 1) level_since = i;
      const bool lasts = i - level_since >= kDay && 2 * unusual > kDay;
      const bool accepted = series.accepted_hour && hour >= *series.accepted_hour &&
                            series.first_hour + level_since <= *series.accepted_hour;
      if (lasts || accepted) {
        std::fill(is_frozen.begin() + level_since, is_frozen.end(), false);
        begin = level_since;
        level_since = -1;
        judged.verdict.unusual = judged.verdict.fires = false;
        judged.rebased = true;
      }
    }
    is_frozen[static_cast<size_t>(i)] = judged.verdict.unusual;
    hours.push_back(judged);
  }
  return hours;
}

std::vector<int64_t> ComparableHours(int64_t hour, AnomalyBaseline baseline) {
  std::vector<int64_t> hours;
  for (const BaselineRow& row : kBaselines) {
    if (row.baseline != baseline) continue;
    for (int64_t i = row.hours; i >= 1; --i) hours.push_back(hour - i * row.step);
  }
  return hours;
}

std::vector<bool> FoundAmongMany(std::span<const double> p, double q) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return p[i]; });
  std::vector<bool> found(p.size(), false);
  size_t count = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const double limit = q * static_cast<double>(rank + 1) / static_cast<double>(p.size());
    if (p[order[rank]] <= limit) count = rank + 1;
  }
  for (size_t rank = 0; rank < count; ++rank) found[order[rank]] = true;
  return found;
}

}  // namespace pitot
