#include "alert/slo/slo_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "alert/slo/slo_query.h"
#include "alert/slo/slo_status.h"
#include "base/status.h"
#include "measure/minute_counts.h"
#include "query/figures/answer.h"

namespace pitot {
namespace {

// How late what is received may have ended, and still count at once, within the hour, within the day.
constexpr int64_t kRecentMinutes = 10;
constexpr int64_t kDayMinutes = 25 * 60;
constexpr int64_t kHourNs = 60 * kNanosPerMinute;
// Read at the start, for all burn rules; then what is before it, so much a time: no evaluation has to
// wait for a month.
constexpr int64_t kFirstMinutes = 3 * MinuteCounts::kMinutesPerDay + 60;
constexpr int64_t kChunkMinutes = 2 * MinuteCounts::kMinutesPerDay;
// The clock went back by more: what is known may be of a future that never was.
constexpr int64_t kBackNs = 10 * kNanosPerMinute;
constexpr size_t kPointsMax = 1'000;

int64_t MinuteOf(UnixNanos time) { return time / kNanosPerMinute; }

}  // namespace

// One objective in one project. Read by RefreshSeries, which alone changes it; guarded by
// SloBook::mutex_ whenever it is changed, and whenever another reads it.
struct SloBook::Series {
  Series(std::shared_ptr<const SloSpec> of, std::string in, SloQuery asks)
      : spec(std::move(of)),
        project(std::move(in)),
        query(std::move(asks)),
        window_minutes(spec->window_ns / kNanosPerMinute + 1),
        counts(window_minutes + 1) {}

