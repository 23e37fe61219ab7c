// alert/runbook/spend.h
//
// Internal to alert/runbook/: what groups of calls cost, against what they usually do.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "alert/runbook/investigation.h"

namespace pitot {

inline constexpr std::string_view kBearsSql = "(f.counted OR f.is_call) AND f.status != 'running'";

// Of one group: dollars, calls and tokens, now and as they usually are in as much time.
struct Spend {
  std::string key;
  double usd = 0, usual_usd = 0;
  double calls = 0, usual_calls = 0;
  double tokens = 0, usual_tokens = 0;
  double Rise() const { return usd - usual_usd; }
};

// Of spans that end now, by `key_sql` (fixed SQL over facts AS f). Usual is the median of the same time
// of the seven days before; with fewer than two such days, as much of the day before on average, and
// `from_days` is set to false.
absl::StatusOr<std::vector<Spend>> ReadSpend(const Investigation& run, std::string_view key_sql,
                                             bool& from_days);

double MedianOf(std::vector<double> values);

}  // namespace pitot
