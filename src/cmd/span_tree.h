// cmd/span_tree.h
//
// Spans in the order and depth of a tree. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <vector>

namespace pitot {

struct TreeRow {
  const boost::json::value* span = nullptr;
  uint32_t depth = 0;  // 0: a root.
  bool last = false;   // Of its siblings.
  bool has_children = false;
};

// Every span once, parents before children, siblings in the order given. Spans whose parent is not
// there are roots; so is the first span of a circle.
std::vector<TreeRow> TreeOf(const boost::json::array& spans);

}  // namespace pitot