  const std::shared_ptr<const SloSpec> spec;
  const std::string project;
  const SloQuery query;
  const int64_t window_minutes;
  MinuteCounts counts;
  UnixNanos as_of = 0;        // 0: nothing has been read yet.
  UnixNanos tried_at = 0;     // Of the last Refresh, also one that failed.
  UnixNanos day_read_at = 0;  // When the last day was read again; of the window:
  UnixNanos all_read_at = 0;
  // Minutes before this one are not known; and, once they are, are to be read again from here down.
  int64_t missing_until = 0;
  int64_t again_until = 0;  // 0: nothing.
  std::string error;
};

SloBook::SloBook(std::vector<SloSpec> specs) {
  for (SloSpec& spec : specs) specs_.push_back(std::make_shared<const SloSpec>(std::move(spec)));
  std::ranges::sort(specs_, {}, [](const auto& spec) { return spec->name; });
}

SloBook::~SloBook() = default;

absl::Status SloBook::Refresh(const QueryContext& query, const std::string& project) {
  std::vector<Series*> all;
  {
    MutexLock lock(&mutex_);
    for (const auto& spec : specs_) {
      if (!spec->project.empty() && spec->project != project) continue;
      std::unique_ptr<Series>& series = series_[{spec->name, project}];
      if (series == nullptr) {
        ASSIGN_OR_RETURN(SloQuery asks, SloQuery::Create(*spec));
        series = std::make_unique<Series>(spec, project, std::move(asks));
      }
      all.push_back(series.get());
    }
  }
  absl::Status first;
  size_t failed = 0;
  for (Series* series : all) {
    const absl::Status status = RefreshSeries(query, *series);
    if (status.ok()) continue;
    ++failed;
    if (first.ok()) first = Annotate(status, fmt::format("slo {}", series->spec->name));
  }
  return failed < all.size() ? absl::OkStatus() : first;
}

absl::Status SloBook::RefreshSeries(const QueryContext& query, Series& series) {
  const UnixNanos now = query.now;
  if (series.tried_at == now) {
    return series.error.empty() ? absl::OkStatus() : Unavailable("{}", series.error);
  }
  const int64_t minute = MinuteOf(now) + 1;
  const bool anew = series.as_of == 0 || now < series.as_of - kBackNs;
  const bool read_day = anew || now - series.day_read_at >= kHourNs;
  int64_t back = read_day ? kDayMinutes : kRecentMinutes;
  if (anew) {
    MutexLock lock(&mutex_);
    series.counts = MinuteCounts(series.window_minutes + 1);
    series.missing_until = minute;
    series.again_until = 0;
    series.as_of = 0;
    back = kFirstMinutes;
  } else {
    // After a pause, all of it.
    back = std::max(back, minute - MinuteOf(series.as_of) + kRecentMinutes);
  }
  const int64_t oldest = minute - series.window_minutes;
  const int64_t from = std::max(oldest, minute - back);
  absl::Status status = ReadMinutes(query, series, from, minute);

  // Then some of what is older, when it was never read or not within a day.
  int64_t older_until = std::min(series.missing_until, from);
  const bool missing = series.missing_until > oldest;
  if (!missing) {
    if (!anew && now - series.all_read_at >= kNanosPerDay && series.again_until == 0) {
      series.again_until = from;
    }
    older_until = series.again_until;
  }
  int64_t older_from = older_until;
  if (status.ok() && !anew && older_until > oldest) {
    older_from = std::max(oldest, older_until - kChunkMinutes);
    status = ReadMinutes(query, series, older_from, older_until);
  }

  MutexLock lock(&mutex_);
  series.tried_at = now;
  series.error = std::string(Message(status));
  if (!status.ok()) return status;
  series.as_of = now;
  if (read_day) series.day_read_at = now;
  if (missing) {
    series.missing_until = std::min(older_from, from);
    if (series.missing_until <= oldest) series.all_read_at = now;
  } else if (series.again_until != 0) {
    series.again_until = older_from > oldest ? older_from : 0;
    if (series.again_until == 0) series.all_read_at = now;
  }
  return absl::OkStatus();
}

absl::Status SloBook::ReadMinutes(const QueryContext& query, Series& series, int64_t from_minute,
                                  int64_t to_minute) {
  Window window;
  window.since_ns = from_minute * kNanosPerMinute;
  window.until_ns = std::min(to_minute * kNanosPerMinute, query.now);
  if (window.since_ns >= window.until_ns) return absl::OkStatus();
  SqlPiece piece = series.query.Minutes(series.project, window);
  ASSIGN_OR_RETURN(const Table table, ReadTable(query, piece.sql, std::move(piece.params), 3));
  MutexLock lock(&mutex_);
  series.counts.Clear(from_minute, to_minute);
  for (const auto& value : table.rows) {
    const auto& row = value.get_array();
    series.counts.Set(IntAt(row, 0), {.good = IntAt(row, 2), .valid = IntAt(row, 1)});
  }
  return absl::OkStatus();
}

SloStatus SloBook::StatusOf(const Series& series) {
  SloStatus status;
  status.spec = series.spec;
  status.project = series.project;
  status.error = series.error;
  status.as_of = series.as_of;
  if (series.as_of == 0) {
    status.state = series.error.empty() ? SloState::kLoading : SloState::kError;
    return status;
  }
  const int64_t oldest = MinuteOf(series.as_of) + 1 - series.window_minutes;
  status.loaded = series.missing_until <= oldest;
  status.loaded_since = std::max(oldest, series.missing_until) * kNanosPerMinute;
  FillFigures(series.counts, series.as_of, status);
  const bool burning = std::ranges::any_of(
      status.rules, [](const SloRuleState& rule) { return rule.verdict == Verdict::kBreach; });
  status.state = !series.error.empty()     ? SloState::kError
                 : burning                 ? SloState::kBurning
                 : !status.loaded          ? SloState::kLoading
                 : status.total.valid == 0 ? SloState::kNoData
                 : status.budget_left <= 0 ? SloState::kExhausted
                                           : SloState::kOk;
  return status;
}

std::vector<SloStatus> SloBook::Statuses(std::string_view project) const {
  MutexLock lock(&mutex_);
  std::vector<SloStatus> out;
  for (const auto& [key, series] : series_) {
    if (project.empty() || key.second == project) out.push_back(StatusOf(*series));
  }
  return out;
}

std::optional<SloStatus> SloBook::Find(std::string_view name, std::string_view project) const {
  MutexLock lock(&mutex_);
  const auto found = series_.find({std::string(name), std::string(project)});
  if (found == series_.end()) return std::nullopt;
  return StatusOf(*found->second);
}

absl::StatusOr<std::vector<SloPoint>> SloBook::History(std::string_view name,
                                                       std::string_view project,
                                                       size_t points) const {
  MutexLock lock(&mutex_);
  const auto found = series_.find({std::string(name), std::string(project)});
  if (found == series_.end()) {
    return Error(absl::StatusCode::kNotFound, "no objective \"{}\" in project {}", name, project);
  }
  const Series& series = *found->second;
  std::vector<SloPoint> out;
  if (series.as_of == 0) return out;
  const int64_t end = MinuteOf(series.as_of) + 1;
  const int64_t minutes = series.window_minutes;
  const auto steps = static_cast<int64_t>(std::clamp<size_t>(points, 1, kPointsMax));
  const double allowed =
      static_cast<double>(series.counts.Sum(end, minutes).valid) * (1 - series.spec->target);
  int64_t bad = 0;
  for (int64_t i = 0; i < steps; ++i) {
    const int64_t from = end - minutes + minutes * i / steps;
    const int64_t to = end - minutes + minutes * (i + 1) / steps;
    if (to <= from) continue;
    SloPoint point;
    point.from = from * kNanosPerMinute;
    point.to = std::min(to * kNanosPerMinute, series.as_of);
    point.count = series.counts.Sum(to, to - from);
    bad += point.count.bad();
    if (allowed > 0) point.budget_left = 1 - static_cast<double>(bad) / allowed;
    out.push_back(point);
  }
  return out;
}

absl::StatusOr<std::vector<std::string>> SloBook::BadTraces(const QueryContext& query,
                                                            const SloStatus& status, Window window,
                                                            size_t traces_max) const {
  ASSIGN_OR_RETURN(const SloQuery asks, SloQuery::Create(*status.spec));
  SqlPiece piece = asks.BadTraces(status.project, window, traces_max);
  ASSIGN_OR_RETURN(const Table table, ReadTable(query, piece.sql, std::move(piece.params), 1));
  std::vector<std::string> traces;
  for (const auto& row : table.rows) traces.emplace_back(TextAt(row.get_array(), 0));
  return traces;
}

size_t SloBook::Bytes() const {
  MutexLock lock(&mutex_);
  size_t bytes = 0;
  for (const auto& [key, series] : series_) bytes += series->counts.Bytes();
  return bytes;
}

}  // namespace pitot
