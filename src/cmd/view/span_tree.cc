#include "cmd/view/span_tree.h"

#include <absl/container/flat_hash_map.h>

#include <boost/json.hpp>
#include <deque>
#include <string>
#include <string_view>

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
    std::string_view above = {};  // Service of its parent.
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
      const std::string_view service = services_.emplace_back(Text(spans_[step.span], "service"));
      rows_.push_back(
          {.span = &spans_[step.span],
           .depth = step.depth,
           .last = step.last,
           .has_children = !children.empty(),
           .other_service = step.depth > 0 && !service.empty() && service != step.above});
      for (size_t i = children.size(); i-- > 0;) {
        stack.push_back({children[i], step.depth + 1, i + 1 == children.size(), service});
      }
    }
  }

  const boost::json::array& spans_;
  absl::flat_hash_map<std::string, uint32_t> index_;
  std::vector<std::vector<uint32_t>> children_;
  std::vector<uint32_t> roots_;
  std::vector<bool> shown_;
  std::deque<std::string> services_;
  std::vector<TreeRow> rows_;
};

class TreeFolder {
 public:
  TreeFolder(const std::vector<TreeRow>& rows, size_t children_max)
      : rows_(rows), children_max_(children_max), ends_(rows.size()), errors_(rows.size() + 1) {
    children_[kTop] = 0;
    std::vector<size_t> above;
    const auto close = [&](size_t depth, size_t at) {
      for (; above.size() > depth; above.pop_back()) ends_[above.back()] = at;
    };
    for (size_t i = 0; i < rows.size(); ++i) {
      close(rows[i].depth, i);
      ++children_[above.empty() ? kTop : above.back()];
      above.push_back(i);
      errors_[i + 1] = errors_[i] + (Text(*rows[i].span, "status") == "error" ? 1 : 0);
    }
    close(0, rows.size());
  }

  std::vector<TreeRow> Rows() {
    open_.push_back({kTop, 0, rows_.size()});
    size_t i = 0;
    while (i < rows_.size()) {
      CloseUntil(i);
      if (!Keep(i)) {
        i = ends_[i];
        continue;
      }
      TreeRow row = rows_[i];
      row.last = row.last && open_.back().left_out == 0;
      kept_.push_back(row);
      open_.push_back({i, row.depth + 1, ends_[i]});
      ++i;
    }
    CloseUntil(rows_.size());
    Close();
    return std::move(kept_);
  }

 private:
  static constexpr size_t kTop = static_cast<size_t>(-1);
  static constexpr size_t kErrorsShown = 10;
  // A few more are shown rather than counted.
  static constexpr size_t kSlack = 10;

  struct Parent {
    size_t row;
    uint32_t depth;  // Of its children.
    size_t end;
    size_t shown = 0;
    size_t errors_shown = 0;
    size_t left_out = 0;
    size_t left_out_errors = 0;
  };

  bool Keep(size_t i) {
    Parent& parent = open_.back();
    if (children_[parent.row] <= children_max_ + kSlack || parent.shown < children_max_) {
      ++parent.shown;
      return true;
    }
    const size_t errors = errors_[ends_[i]] - errors_[i];
    if (errors > 0 && parent.errors_shown < kErrorsShown) {
      ++parent.errors_shown;
      return true;
    }
    parent.left_out += ends_[i] - i;
    parent.left_out_errors += errors;
    return false;
  }

  void CloseUntil(size_t i) {
    while (open_.size() > 1 && open_.back().end <= i) Close();
  }
  void Close() {
    const Parent parent = open_.back();
    open_.pop_back();
    if (parent.left_out == 0) return;
    kept_.push_back({.depth = parent.depth,
                     .last = true,
                     .left_out = parent.left_out,
                     .left_out_errors = parent.left_out_errors});
  }

  const std::vector<TreeRow>& rows_;
  const size_t children_max_;
  std::vector<size_t> ends_;    // By row: after all that is below it.
  std::vector<size_t> errors_;  // In the rows before.
  absl::flat_hash_map<size_t, size_t> children_;
  std::vector<Parent> open_;
  std::vector<TreeRow> kept_;
};

}  // namespace

std::vector<TreeRow> TreeOf(const boost::json::array& spans) { return TreeBuilder(spans).Rows(); }

std::vector<TreeRow> FoldTree(const std::vector<TreeRow>& rows, size_t children_max) {
  return TreeFolder(rows, children_max).Rows();
}

}  // namespace pitot
