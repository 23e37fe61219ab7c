// alert/preflight/probe.h
//
// Internal to preflight/: what is tried out. Each adds what it saw to the judgement; an error means
// that it could not be tried.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <vector>

#include "alert/preflight/point.h"

namespace pitot {

// In the sandbox (probes_gateway.cc, probes_trace.cc). REQUIRES: context.sandbox.
absl::Status ProbeErrorReachesRoot(const PointContext& context, Judgement& judgement);
absl::Status ProbeContextReachesChild(const PointContext& context, Judgement& judgement);
absl::Status ProbeDeletion(const PointContext& context, Judgement& judgement);
absl::Status ProbeOutage(const PointContext& context, const std::vector<std::string>& features,
                         Judgement& judgement);
absl::Status ProbeHardBudget(const PointContext& context, Judgement& judgement);
absl::Status ProbeKillSwitch(const PointContext& context, Judgement& judgement);
absl::Status ProbeStoreAway(const PointContext& context, Judgement& judgement);
absl::Status ProbeRequestCap(const PointContext& context, Judgement& judgement);
absl::Status ProbeLoop(const PointContext& context, Judgement& judgement);

// By replaying rules (probes_alert.cc). REQUIRES: context.replay, and context.sandbox where spans are
// written.
absl::Status ProbeLatencyAlert(const PointContext& context, Judgement& judgement);
absl::Status ProbeErrorAlert(const PointContext& context, Judgement& judgement);
absl::Status ProbeProjectionAlert(const PointContext& context, Judgement& judgement);
absl::Status ProbeNoRepetition(const PointContext& context, Judgement& judgement);
absl::Status ProbeAbsence(const PointContext& context, Judgement& judgement);

// A user of the sandbox's that all spans of this run have, so that they can be deleted again.
std::string ProbeUser(const PointContext& context);
// 32 and 16 hex digits that follow from the run and the words.
std::string ProbeTraceId(const PointContext& context, std::string_view what);
std::string ProbeSpanId(const PointContext& context, std::string_view what);

// One finished span as a line of JSON Lines (docs/formats.md). `members`: further ones, each behind a
// comma: `,"status":"error"`.
struct ProbeSpan {
  std::string trace_id, span_id, parent_id;
  std::string name, kind;
  UnixNanos start_ns = 0;
  int64_t duration_ns = 0;
  std::string members;
};
std::string ProbeLine(const PointContext& context, const ProbeSpan& span);
// Of a model call with usage and a cost, for `members`.
std::string ProbeCallMembers(std::string_view model, std::string_view feature, double cost_usd);

}  // namespace pitot
