// query/figures/anomaly.h
//
// Hours in which far more was spent than is usual, and on what (measure/anomaly_series.h). The whole
// project is judged first: a hundred features, each judged alone, would find something every day. What
// the money went to is told of the worst hour only, by groups whose rise is not chance.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "measure/anomaly_series.h"
#include "query/scope.h"

namespace pitot {

// What part of a project's rise a group bears.
struct SpendCause {
  std::vector<std::pair<std::string, std::string>> key;  // Field and value; numbers as text.
  double spent_usd = 0;
  double usual_usd = 0;  // The median of comparable hours.
  double rise_usd = 0;
  double share = 0;     // Of the project's rise; above 1 where others fell.
  bool is_new = false;  // It had never spent anything in the hours compared.
  double z = 0;         // 0 of new ones.
};

// Those groups of `by` (fields of query/figures/grouping.h) that account for the rise of `hour`, the
// largest rise first: compared with the hours that it was judged by, found among all at a false
// discovery rate of 5 %, or new and above the 99th percentile of what an hour of any group cost.
absl::StatusOr<std::vector<SpendCause>> FindSpendCauses(const QueryContext& context,
                                                        const Scope& scope, const AnomalyHour& hour,
                                                        const std::vector<std::string>& by,
                                                        size_t limit);

// The traces whose calls of that hour cost most, most first; hex.
absl::StatusOr<std::vector<std::string>> DearestTraces(const QueryContext& context, Scope scope,
                                                       int64_t hour, size_t limit);

// Unusual hours without more than 2 usual ones between them.
struct SpendAnomaly {
  int64_t first_hour = 0;
  int64_t last_hour = 0;
  double spent_usd = 0;  // Of the unusual hours, together.
  double usual_usd = 0;
  AnomalyHour worst;  // The hour of the largest rise.
};
std::vector<SpendAnomaly> AnomaliesOf(const std::vector<AnomalyHour>& hours);

struct AnomalyRequest {
  Scope scope;
  std::vector<std::string> by = {"feature", "model"};
  uint32_t limit = 5;  // Of causes, each.
};

// Windows may be as long as this: every hour is an entry of the answer.
inline constexpr int64_t kAnomalyWindowHoursMax = 31 * 24;
// Causes are told of the newest so many anomalies.
inline constexpr size_t kAnomaliesExplainedMax = 10;

// {"window","by","state","hours_judged","anomalies":[...],"hours":[...]}; newest anomaly first. state:
// "learning" when no hour of the window could be judged, "anomaly" when the last anomaly goes on, else
// "ok". `hours`: [{"at","spent_usd","usual_usd","z","unusual","anomaly","baseline"}], oldest first.
// kInvalidArgument: an unknown field, or a window that is too long.
absl::StatusOr<std::string> AnomaliesJson(const QueryContext& context,
                                          const AnomalyRequest& request);

}  // namespace pitot
