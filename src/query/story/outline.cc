#include "query/story/outline.h"

#include <algorithm>

namespace pitot {
namespace {

// A context is compared with those of so many calls before it: agents that run conversations side by
// side (a title made in between, a check) continue one that is not the very last.
constexpr size_t kBeforeMax = 4;

// What stands above a span.
struct Above {
  uint32_t agent = kNoSpan;  // Nearest.
  uint32_t agents = 0;       // How many.
  uint32_t tool = kNoSpan;   // Nearest, with no agent between.
  uint32_t call = kNoSpan;   // Nearest model call, with neither between.
};

class Ancestry {
 public:
  explicit Ancestry(std::span<const StorySpan> spans)
      : spans_(spans), above_(spans.size()), state_(spans.size(), State::kNew) {
    by_id_.reserve(spans.size());
    for (uint32_t i = 0; i < spans.size(); ++i) by_id_.try_emplace(spans[i].span_id, i);
    for (uint32_t i = 0; i < spans.size(); ++i) Resolve(i);
  }

  const Above& operator[](uint32_t span) const { return above_[span]; }

  uint32_t Parent(uint32_t span) const {
    if (spans_[span].parent_span_id.empty()) return kNoSpan;
    const auto found = by_id_.find(spans_[span].parent_span_id);
    return found == by_id_.end() ? kNoSpan : found->second;
  }

 private:
  enum class State : uint8_t { kNew, kOnPath, kDone };

  // Without recursion: traces may be as deep as they are long.
  void Resolve(uint32_t span) {
    std::vector<uint32_t> path;
    while (span != kNoSpan && state_[span] == State::kNew) {
      state_[span] = State::kOnPath;
      path.push_back(span);
      span = Parent(span);
    }
    // kOnPath: a circle. Where it closes is taken for the top.
    uint32_t parent = span != kNoSpan && state_[span] == State::kDone ? span : kNoSpan;
    for (; !path.empty(); path.pop_back()) {
      if (parent != kNoSpan) above_[path.back()] = Below(parent);
      state_[path.back()] = State::kDone;
      parent = path.back();
    }
  }

  Above Below(uint32_t parent) const {
    Above above = above_[parent];
    switch (spans_[parent].kind) {
      case Kind::kAgent:
        return {.agent = parent, .agents = above.agents + 1};
      case Kind::kTool:
        above.tool = parent;
        above.call = kNoSpan;
        return above;
      case Kind::kLlm:
        above.call = parent;
        return above;
      default:
        return above;
    }
  }

  std::span<const StorySpan> spans_;
  absl::flat_hash_map<SpanId, uint32_t, IdHash<8>> by_id_;
  std::vector<Above> above_;
  std::vector<State> state_;
};

bool IsStep(const StorySpan& span) {
  return span.kind == Kind::kLlm &&
         (span.role == UsageRole::kNone || span.role == UsageRole::kLeaf);
}

// Emitters that report a call twice, one within the other, may give contents on the outer only.
uint32_t ContentsOf(std::span<const StorySpan> spans, const Ancestry& ancestry, uint32_t call) {
  if (spans[call].has_input || spans[call].has_output) return call;
  const uint32_t outer = ancestry[call].call;
  if (outer == kNoSpan || spans[outer].role != UsageRole::kWrapper) return call;
  return spans[outer].has_input || spans[outer].has_output ? outer : call;
}

class Builder {
 public:
  explicit Builder(std::span<const StorySpan> spans) : spans_(spans), ancestry_(spans) {}

  StoryOutline Build() {
    for (uint32_t i = 0; i < spans_.size(); ++i) {
      if (IsStep(spans_[i])) {
        AddStep(i);
      } else if (spans_[i].kind == Kind::kTool) {
        AddTool(i);
      } else if (spans_[i].kind == Kind::kAgent && ancestry_[i].tool != kNoSpan) {
        outline_.delegates.try_emplace(ancestry_[i].tool, i);
      }
    }
    return std::move(outline_);
  }

 private:
  void AddStep(uint32_t span) {
    const Above& above = ancestry_[span];
    const auto number = static_cast<uint32_t>(outline_.steps.size());
    StoryStep step{.span = span,
                   .contents = ContentsOf(spans_, ancestry_, span),
                   .scope = above.agent,
                   .agent = spans_[span].agent,
                   .depth = above.agents == 0 ? 0 : above.agents - 1};
    if (step.agent.empty() && above.agent != kNoSpan) step.agent = spans_[above.agent].name;

    std::vector<uint32_t>& own = by_scope_[above.agent];
    step.before.assign(own.rbegin(),
                       own.rbegin() + static_cast<ptrdiff_t>(std::min(own.size(), kBeforeMax)));
    // An agent that is called again may carry its conversation on.
    const std::string agent(step.agent);
    if (own.empty() && !agent.empty()) {
      if (const auto last = by_agent_.find(agent); last != by_agent_.end()) {
        step.before.push_back(last->second);
      }
    }
    own.push_back(number);
    by_agent_[agent] = number;
    by_span_[span] = number;
    outline_.steps.push_back(std::move(step));
  }

  void AddTool(uint32_t span) {
    const Above& above = ancestry_[span];
    if (above.tool != kNoSpan) return;  // How a tool does its work, not what a model chose.
    if (!spans_[span].tool_call_id.empty()) {
      outline_.tools_by_call_id[std::string(spans_[span].tool_call_id)].push_back(span);
    }
    if (const auto call = by_span_.find(above.call); call != by_span_.end()) {
      outline_.steps[call->second].tools.push_back(span);
      return;
    }
    const auto own = by_scope_.find(above.agent);
    if (own == by_scope_.end() || own->second.empty()) return;
    outline_.steps[own->second.back()].tools.push_back(span);
  }

  std::span<const StorySpan> spans_;
  const Ancestry ancestry_;
  StoryOutline outline_;
  absl::flat_hash_map<uint32_t, std::vector<uint32_t>> by_scope_;  // Steps by agent span.
  absl::flat_hash_map<std::string, uint32_t> by_agent_;            // Last step by agent's name.
  absl::flat_hash_map<uint32_t, uint32_t> by_span_;                // Step by span.
};

}  // namespace

StoryOutline OutlineStory(std::span<const StorySpan> spans) { return Builder(spans).Build(); }

}  // namespace pitot
