// cmd/view/span_tree.h
//
// Spans in the order and depth of a tree. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <vector>

namespace pitot {

struct TreeRow {
  const boost::json::value* span = nullptr;  // nullptr: stands for `left_out` spans.
  uint32_t depth = 0;                        // 0: a root.
  bool last = false;                         // Of its siblings.
  bool has_children = false;
  bool other_service = false;  // Than its parent's: another process.
  size_t left_out = 0;
  size_t left_out_errors = 0;
};

// Every span once, parents before children, siblings in the order given. Spans whose parent is not
// there are roots; so is the first span of a circle.
std::vector<TreeRow> TreeOf(const boost::json::array& spans);

// For a person: of the children of one span at most about `children_max` with all below them, but
// some of those with errors always; a row in the place of the rest says how many they are.
std::vector<TreeRow> FoldTree(const std::vector<TreeRow>& rows, size_t children_max);

}  // namespace pitot
