// alert/slo/slo_book.h
//
// How objectives are doing: for each of them, in each project, good and valid events by minute, and
// what follows: burn rates over several windows, what is left of the budget, when it will be gone, and
// which of the burn rules (burn_rules.h) hold.
//
// Counts come from the store and are kept in memory only: what was received late changes the minutes
// in which it ended. Read are, each time, the last ten minutes; each hour the last day; each day the
// whole window. At the start the last three days come first, then two days a time.
//
// Windows end at `now`: a window of N minutes is N whole minutes and the part of the one that runs.
//
// Thread-safety: all methods, any thread; Refresh one at a time.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/options.h"
#include "alert/rule.h"
#include "alert/slo/slo.h"
#include "base/mutex.h"
#include "measure/burn_rate.h"

namespace pitot {

enum class SloState : uint8_t {
  kOk,
  kBurning,    // A burn rule fires.
  kExhausted,  // Nothing is left of the budget.
  kNoData,     // Nothing valid in the whole window.
  kLoading,    // The window has not been read to its start yet: its budget is not known.
  kError,      // Could not be read: SloStatus::error.
  kEnd,
};
inline constexpr std::array<std::string_view, static_cast<size_t>(SloState::kEnd)> kSloStateNames =
    {"ok", "burning", "exhausted", "no_data", "loading", "error"};
inline std::string_view Name(SloState v) { return kSloStateNames[static_cast<size_t>(v)]; }

// One window. `burn` has no value when nothing was valid.
struct SloBurn {
  int64_t window_ns = 0;
  SliCount count;
  std::optional<double> burn;
};

// One burn rule at work: a burn above `factor` over both windows.
struct SloRuleState {
  std::string_view name;  // fast_page, page_quick, ...: BurnRule::name.
  std::string_view tier;  // The label: page, warning, ticket. Rules of one tier are one alert.
  AlertSeverity severity = AlertSeverity::kWarning;
  double factor = 0;
  bool reachable = true;  // At this target; else it never fires.
  SloBurn over_long;
  SloBurn over_short;
  Verdict verdict = Verdict::kOk;
  std::string reason;  // Of kSuppressed and kNoData.
};

struct SloStatus {
  std::shared_ptr<const SloSpec> spec;
  std::string project;
  SloState state = SloState::kLoading;
  std::string error;           // Of the last reading, when it failed.
  UnixNanos as_of = 0;         // Of the last reading that went well; 0: none yet, and no figures.
  bool loaded = false;         // The whole window is known.
  UnixNanos loaded_since = 0;  // From where on minutes are known.
  SliCount total;              // Over the objective's window.
  std::optional<double> sli;
  double budget_left = 1;      // 1 untouched, 0 spent, below 0 overspent.
  std::optional<double> burn;  // Over the objective's window.
  // At the burn of the last hour (or of the window, if that is shorter); nothing: it will last.
  std::optional<int64_t> time_to_exhaust_ns;
  std::vector<SloBurn> burns;  // 5m, 30m, 1h, 2h, 6h, 1d, 3d, as far as they fit, and the window.
  std::vector<SloRuleState> rules;
};

// Of a span of the window: what was counted, and what was left of the budget at its end, seen from now:
// the bad events since the window's start, of all those that the whole window allows.
struct SloPoint {
  UnixNanos from = 0;
  UnixNanos to = 0;
  SliCount count;
  double budget_left = 1;
};

class SloBook {
 public:
  // REQUIRES: every spec is valid (SloSpec::Validate) and no two have one name.
  explicit SloBook(std::vector<SloSpec> specs);
  ~SloBook();

  // Brings the objectives of `project` up to query.now. The same `now` again does nothing. An objective
  // that cannot be read keeps what it knew, and says so in its status; the error is that of the first
  // one when none could be read.
  absl::Status Refresh(const QueryContext& query, const std::string& project);

  // By name, then project; of those that Refresh was asked for, in `project` (empty: all).
  std::vector<SloStatus> Statuses(std::string_view project) const;
  std::optional<SloStatus> Find(std::string_view name, std::string_view project) const;

  // At most `points` (1 to 1000) equal steps over the window, oldest first. kNotFound: there is no such
  // objective in this project.
  absl::StatusOr<std::vector<SloPoint>> History(std::string_view name, std::string_view project,
                                                size_t points) const;

  // Hex ids of traces with a bad event of this objective within `window`, the newest first.
  absl::StatusOr<std::vector<std::string>> BadTraces(const QueryContext& query,
                                                     const SloStatus& status, Window window,
                                                     size_t traces_max) const;

  const std::vector<std::shared_ptr<const SloSpec>>& specs() const { return specs_; }
  size_t Bytes() const;  // Held by minute counts.

 private:
  struct Series;

  absl::Status RefreshSeries(const QueryContext& query, Series& series);
  absl::Status ReadMinutes(const QueryContext& query, Series& series, int64_t from_minute,
                           int64_t to_minute);
  static SloStatus StatusOf(const Series& series);

  std::vector<std::shared_ptr<const SloSpec>> specs_;
  mutable Mutex mutex_;
  // By name and project.
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Series>> series_
      ABSL_GUARDED_BY(mutex_);
};

// slo_burn (SLOBurnRate: labels slo, tier) and slo_budget (SLOBudgetExhausted: label slo), with what
// `options` overrides. They bring `book` up to date themselves. Both borrow it.
RuleSet SloRules(SloBook& book, const AlertOptions& options);

}  // namespace pitot
