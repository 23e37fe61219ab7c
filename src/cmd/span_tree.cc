#include "cmd/span_tree.h"

#include <absl/container/flat_hash_map.h>

#include <boost/json.hpp>
#include <string>

#include "cmd/client.h"

namespace pitot {
namespace {

class TreeBuilder {
 public:
  explicit TreeBuilder(const boost::json::array& spans) : spans_(spans), children_(spans.size()) {
    for (uint32_t i = 0; i < spans.size(); ++i) index_.try_emplace(Text(spans[i], "span_id"), i);
    for (uint32_t i = 0; i < spans.size(); ++i) {
      const auto parent = index_.find(Text(spans[i], "parent_span_id"));
      if (parent == index_.end() || parent->second == i) {
        roots_.push_back(i);
      } else {
        children_[parent->second].push_back(i);
      }
    }
  }

  std::vector<TreeRow> Rows() {
    shown_.resize(spans_.size());
    for (size_t i = 0; i < roots_.size(); ++i) Walk(roots_[i], i + 1 == roots_.size());
    for (uint32_t i = 0; i < spans_.size(); ++i) {
      if (!shown_[i]) Walk(i, true);
    }
    return std::move(rows_);
  }

 private:
  struct Step {
    uint32_t span;
    uint32_t depth;
    bool last;
  };

  // Not recursive: a trace may be deeper than a stack.
  void Walk(uint32_t root, bool last) {
    std::vector<Step> stack = {{root, 0, last}};
    while (!stack.empty()) {
      const Step step = stack.back();
      stack.pop_back();
      if (shown_[step.span]) continue;
      shown_[step.span] = true;
      const std::vector<uint32_t>& children = children_[step.span];
      rows_.push_back({&spans_[step.span], step.depth, step.last, !children.empty()});
      for (size_t i = children.size(); i-- > 0;) {
        stack.push_back({children[i], step.depth + 1, i + 1 == children.size()});
      }
    }
  }

  const boost::json::array& spans_;
  absl::flat_hash_map<std::string, uint32_t> index_;
  std::vector<std::vector<uint32_t>> children_;
  std::vector<uint32_t> roots_;
  std::vector<bool> shown_;
  std::vector<TreeRow> rows_;
};

}  // namespace

std::vector<TreeRow> TreeOf(const boost::json::array& spans) { return TreeBuilder(spans).Rows(); }

}  // namespace pitot
