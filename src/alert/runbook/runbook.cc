#include "alert/runbook/runbook.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "alert/runbook/investigation.h"
#include "base/status.h"

namespace pitot {
namespace {

constexpr int64_t kLookNs = 15 * kNanosPerMinute;
constexpr size_t kCausesMax = 10;
// Causes that explain less are noise beside a good one.
constexpr double kScoreMin = 0.05;

struct RunbookRow {
  std::string_view name;
  absl::Status (*run)(Investigation&);
  int64_t look_ns;  // Unless it is said.
};
constexpr RunbookRow kRows[] = {
    {"latency", RunLatency, kLookNs},
    {"errors", RunErrors, kLookNs},
    {"cost", RunCost, kNanosPerHour},
};

void RankCauses(RunbookReport& report) {
  std::ranges::stable_sort(report.causes,
                           [](const Cause& a, const Cause& b) { return a.score > b.score; });
  std::erase_if(report.causes, [](const Cause& cause) { return cause.score < kScoreMin; });
  if (report.causes.size() > kCausesMax) report.causes.resize(kCausesMax);
}

}  // namespace

RunbookInput InputOf(const Alert& alert) {
  // Alerts about Pitot itself have no project.
  const std::string_view project = alert.Label(kProjectLabel);
  return {.project = project.empty() ? "default" : std::string(project),
          .fingerprint = alert.fingerprint,
          .labels = alert.labels,
          .trace_ids = alert.exemplar_trace_ids,
          .active_at = alert.active_at};
}

absl::StatusOr<RunbookReport> RunRunbook(std::string_view name, const RunbookInput& input,
                                         const RunbookDeps& deps) {
  const auto row = std::ranges::find(kRows, name, &RunbookRow::name);
  if (row == std::end(kRows)) {
    return Error(absl::StatusCode::kNotFound,
                 "no runbook is named \"{}\": there are latency, errors and cost", name);
  }
  const auto began = std::chrono::steady_clock::now();
  RunbookReport report;
  report.runbook = name;
  report.fingerprint = input.fingerprint;
  report.attached = input.attached;
  report.project = input.project;
  report.at = deps.query.now;
  // Steps are filled while later ones are added.
  report.steps.reserve(16);
  Investigation run(input, deps, report);
  RETURN_IF_ERROR(run.Begin(row->look_ns, kNanosPerDay));
  RETURN_IF_ERROR(row->run(run));
  if (run.steps_failed() > 0 && run.steps_failed() == static_cast<int>(report.steps.size())) {
    return run.last_error();
  }
  RankCauses(report);
  report.took_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - began)
          .count();
  return report;
}

std::string ReportText(const RunbookReport& report, size_t causes) {
  std::string text = report.summary;
  for (size_t i = 0; i < std::min(causes, report.causes.size()); ++i) {
    text += fmt::format("{}{}. {}", text.empty() ? "" : "\n", i + 1, report.causes[i].words);
  }
  if (report.causes.empty()) {
    text += fmt::format("{}No cause was found in the figures.", text.empty() ? "" : "\n");
  }
  return text;
}

}  // namespace pitot
