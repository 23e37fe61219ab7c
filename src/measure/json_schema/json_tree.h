// measure/json_schema/json_tree.h
//
// JSON text as a tree to look things up in: members by name, numbers as written. RFC 8259; of members
// with the same name the last counts.
//
// Ownership: a tree borrows the text it was read from. Thread-safety: immutable once read.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

enum class JsonType : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

struct JsonNode {
  JsonType type = JsonType::kNull;
  bool boolean = false;
  uint32_t first = 0;     // Of its children, which stand together.
  uint32_t count = 0;     // Elements or members.
  std::string_view key;   // Of a member; escapes undone.
  std::string_view text;  // Of a string, escapes undone; of a number, as written.
  std::string_view raw;   // As it stands in the text.
};

class JsonTree {
 public:
  static constexpr int kDepthMax = 256;
  static constexpr size_t kNodesMax = 1'000'000;
  static constexpr size_t kTextBytesMax = size_t{16} << 20;

  // Nothing when `text` is not one JSON value or is beyond the limits; `error` then says where.
  static std::optional<JsonTree> Read(std::string_view text, std::string* error);

  const JsonNode& root() const { return root_; }
  // Elements in order; members sorted by name.
  std::span<const JsonNode> children(const JsonNode& node) const {
    return std::span(nodes_).subspan(node.first, node.count);
  }
  // The member `key` of an object; nullptr: none, or no object.
  const JsonNode* Find(const JsonNode& node, std::string_view key) const;

 private:
  friend class JsonTreeReader;

  JsonNode root_;
  std::vector<JsonNode> nodes_;
  std::deque<std::string> unescaped_;  // What keys and texts with escapes point to.
};

// An order of values, equal where JSON Schema calls them equal: 1 is 1.0, members in any order.
std::strong_ordering Compare(const JsonTree& tree1, const JsonNode& value1, const JsonTree& tree2,
                             const JsonNode& value2);

// Unicode characters of UTF-8 text.
size_t CodePoints(std::string_view text);

}  // namespace pitot
