// alert/replay.h
//
// What would have been told, over the real rules, lifecycle and dispatcher: AlertReplay of preflight.
// One receiver gets everything; timers, groups and thresholds are the configured ones.
#pragma once

#include "alert/options.h"
#include "alert/preflight/replay.h"

namespace pitot {

// Thread-safe: each run has parts of its own, in memory only.
class RuleReplay final : public AlertReplay {
 public:
  explicit RuleReplay(AlertOptions options);

  absl::StatusOr<ReplayResult> Run(const ReplayScript& script, const QueryContext& query) override;

 private:
  AlertOptions options_;
};

}  // namespace pitot
