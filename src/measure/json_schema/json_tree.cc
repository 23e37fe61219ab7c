#include "measure/json_schema/json_tree.h"

#include <algorithm>

#include "measure/json_schema/decimal.h"

namespace pitot {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      out += static_cast<char>(0xE0 | code >> 12);
    } else {
      out += static_cast<char>(0xF0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    }
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
  }
  out += static_cast<char>(0x80 | (code & 0x3F));
}

}  // namespace

class JsonTreeReader {
 public:
  JsonTreeReader(std::string_view text, JsonTree& tree) : text_(text), tree_(tree) {}

  // What is wrong; nullptr: nothing.
  const char* Read() {
    if (text_.size() > JsonTree::kTextBytesMax) return "longer than 16 MiB";
    if (const char* wrong = Value(tree_.root_, 0)) return wrong;
    Space();
    return at_ == text_.size() ? nullptr : "something follows the value";
  }
  size_t at() const { return at_; }

 private:
  void Space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }
  char Next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    Space();
    if (Next() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  const char* Value(JsonNode& node, int depth) {
    Space();
    const size_t from = at_;
    const char* wrong = nullptr;
    switch (Next()) {
      case '{':
      case '[':
        if (depth == JsonTree::kDepthMax) return "nested deeper than 256";
        wrong = Next() == '{' ? Object(node, depth) : Array(node, depth);
        break;
      case '"':
        node.type = JsonType::kString;
        wrong = String(&node.text);
        break;
      case 't':
      case 'f':
        node.type = JsonType::kBool;
        node.boolean = Next() == 't';
        wrong = Word(node.boolean ? "true" : "false");
        break;
      case 'n':
        wrong = Word("null");
        break;
      default:
        node.type = JsonType::kNumber;
        wrong = Number();
        node.text = text_.substr(from, at_ - from);
    }
    node.raw = text_.substr(from, at_ - from);
    return wrong;
  }

  const char* Word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return "not a JSON value";
    at_ += word.size();
    return nullptr;
  }

  bool Digits() {
    const size_t from = at_;
    while (IsDigit(Next())) ++at_;
    return at_ > from;
  }

  const char* Number() {
    if (at_ == text_.size()) return "it ends too early";
    if (Next() == '-') ++at_;
    if (Next() == '0') {
      ++at_;
    } else if (!Digits()) {
      return "not a JSON value";
    }
    if (Next() == '.') {
      ++at_;
      if (!Digits()) return "a number without digits behind its point";
    }
    if (Next() == 'e' || Next() == 'E') {
      ++at_;
      if (Next() == '+' || Next() == '-') ++at_;
      if (!Digits()) return "a number without digits in its exponent";
    }
    return nullptr;
  }

  const char* String(std::string_view* out) {
    const size_t from = ++at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return "a control character in a string";
      ++at_;
    }
    if (at_ < text_.size() && text_[at_] == '"') {
      *out = text_.substr(from, at_++ - from);
      return nullptr;
    }
    std::string& copy = tree_.unescaped_.emplace_back(text_.substr(from, at_ - from));
    while (at_ < text_.size() && text_[at_] != '"') {
      const char c = text_[at_++];
      if (static_cast<unsigned char>(c) < 0x20) return "a control character in a string";
      if (c != '\\') {
        copy += c;
      } else if (!Escape(copy)) {
        return "a malformed escape";
      }
    }
    if (at_ == text_.size()) return "a string that does not end";
    ++at_;
    *out = copy;
    return nullptr;
  }

  bool Hex4(uint32_t* code) {
    if (text_.size() - at_ < 4) return false;
    *code = 0;
    for (const size_t end = at_ + 4; at_ < end; ++at_) {
      const int digit = HexValue(text_[at_]);
      if (digit < 0) return false;
      *code = *code * 16 + static_cast<uint32_t>(digit);
    }
    return true;
  }

  bool Escape(std::string& out) {
    constexpr std::string_view kPlain = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    if (const size_t plain = kPlain.find(c); plain != kPlain.npos) {
      out += kMeant[plain];
      return true;
    }
    uint32_t code = 0;
    if (c != 'u' || !Hex4(&code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
      const size_t back = at_;
      at_ += 2;
      uint32_t low = 0;
      if (!Hex4(&low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = back;
      }
    }
    AppendUtf8(code >= 0xD800 && code < 0xE000 ? 0xFFFD : code, out);
    return true;
  }

  // The children are put together behind those of their own children.
  const char* Keep(JsonNode& node, std::vector<JsonNode>& children) {
    if (tree_.nodes_.size() + children.size() > JsonTree::kNodesMax) {
      return "more than 1,000,000 values";
    }
    node.first = static_cast<uint32_t>(tree_.nodes_.size());
    node.count = static_cast<uint32_t>(children.size());
    tree_.nodes_.insert(tree_.nodes_.end(), children.begin(), children.end());
    return nullptr;
  }

  const char* Array(JsonNode& node, int depth) {
    node.type = JsonType::kArray;
    ++at_;
    if (Take(']')) return nullptr;
    std::vector<JsonNode> children;
    do {
      if (const char* wrong = Value(children.emplace_back(), depth + 1)) return wrong;
      if (children.size() > JsonTree::kNodesMax) break;
    } while (Take(','));
    if (const char* wrong = Keep(node, children)) return wrong;
    return Take(']') ? nullptr : "no , or ] behind an element";
  }

  const char* Object(JsonNode& node, int depth) {
    node.type = JsonType::kObject;
    ++at_;
    if (Take('}')) return nullptr;
    std::vector<JsonNode> children;
    do {
      Space();
      if (Next() != '"') return "no name of a member";
      std::string_view key;
      if (const char* wrong = String(&key)) return wrong;
      if (!Take(':')) return "no : behind a member's name";
      JsonNode& member = children.emplace_back();
      if (const char* wrong = Value(member, depth + 1)) return wrong;
      member.key = key;
      if (children.size() > JsonTree::kNodesMax) break;
    } while (Take(','));
    std::ranges::stable_sort(children, {}, &JsonNode::key);
    // Of equal names the last stays.
    const auto first = std::unique(children.rbegin(), children.rend(), [](auto& a, auto& b) {
                         return a.key == b.key;
                       }).base();
    children.erase(children.begin(), first);
    if (const char* wrong = Keep(node, children)) return wrong;
    return Take('}') ? nullptr : "no , or } behind a member";
  }

  std::string_view text_;
  size_t at_ = 0;
  JsonTree& tree_;
};

std::optional<JsonTree> JsonTree::Read(std::string_view text, std::string* error) {
  JsonTree tree;
  JsonTreeReader reader(text, tree);
  const char* const wrong = reader.Read();
  if (wrong == nullptr) return tree;
  if (error != nullptr) {
    *error = std::string(wrong) + ", at byte " + std::to_string(reader.at());
  }
  return std::nullopt;
}

const JsonNode* JsonTree::Find(const JsonNode& node, std::string_view key) const {
  if (node.type != JsonType::kObject) return nullptr;
  const std::span<const JsonNode> members = children(node);
  const auto found = std::ranges::lower_bound(members, key, {}, &JsonNode::key);
  return found == members.end() || found->key != key ? nullptr : &*found;
}

std::strong_ordering Compare(const JsonTree& tree1, const JsonNode& value1, const JsonTree& tree2,
                             const JsonNode& value2) {
  if (value1.type != value2.type) return value1.type <=> value2.type;
  switch (value1.type) {
    case JsonType::kNull:
      return std::strong_ordering::equal;
    case JsonType::kBool:
      return value1.boolean <=> value2.boolean;
    case JsonType::kNumber:
      return Decimal(value1.text) <=> Decimal(value2.text);
    case JsonType::kString:
      return value1.text <=> value2.text;
    default:
      break;
  }
  if (value1.count != value2.count) return value1.count <=> value2.count;
  const std::span<const JsonNode> children1 = tree1.children(value1);
  const std::span<const JsonNode> children2 = tree2.children(value2);
  for (size_t i = 0; i < children1.size(); ++i) {
    if (const auto order = children1[i].key <=> children2[i].key; order != 0) return order;
    if (const auto order = Compare(tree1, children1[i], tree2, children2[i]); order != 0) {
      return order;
    }
  }
  return std::strong_ordering::equal;
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace pitot
