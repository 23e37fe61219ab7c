// alert/runbook/runbook.h
//
// The first ten minutes of an incident, done in a second: what is slow, what fails, what costs; since
// when; and what most likely caused it.
//
// A runbook compares now with before. "Now" begins where the trouble began: that moment is looked for
// in the figures by the minute (an alert that is a minute old would else be diluted by a healthy hour).
// Each step asks one question, shows the query that a person may repeat, and says its finding in words
// with numbers, also when there is none. A step that cannot be answered says why; the others go on.
// Causes are ranked by how much of the trouble they explain.
//
// What it says is observational: a prompt that changed when errors began need not be why.
//
// Thread-safe: functions of their arguments. Reads only.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "alert/options.h"
#include "alert/runbook/actions.h"
#include "query/scope.h"

namespace pitot {

class StatusPages;
class SystemFigures;

inline constexpr std::array<std::string_view, 3> kRunbookNames = {"latency", "errors", "cost"};

struct RunbookInput {
  std::string project;
  Filter filter;  // What else the spans must match.
  // The alert that calls for it, if one does: its labels narrow what is looked at, its exemplars are
  // looked at first.
  uint64_t fingerprint = 0;
  Labels labels;
  std::vector<std::string> trace_ids;  // Hex.
  UnixNanos active_at = 0;             // Since when it breaches; 0: not known.
  // Nobody asked for it, the alert did: what may be done automatically is (ActionBook::Offer).
  bool attached = false;
  // What is looked at; both 0: the 15 minutes (cost: the hour) before the query's now, or since a
  // little before active_at.
  Window window;
};
RunbookInput InputOf(const Alert& alert);

struct RunbookDeps {
  const QueryContext& query;
  const StatusPages* status_pages = nullptr;  // Null: none is asked.
  const SystemFigures* figures = nullptr;     // Null: no gateway.
  const ActionOptions* actions = nullptr;     // Null: defaults: suggestions only.
};

enum class FindingState : uint8_t {
  kFound,    // This step found something.
  kClear,    // It looked, and there is nothing.
  kUnknown,  // It could not tell: too little data, or nothing to ask.
  kEnd,
};
inline constexpr std::array<std::string_view, static_cast<size_t>(FindingState::kEnd)>
    kFindingStateNames = {"found", "clear", "unknown"};
inline std::string_view Name(FindingState v) { return kFindingStateNames[static_cast<size_t>(v)]; }

struct Finding {
  std::string step;   // "latency.1": docs/runbooks.md says what each does.
  std::string title;  // "Where it is slow"
  std::string
      query;  // A command that shows the figures: `pitot latency --by provider,model --since 1h`
  FindingState state = FindingState::kClear;
  bool failed = false;                 // It could not look: an error, in `words`.
  std::string words;                   // Sentences with numbers.
  std::vector<std::string> detail;     // Further lines, most important first.
  std::vector<std::string> trace_ids;  // Hex; at most kExemplarsMax.
  std::vector<Action> actions;
};

struct Cause {
  std::string kind;   // Stable: "provider_slow", "tool_schema_changed", "loop", ...
  std::string words;  // One sentence, numbers in it.
  double score = 0;   // [0, 1]: how much of the trouble it explains, and how surely.
  std::string step;   // Of the finding it comes from.
  std::vector<std::string> trace_ids;
  ActionTarget subject;  // Whom it blames, as far as spans say.
};

struct RunbookReport {
  std::string runbook;
  uint64_t fingerprint = 0;  // 0: of no alert.
  bool attached = false;
  std::string project;
  Window window;        // What was looked at.
  UnixNanos since = 0;  // Where the trouble began; 0: it was not found in the figures.
  Window baseline;      // What it was compared with.
  std::string summary;  // One or two sentences: what is wrong, how much, since when, for whom.
  std::vector<Cause> causes;   // Most likely first; empty: none was found.
  std::vector<Finding> steps;  // In the order of the runbook.
  UnixNanos at = 0;
  int64_t took_ns = 0;
};

// kNotFound: no such runbook. Errors of the engine only when no step could be answered.
absl::StatusOr<RunbookReport> RunRunbook(std::string_view name, const RunbookInput& input,
                                         const RunbookDeps& deps);

// {"runbook","alert","project","window",...}; the schema is in api/openapi/runbooks.json.
std::string ReportJson(const RunbookReport& report);
// For a notification: the summary and the causes, a line each, at most `causes`.
std::string ReportText(const RunbookReport& report, size_t causes = 3);
std::string ActionJson(const Action& action);

}  // namespace pitot
