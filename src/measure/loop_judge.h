// measure/loop_judge.h
//
// What the detectors share: a count against its thresholds. Of measure/ only.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "measure/loops.h"

namespace pitot {

// Appends what `count` amounts to: a block whenever it may, a warning unless `warned`, which is kept.
// `reason` makes the sentence, only when there is one to say.
template <typename Reason>
void Judge(const LoopOptions& options, Detector detector, int64_t step, int64_t count,
           LoopThreshold threshold, bool& warned, std::vector<LoopFinding>& out, Reason reason) {
  const bool blocks = threshold.block > 0 && count >= threshold.block;
  const bool may_block = options.blocks[static_cast<size_t>(detector)];
  if (blocks && may_block) {
    warned = true;
    out.push_back({detector, LoopLevel::kBlock, step, count, threshold.block, reason()});
    return;
  }
  const bool warns = blocks || (threshold.warn > 0 && count >= threshold.warn);
  if (warns && !warned) {
    out.push_back({detector, LoopLevel::kWarn, step, count,
                   threshold.warn > 0 ? threshold.warn : threshold.block, reason()});
  }
  warned = warns;
}

}  // namespace pitot
