#include "alert/rules/trace_loops.h"

#include <algorithm>
#include <map>
#include <utility>

namespace pitot {
namespace {

uint64_t ResultHash(const LoopHashes& hashes, std::string_view stored) {
  return hashes.Result(stored.starts_with('=') ? stored.substr(1) : stored);
}

uint64_t KeyHash(const LoopHashes& hashes, const TraceStep& step) {
  const std::string_view stored = step.arguments;
  return hashes.Key(step.tool, stored.starts_with('=') ? stored.substr(1) : stored);
}

// One agent's line of steps.
class Line {
 public:
  Line(const LoopOptions& options, const LoopHashes& hashes)
      : detector_(options), hashes_(hashes) {}

  void Add(const TraceStep& step) {
    if (!step.is_tool) {
      Flush();
      detector_.AddStep();
      ++steps_;
      by_model_ = true;
      return;
    }
    // Without model calls, what begins after the others ended is a new decision.
    if (!siblings_.empty() && step.start_ns >= siblings_end_) Flush();
    if (siblings_.empty() && !by_model_) {
      detector_.AddStep();
      ++steps_;
    }
    siblings_.push_back(
        {step.tool, KeyHash(hashes_, step), ResultHash(hashes_, step.result), step.is_error});
    siblings_end_ = std::max(siblings_end_, step.end_ns);
  }

  void Finish(std::vector<LoopFinding>& out) {
    Flush();
    detector_.Check(steps_ + 1, out);
  }

 private:
  void Flush() {
    if (siblings_.empty()) return;
    detector_.AddTools(siblings_);
    siblings_.clear();
    siblings_end_ = 0;
    by_model_ = false;
  }

  LoopDetector detector_;
  const LoopHashes& hashes_;
  std::vector<LoopTool> siblings_;
  UnixNanos siblings_end_ = 0;
  bool by_model_ = false;  // The calls that come were decided by a model call.
  int64_t steps_ = 0;
};

}  // namespace

std::optional<LoopFinding> FindLoop(std::vector<TraceStep> steps, const LoopOptions& options,
                                    const LoopHashes& hashes) {
  std::ranges::stable_sort(steps, [](const TraceStep& a, const TraceStep& b) {
    return std::pair(a.start_ns, a.is_tool) < std::pair(b.start_ns, b.is_tool);
  });
  std::map<std::string_view, Line> lines;
  for (const TraceStep& step : steps) {
    lines.try_emplace(step.agent, options, hashes).first->second.Add(step);
  }
  std::vector<LoopFinding> findings;
  for (auto& [agent, line] : lines) line.Finish(findings);
  std::optional<LoopFinding> most;
  for (LoopFinding& finding : findings) {
    if (finding.level != LoopLevel::kBlock) continue;
    // Steps alone say less than any repetition.
    const auto weight = [](const LoopFinding& of) {
      return std::pair(of.detector != Detector::kL6, of.count);
    };
    if (!most || weight(*most) < weight(finding)) most = std::move(finding);
  }
  return most;
}

}  // namespace pitot
