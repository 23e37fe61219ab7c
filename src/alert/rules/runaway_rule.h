// alert/rules/runaway_rule.h
//
// RunawayTrace: an agent that runs in circles, makes too many steps, or spends far more than runs of its
// feature do. Also where no gateway stands between agent and provider: the steps of traces that are
// active now are read from their spans and given to the detectors of the gateway (measure/loops.h, L1 to
// L3, L6, L7; docs/loops.md).
//
// By (feature, environment): trace ids are no labels. An agent that repeats itself or spends without
// end is a page, one that only makes many steps a warning. Looked at: traces whose last ten minutes make
// it possible, at most kTracesMax at a time, those with the most calls first.
#pragma once

#include <memory>

#include "alert/rule.h"
#include "alert/rules/traffic.h"

namespace pitot {

std::unique_ptr<RuleEvaluator> MakeRunawayRule(RuleSpec spec,
                                               std::shared_ptr<TrafficSource> traffic);

}  // namespace pitot
