// alert/preflight/preflight.h
//
// Is this agent ready for production? Forty points, each judged by what Pitot sees: figures of the last
// day (Q), the configuration (C), probes in a sandbox (P, sandbox.h and replay.h), and what only people
// know, attested (A). docs/preflight.md has the table with what each point wants.
//
//   pass               what was looked at is as it should be
//   fail               it is not
//   insufficient_data  not enough traffic, or nobody ran the probe or told the result
//   attested           a person said so, for 90 days; only points with an A, and never over a fail
//   waived             a person said that it does not matter until a day, and why
//
// It stops a launch when a point fails, or one with a star has insufficient data.
//
// Thread-safety: all methods, any thread. One run with probes at a time.
// Errors: kNotFound        no such point.
//         kInvalidArgument names the field, its value and what is accepted.
//         kUnavailable     the store, or a run with probes is under way.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/preflight/preflight_config.h"
#include "alert/preflight/replay.h"
#include "alert/preflight/sandbox.h"
#include "base/clock.h"
#include "query/scope.h"
#include "store/state.h"

namespace pitot {

enum class PreflightStatus : uint8_t {
  kPass,
  kFail,
  kInsufficientData,
  kAttested,
  kWaived,
  kEnd,
};
inline constexpr std::array<std::string_view, static_cast<size_t>(PreflightStatus::kEnd)>
    kPreflightStatusNames = {"pass", "fail", "insufficient_data", "attested", "waived"};
inline std::string_view Name(PreflightStatus v) {
  return kPreflightStatusNames[static_cast<size_t>(v)];
}

// A row of the table.
struct PreflightPoint {
  std::string_view id;  // "INS-01"
  std::string_view title;
  std::string_view how;     // Letters of what judges it: "Q", "C+P" ...
  bool star = false;        // Without data it stops a launch.
  std::string_view wants;   // When it passes, one sentence.
  std::string_view remedy;  // What to do when it does not.

  bool attestable() const { return how.find('A') != std::string_view::npos; }
};

// All forty, in the order in which they are shown.
std::span<const PreflightPoint> PreflightPoints();
// Null: there is no such point. Any case: "ins-01".
const PreflightPoint* FindPreflightPoint(std::string_view id);

// What a person said of a point.
struct PreflightNote {
  std::string by;
  UnixNanos at = 0;
  UnixNanos until = 0;
  std::string words;  // The comment, or the reason.
};

struct PreflightResult {
  const PreflightPoint* point = nullptr;
  PreflightStatus status = PreflightStatus::kInsufficientData;
  PreflightStatus judged = PreflightStatus::kInsufficientData;  // Before people's word.
  std::string words;                                            // One sentence with numbers.
  // Name and JSON text, in order: what the sentence is made of.
  std::vector<std::pair<std::string, std::string>> evidence;
  std::vector<std::pair<std::string, double>> thresholds;
  std::vector<std::string> sample_trace_ids;  // Hex, at most 5.
  UnixNanos checked_at = 0;
  std::optional<PreflightNote> attestation;  // In force, or expired.
  std::optional<PreflightNote> waiver;

  bool stops_launch() const {
    return status == PreflightStatus::kFail ||
           (status == PreflightStatus::kInsufficientData && point->star);
  }
};

struct PreflightReport {
  std::string project;
  UnixNanos at = 0;
  int64_t took_ns = 0;
  bool probes = false;
  std::vector<PreflightResult> results;  // In the order of PreflightPoints.

  std::array<int64_t, static_cast<size_t>(PreflightStatus::kEnd)> Counts() const;
  // No point stops it.
  bool Launch() const;
};

// {"project":..,"checked_at":..,"launch":..,"counts":{..},"points":[..]}; of listPreflight in
// api/openapi/preflight.json.
std::string PreflightJson(const PreflightReport& report);
// For a CI system's summary page or a ticket.
std::string PreflightMarkdown(const PreflightReport& report);

// What people and jobs told of one point: the last of each kind.
struct PreflightEvidence {
  std::string by;
  UnixNanos at = 0;
  std::map<std::string, std::string> values;  // "verdict" -> "ship"
};

// Borrowed; all must outlive the Preflight. Whatever is absent makes its points insufficient_data.
struct PreflightDeps {
  StateLog* state = nullptr;
  std::function<PreflightConfig()> config;  // As it is now; any thread.
  Sandbox* sandbox = nullptr;
  AlertReplay* replay = nullptr;
  PreflightHooks hooks;
};

struct PreflightRequest {
  std::string project = "default";
  bool probes = true;
  std::string actor;              // Who asks, for the audit log.
  std::vector<std::string> only;  // Ids; empty: all.
};

// Of which point somebody speaks.
struct PreflightTarget {
  std::string project = "default";
  std::string id;     // "OPS-04"
  std::string by;     // Who says so, in their own words.
  std::string actor;  // Who asked, for the audit log.
};

class Preflight {
 public:
  explicit Preflight(PreflightDeps deps);

  // Takes some seconds, with probes about half a minute: `context.deadline` is not used, each point has
  // one of its own. kCancelled: context.cancel was.
  absl::StatusOr<PreflightReport> Run(const QueryContext& context, const PreflightRequest& request);

  // A person's word, for 90 days. kInvalidArgument: the point has no A, or `by` or the comment is
  // empty.
  absl::Status Attest(const PreflightTarget& target, std::string_view comment, UnixNanos now);
  // `until`: after now, at most a year.
  absl::Status Waive(const PreflightTarget& target, std::string_view reason, UnixNanos until,
                     UnixNanos now);
  // Takes either back.
  absl::Status Withdraw(const PreflightTarget& target);
  // The result of a job or a drill: "verdict" of QLT-03, "seconds" of QLT-06, ... Which values a point
  // wants stands in docs/preflight.md; others are kept and shown.
  absl::Status Record(const PreflightTarget& target,
                      const std::map<std::string, std::string>& values, UnixNanos now);

  struct Notes {
    std::optional<PreflightNote> attestation, waiver;
    std::optional<PreflightEvidence> evidence;
  };
  Notes NotesOf(std::string_view project, std::string_view id) const;

 private:
  absl::StatusOr<PreflightReport> RunHeld(const QueryContext& context,
                                          const PreflightRequest& request);
  absl::Status Append(std::string_view kind, std::string_view project, std::string_view id,
                      std::string_view actor, std::string body, std::string_view action);

  const PreflightDeps deps_;
  std::atomic<bool> probing_{false};  // A run with probes is under way.
};

}  // namespace pitot
