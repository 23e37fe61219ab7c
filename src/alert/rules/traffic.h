// alert/rules/traffic.h
//
// What the counting rules look at: the last five minutes of a project, and what is usual for it. One
// statement reads the former at each evaluation, for all rules together; the latter is read once an
// hour.
//
// By time of end, each call once (query/scope.h). Spans that come late count when they come: every
// evaluation reads the whole five minutes again.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "alert/rule.h"
#include "alert/rules/log_histogram.h"

namespace pitot {

inline constexpr int64_t kTrafficWindowNs = 5 * kNanosPerMinute;
// How long ago a span ended at most, in seconds: rows come in these bands.
inline constexpr int kTrafficAges[] = {20, 30, 60, 90, 300};

enum class TrafficClass : uint8_t { kOther, kCall, kTool };

// Spans that agree in all of these. What does not apply to a class is empty.
struct TrafficRow {
  TrafficClass of = TrafficClass::kOther;
  int age =
      300;  // One of kTrafficAges: ended at most as many seconds ago, and more than the one before.
  bool is_run = false;  // The root of a trace, as far as is known.
  std::string service;
  std::string environment;  // Of calls, tool calls and roots.
  std::string feature;      // The same.
  std::string provider;     // Of calls.
  std::string model;
  std::string kind;  // "llm", "embedding", "reranker"
  bool streaming = false;
  std::string tool;  // Of tool calls.

  int64_t spans = 0;
  int64_t errors = 0;           // Without those that their caller cancelled.
  int64_t provider_errors = 0;  // Of them: overloaded, timed out, unreachable, failed inside.
  int64_t finished = 0;         // With a finish reason.
  int64_t cut = 0;              // Of them: for length.
  int64_t unpriced = 0;
  int64_t judged = 0;  // Tool calls whose outcome is known.
  int64_t invalid_args = 0;
  LogHistogram durations;  // Of calls that succeeded or timed out.
  std::vector<std::string>
      bad;  // Trace ids in hex, at most 5: of errors, tool calls: of invalid_args.
};

struct TrafficTable {
  UnixNanos now = 0;
  std::vector<TrafficRow> rows;
  int64_t spans = 0;  // Of all rows.
};

// A model, as its latency is judged.
struct LatencyKey {
  std::string provider;
  std::string model;
  std::string kind;
  bool streaming = false;
  auto operator<=>(const LatencyKey&) const = default;
};
LatencyKey LatencyKeyOf(const TrafficRow& row);

// hits of n.
struct Share {
  int64_t hits = 0;
  int64_t n = 0;
  // 0 without n.
  double share() const { return n == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(n); }
  void Add(int64_t more_hits, int64_t more_n) {
    hits += more_hits;
    n += more_n;
  }
};

// What is usual in a project. Times in which the alert concerned was pending or firing are left out.
struct UsualTraffic {
  struct Latency {
    double p99_ns = 0;      // The median of the p99s of five minutes.
    int64_t intervals = 0;  // That it is the median of.
    LogHistogram all;
    std::map<std::string, LogHistogram> by_feature;
  };
  // The same hour of the last seven days, else the last 24 hours.
  std::map<LatencyKey, Latency> latency;

  // The last 24 hours.
  std::map<std::pair<std::string, std::string>, Share> call_errors;   // (provider, model)
  std::map<std::pair<std::string, std::string>, Share> run_errors;    // (feature, environment)
  std::map<std::pair<std::string, std::string>, Share> invalid_args;  // (tool, environment)
  std::map<std::tuple<std::string, std::string, std::string>, Share>
      cut;  // (provider, model, feature)

  // Of a service, in spans.
  struct Presence {
    int64_t last_week = 0;        // In the same hour.
    int64_t yesterday = 0;        // The same.
    int64_t quiet_last_week = 0;  // Of the hour's twelve times five minutes: without any span.
    int64_t quiet_yesterday = 0;
    int64_t recent = 0;  // In the last six hours.
  };
  std::map<std::string, Presence> services;
  bool has_last_week = false;  // Whether the project had spans then at all, in the hours around.
};

// Shared by the rules of one set. One thread at a time.
class TrafficSource {
 public:
  TrafficSource();
  ~TrafficSource();

  // Valid until it is asked for another time.
  absl::StatusOr<const TrafficTable*> Now(const EvalContext& context);
  // As of the last full hour, more or less. Valid until the next call for the same project.
  absl::StatusOr<const UsualTraffic*> Usual(const EvalContext& context);

 private:
  struct Project;
  std::map<std::string, TrafficTable, std::less<>> now_;  // All of one time.
  UnixNanos now_at_ = 0;
  std::map<std::string, std::unique_ptr<Project>, std::less<>> usual_;
};

}  // namespace pitot
