// measure/argument_drift.h
//
// When a tool's refused arguments are a sign of drift: after a change of the prompt the model writes
// arguments that the tool's schema does not take, so schema, description and prompt no longer agree.
// The same in the server's figures and in the SDK.
//
// Pure; any thread.
#pragma once

#include <cstdint>

#include "measure/proportions.h"

namespace pitot {

// Fewer calls on either side say nothing.
inline constexpr int64_t kDriftCallsMin = 20;

// Whether refused arguments rose from `before` to `after` (hits: refused, trials: calls) by at least 5
// points, to at least twice the share, and by more than chance (1 %). False below kDriftCallsMin.
bool ArgumentsDrifted(const Proportion& before, const Proportion& after);

}  // namespace pitot
