// alert/notify/forward_plan.h
//
// Which alerts one Alertmanager is sent now, and in which words. Internal to alert/notify. Not
// thread-safe; time is an argument.
//
// An Alertmanager takes an alert for resolved when its endsAt has passed, so what fires is sent again
// each minute with an endsAt far enough ahead to survive several lost sendings.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "base/clock.h"

namespace pitot {

inline constexpr int64_t kResendNs = 60 * kNanosPerSecond;

class ForwardPlan {
 public:
  explicit ForwardPlan(int64_t evaluation_interval_ns);

  // Those of `alerts` that are news, or are due again: into `alerts`, valid as long as it is.
  std::vector<const Alert*> Due(const std::vector<Alert>& alerts, UnixNanos now) const;
  void Sent(std::span<const Alert* const> alerts, UnixNanos now);
  // Forgets what is no longer among `alerts`.
  void Keep(const std::vector<Alert>& alerts);

  // The body of POST /api/v2/alerts.
  std::string Body(std::span<const Alert* const> alerts, UnixNanos now) const;

 private:
  struct Known {
    UnixNanos fired_at = 0;
    bool resolved = false;
    bool diagnosed = false;  // A runbook had said what is the cause.
    UnixNanos sent_at = 0;
  };

  bool IsDue(const Alert& alert, UnixNanos now) const;

  const int64_t evaluation_interval_ns_;
  std::map<uint64_t, Known> known_;
};

}  // namespace pitot
