#include "query/story/context.h"

#include <algorithm>

namespace pitot {
namespace {

size_t CommonBeginning(const StoryContext& a, const StoryContext& b) {
  return static_cast<size_t>(std::ranges::mismatch(a.input, b.input).in1 - a.input.begin());
}

}  // namespace

ContextChange CompareContexts(const StoryContext& now,
                              const std::vector<const StoryContext*>& before) {
  ContextChange change;
  const StoryContext* last = nullptr;
  for (const StoryContext* context : before) {
    const size_t common = CommonBeginning(now, *context);
    if (last == nullptr || common > change.known) {
      last = context;
      change.known = common;
    }
  }
  if (last == nullptr || now.input.empty()) return change;

  const bool continues = change.known == last->input.size();
  const bool same_conversation =
      change.known > 0 || (now.system == last->system && now.model == last->model);
  change.compacted = !continues && same_conversation && now.input.size() < last->input.size();
  if (change.compacted) change.known = 0;
  if (continues) {
    const auto at = now.input.begin() + static_cast<ptrdiff_t>(change.known);
    change.echoed = static_cast<size_t>(
        std::mismatch(at, now.input.end(), last->output.begin(), last->output.end()).first - at);
  }
  return change;
}

}  // namespace pitot
