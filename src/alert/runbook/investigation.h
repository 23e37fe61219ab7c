// alert/runbook/investigation.h
//
// Internal to alert/runbook/: what the three runbooks share. Whose spans, which times are "now" and
// "before", and the figures of both sides, by group.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "alert/runbook/moment.h"
#include "alert/runbook/runbook.h"
#include "alert/runbook/words.h"
#include "query/figures/answer.h"

namespace pitot {

inline constexpr int64_t kNanosPerHour = 60 * kNanosPerMinute;
// Fewer calls say nothing of what is usual.
inline constexpr int64_t kUsualMin = 20;
inline constexpr int64_t kNowMin = 3;
inline constexpr double kSlowRatio = 1.5;
inline constexpr double kLongCallNs = 30.0 * kNanosPerSecond;
// What a prompt, a definition or a model may have changed before the trouble that it is behind.
inline constexpr int64_t kChangeNs = 2 * kNanosPerHour;

// One side of a comparison: spans of a group that ended then.
struct Side {
  int64_t n = 0;
  int64_t errors = 0;
  int64_t rate_limited = 0;
  int64_t long_calls = 0;  // Over kLongCallNs.
  double duration_sum = 0;
  double input_sum = 0;
  double output_sum = 0;
  double cost_sum = 0;                                       // USD, of those with a known cost.
  std::optional<double> p50, p95, p99, ttft_p50, speed_p50;  // ns; tokens a second.

  double Mean(double sum) const { return n == 0 ? 0 : sum / static_cast<double>(n); }
  double ErrorShare() const { return Mean(static_cast<double>(errors)); }
};

struct Pair {
  std::vector<std::string> key;
  Side now;
  Side base;
  UnixNanos first_seen = 0;  // Of the group within both.

  bool Comparable() const { return now.n >= kNowMin && base.n >= kUsualMin; }
  double Ratio() const { return now.p50 && base.p50 && *base.p50 > 0 ? *now.p50 / *base.p50 : 0; }
  // What took longer than it used to, in all.
  double Excess() const {
    const double excess =
        now.duration_sum - static_cast<double>(now.n) * base.Mean(base.duration_sum);
    return Comparable() ? std::max(excess, 0.0) : 0;
  }
};
inline double RatioOf(double now, double base) { return base > 0 ? now / base : 0; }

// One run of a runbook.
class Investigation {
 public:
  Investigation(const RunbookInput& input, const RunbookDeps& deps, RunbookReport& report);

  // Narrows what is looked at by the alert's environment (and feature), and settles the windows. kInvalidArgument:
  // a filter of the labels that cannot be.
  absl::Status Begin(int64_t default_ns, int64_t base_ns);
  // "Now" is what lies in [since, until); what is usual, what lies before since. Both 0: all that is
  // looked at.
  void SetMoment(UnixNanos since, UnixNanos until);

  const RunbookInput& input() const { return input_; }
  const RunbookDeps& deps() const { return deps_; }
  const QueryContext& query() const { return deps_.query; }
  const Filter& filter() const { return filter_; }
  UnixNanos now() const { return deps_.query.now; }
  const Window& look() const { return report_.window; }
  const Window& base() const { return report_.baseline; }
  Window current() const { return current_; }
  bool has_moment() const { return report_.since != 0; }
  RunbookReport& report() { return report_; }
  // The value of the alert's label; empty: it has none.
  std::string_view Label(std::string_view name) const;
  // " since 10:31 UTC", or " in the last 15 minutes" when it is not known when it began.
  std::string Since() const;
  // "--since 2h" and the like, with the project and filter: the end of a command.
  std::string Args(std::string_view q = {}) const;

  Scope In(const Window& window) const { return InFilter(window, filter_); }
  Scope InFilter(const Window& window, const Filter& filter) const;
  // The spans that match `text` too. REQUIRES: it parses.
  Filter And(std::string_view text) const;

  // Both sides of groups, most frequent now first. `keys` and `condition`: fixed SQL over facts AS f.
  absl::StatusOr<std::vector<Pair>> Compare(std::span<const std::string_view> keys,
                                            std::string_view condition, bool calls_only,
                                            std::vector<SqlParam> params = {}) const;
  // (n, bad) by slot of the time that is looked at and as long before it. `bad`: SQL.
  struct Series {
    UnixNanos begin = 0;
    int64_t slot_ns = 0;
    std::vector<SlotCount> counts;
    std::vector<double> costs;  // USD of each slot.
    UnixNanos At(size_t slot) const { return begin + static_cast<int64_t>(slot) * slot_ns; }
  };
  absl::StatusOr<Series> ReadSeries(std::string_view condition, std::string_view bad,
                                    std::vector<SqlParam> params, bool calls_only) const;
  // Of spans that ended now, the ids of traces in the order of `order` (SQL), each once.
  std::vector<std::string> Examples(std::string_view condition, std::string_view order,
                                    const Filter& filter, std::vector<SqlParam> params = {},
                                    size_t most = 3) const;

  // Adds a step. What fails says so in its words.
  Finding& Step(std::string_view id, std::string_view title);
  void Failed(Finding& finding, const absl::Status& status);
  int steps_failed() const { return failed_; }
  const absl::Status& last_error() const { return last_error_; }

  void AddCause(Cause cause);
  // An action of this runbook, with what all have.
  Action MakeAction(const Finding& finding, ActionKind kind, ActionMode most) const;
  const ActionOptions& actions() const;

 private:
  const RunbookInput& input_;
  const RunbookDeps& deps_;
  RunbookReport& report_;
  Filter filter_;
  Window current_;
  int64_t base_ns_ = kNanosPerDay;
  int failed_ = 0;
  absl::Status last_error_;
};

// The runbooks.
absl::Status RunLatency(Investigation& run);
absl::Status RunErrors(Investigation& run);
absl::Status RunCost(Investigation& run);

}  // namespace pitot
