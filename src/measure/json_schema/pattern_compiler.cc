// From the text of a pattern to a program.
#include <algorithm>

#include "measure/json_schema/pattern.h"

namespace pitot {
namespace {

constexpr uint32_t kCodeMax = 0x10FFFF;
constexpr int kGroupDepthMax = 100;
constexpr uint32_t kUnbounded = 0xFFFFFFFF;
constexpr uint32_t kRepeatMax = 1000;

}  // namespace

class PatternCompiler {
 public:
  PatternCompiler(std::string_view text, Pattern& out) : text_(text), out_(out) {}

  // What is wrong; nullptr: nothing.
  const char* Compile() {
    if (text_.size() > Pattern::kBytesMax) return "longer than 4096 bytes";
    const uint32_t root = Alternatives(0);
    if (wrong_ == nullptr && at_ < text_.size()) wrong_ = "a ) without its (";
    if (wrong_ == nullptr) Emit(root);
    Add({Pattern::Op::kMatch});
    return wrong_;
  }
  size_t at() const { return at_; }

 private:
  using Ranges = Pattern::Ranges;
  using Op = Pattern::Op;

  // The pattern as a tree; children by index.
  struct Node {
    enum class Type : uint8_t { kEmpty, kRanges, kAssertion, kSequence, kAlternatives, kRepeat };
    Type type = Type::kEmpty;
    Op assertion = Op::kStart;
    uint32_t ranges = 0;
    uint32_t min = 0;
    uint32_t max = 0;
    std::vector<uint32_t> children;
  };

  bool More() const { return wrong_ == nullptr && at_ < text_.size(); }
  bool Take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  uint32_t Fail(const char* wrong) {
    if (wrong_ == nullptr) wrong_ = wrong;
    return 0;
  }
  uint32_t New(Node node) {
    nodes_.push_back(std::move(node));
    return static_cast<uint32_t>(nodes_.size() - 1);
  }

  uint32_t Alternatives(int depth) {
    if (depth > kGroupDepthMax) return Fail("groups nested deeper than 100");
    Node node;
    node.type = Node::Type::kAlternatives;
    do {
      node.children.push_back(Sequence(depth));
    } while (wrong_ == nullptr && Take("|"));
    return node.children.size() == 1 ? node.children[0] : New(std::move(node));
  }

  uint32_t Sequence(int depth) {
    Node node;
    node.type = Node::Type::kSequence;
    while (More() && text_[at_] != '|' && text_[at_] != ')') {
      const uint32_t atom = Atom(depth);
      node.children.push_back(wrong_ == nullptr ? Quantified(atom) : 0);
    }
    return New(std::move(node));
  }

  uint32_t Atom(int depth) {
    if (Take("(")) return Group(depth);
    if (Take("[")) return Class();
    if (Take(".")) {
      return NewRanges(Complement({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}));
    }
    if (Take("^")) return NewAssertion(Op::kStart);
    if (Take("$")) return NewAssertion(Op::kEnd);
    if (Take("\\b")) return NewAssertion(Op::kBoundary);
    if (Take("\\B")) return NewAssertion(Op::kNoBoundary);
    if (const char c = text_[at_]; c == '*' || c == '+' || c == '?') {
      return Fail("nothing to repeat");
    }
    Ranges ranges;
    if (!Character(ranges)) return 0;
    return NewRanges(std::move(ranges));
  }

  uint32_t Group(int depth) {
    if (Take("?")) {
      if (Take("=") || Take("!") || Take("<=") || Take("<!")) {
        return Fail("look-ahead and look-behind are not supported");
      }
      if (Take("<")) {
        const size_t end = text_.find('>', at_);
        if (end == text_.npos || end == at_) return Fail("a group's name does not end");
        at_ = end + 1;
      } else if (!Take(":")) {
        return Fail("an unknown kind of group");
      }
    }
    const uint32_t inside = Alternatives(depth + 1);
    if (wrong_ == nullptr && !Take(")")) return Fail("a ( without its )");
    return inside;
  }

  uint32_t NewRanges(Ranges ranges) {
    Node node;
    node.type = Node::Type::kRanges;
    node.ranges = static_cast<uint32_t>(out_.ranges_.size());
    out_.ranges_.push_back(std::move(ranges));
    return New(std::move(node));
  }
  uint32_t NewAssertion(Op op) {
    Node node;
    node.type = Node::Type::kAssertion;
    node.assertion = op;
    return New(std::move(node));
  }

  uint32_t Quantified(uint32_t atom) {
    uint32_t min = 0;
    uint32_t max = kUnbounded;
    if (Take("+")) {
      min = 1;
    } else if (Take("?")) {
      max = 1;
    } else if (!Take("*") && !Counted(&min, &max)) {
      return atom;
    }
    if (wrong_ != nullptr) return 0;
    if (nodes_[atom].type == Node::Type::kAssertion) return Fail("an assertion is repeated");
    Take("?");  // Lazy: whether it matches is the same.
    if (const char c = More() ? text_[at_] : '\0'; c == '*' || c == '+' || c == '?') {
      return Fail("a quantifier behind a quantifier");
    }
    Node node;
    node.type = Node::Type::kRepeat;
    node.min = min;
    node.max = max;
    node.children = {atom};
    return New(std::move(node));
  }

  bool Digits(uint32_t* value) {
    const size_t from = at_;
    *value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      *value = std::min(*value * 10 + static_cast<uint32_t>(text_[at_] - '0'), kRepeatMax + 1);
    }
    return at_ > from;
  }

  // {2}, {2,} or {2,5}; a { that begins nothing of the kind stands for itself.
  bool Counted(uint32_t* min, uint32_t* max) {
    const size_t from = at_;
    if (!Take("{")) return false;
    bool good = Digits(min);
    *max = *min;
    if (good && Take(",") && !Digits(max)) *max = kUnbounded;
    good = good && Take("}");
    if (!good) {
      at_ = from;
      return false;
    }
    if (*min > kRepeatMax || (*max != kUnbounded && *max > kRepeatMax)) {
      Fail("repeated more than 1000 times");
    } else if (*max < *min) {
      Fail("a repetition from more to less");
    }
    return true;
  }

  static Ranges Complement(Ranges ranges) {
    Ranges out;
    uint32_t from = 0;
    for (const auto& [first, last] : Merged(std::move(ranges))) {
      if (first > from) out.emplace_back(from, first - 1);
      from = last + 1;
    }
    if (from <= kCodeMax) out.emplace_back(from, kCodeMax);
    return out;
  }

  static Ranges Merged(Ranges ranges) {
    std::ranges::sort(ranges);
    Ranges out;
    for (const auto& range : ranges) {
      if (!out.empty() && range.first <= out.back().second + 1) {
        out.back().second = std::max(out.back().second, range.second);
      } else {
        out.push_back(range);
      }
    }
    return out;
  }

  uint32_t Class() {
    const bool negated = Take("^");
    Ranges ranges;
    bool closed = false;
    while (More() && !(closed = Take("]"))) {
      Ranges first;
      if (!ClassCharacter(first)) return 0;
      const bool one = first.size() == 1 && first[0].first == first[0].second;
      if (one && at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        ++at_;
        Ranges last;
        if (!ClassCharacter(last)) return 0;
        const bool one_too = last.size() == 1 && last[0].first == last[0].second;
        if (!one_too) return Fail("a range that ends with a class");
        if (last[0].first < first[0].first) return Fail("a range from more to less");
        first[0].second = last[0].first;
      }
      ranges.insert(ranges.end(), first.begin(), first.end());
    }
    if (!closed) return Fail("a [ without its ]");
    return NewRanges(negated ? Complement(std::move(ranges)) : Merged(std::move(ranges)));
  }

  bool ClassCharacter(Ranges& out) {
    if (Take("\\b")) {
      out = {{'\b', '\b'}};
      return true;
    }
    return Character(out);
  }

  // One character or class of characters, escaped or not.
  bool Character(Ranges& out) {
    if (Take("\\")) return Escape(out);
    const auto lead = static_cast<unsigned char>(text_[at_]);
    size_t bytes = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    bytes = std::min(bytes, text_.size() - at_);
    uint32_t code = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; ++i) {
      code = code << 6 | (static_cast<unsigned char>(text_[at_ + i]) & 0x3Fu);
    }
    at_ += bytes;
    out = {{code, code}};
    return true;
  }

  bool Hex(size_t digits, uint32_t* code) {
    *code = 0;
    const std::string_view hex = text_.substr(at_, digits);
    if (hex.size() < digits || digits == 0) return false;
    for (const char c : hex) {
      const char lower = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9') {
        *code = *code * 16 + static_cast<uint32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        *code = *code * 16 + static_cast<uint32_t>(lower - 'a' + 10);
      } else {
        return false;
      }
    }
    at_ += digits;
    return true;
  }

  bool Escape(Ranges& out) {
    if (at_ == text_.size()) return Fail("it ends with a \\") != 0;
    const char c = text_[at_++];
    if (ClassEscape(c, out)) return true;
    uint32_t code = static_cast<unsigned char>(c);
    if (c == 'x') {
      if (!Hex(2, &code)) return Fail("\\x without two hex digits") != 0;
    } else if (c == 'u') {
      if (!UnicodeEscape(&code)) return Fail("\\u without its hex digits") != 0;
    } else if (c == 'c' && at_ < text_.size()) {
      code = static_cast<uint32_t>(text_[at_++]) & 31;
    } else if (c == 'p' || c == 'P') {
      return Fail("\\p{...} is not supported") != 0;
    } else if ((c >= '1' && c <= '9') || c == 'k') {
      return Fail("back-references are not supported") != 0;
    } else if (const size_t i = std::string_view("tnvfr0").find(c); i != std::string_view::npos) {
      code = static_cast<uint32_t>("\t\n\v\f\r\0"[i]);
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (code & 0x80) != 0) {
      return Fail("an unknown escape") != 0;
    }
    out = {{code, code}};
    return true;
  }

  bool UnicodeEscape(uint32_t* code) {
    if (Take("{")) {
      const size_t end = text_.find('}', at_);
      if (end == text_.npos || end - at_ > 6 || !Hex(end - at_, code)) return false;
      ++at_;
      return *code <= kCodeMax;
    }
    if (!Hex(4, code)) return false;
    const size_t back = at_;
    uint32_t low = 0;
    if (*code >= 0xD800 && *code < 0xDC00 && Take("\\u") && Hex(4, &low) && low >= 0xDC00 &&
        low < 0xE000) {
      *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    } else {
      at_ = back;
    }
    return true;
  }

  static bool ClassEscape(char c, Ranges& out) {
    const char lower = static_cast<char>(c | 0x20);
    if (lower == 'd') {
      out = {{'0', '9'}};
    } else if (lower == 'w') {
      out = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    } else if (lower == 's') {
      out = {{0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680},
             {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
             {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
    } else {
      return false;
    }
    if (c != lower) out = Complement(std::move(out));
    return true;
  }

  uint32_t Add(Pattern::Instruction instruction) {
    if (out_.program_.size() >= Pattern::kInstructionsMax) {
      return Fail("too large: its repetitions need more than 10000 instructions");
    }
    out_.program_.push_back(instruction);
    return static_cast<uint32_t>(out_.program_.size() - 1);
  }
  uint32_t Here() const { return static_cast<uint32_t>(out_.program_.size()); }

  void Emit(uint32_t index) {
    // Counted apart from instructions: what is empty may be repeated without end, too.
    if (++emitted_ > 4 * Pattern::kInstructionsMax) Fail("too large: too many repetitions");
    if (wrong_ != nullptr) return;
    const Node& node = nodes_[index];
    switch (node.type) {
      case Node::Type::kEmpty:
        break;
      case Node::Type::kRanges:
        Add({Op::kRanges, node.ranges});
        break;
      case Node::Type::kAssertion:
        Add({node.assertion});
        break;
      case Node::Type::kSequence:
        for (const uint32_t child : node.children) Emit(child);
        break;
      case Node::Type::kAlternatives:
        EmitAlternatives(node);
        break;
      case Node::Type::kRepeat:
        EmitRepeat(node);
        break;
    }
  }

  void EmitAlternatives(const Node& node) {
    std::vector<uint32_t> jumps;
    for (size_t i = 0; i < node.children.size(); ++i) {
      const bool last = i + 1 == node.children.size();
      const uint32_t split = last ? 0 : Add({Op::kSplit});
      if (!last) out_.program_[split].to = Here();
      Emit(node.children[i]);
      if (last) break;
      jumps.push_back(Add({Op::kJump}));
      out_.program_[split].other = Here();
    }
    for (const uint32_t jump : jumps) out_.program_[jump].to = Here();
  }

  void EmitRepeat(const Node& node) {
    const uint32_t child = node.children[0];
    for (uint32_t i = 0; i < node.min && wrong_ == nullptr; ++i) Emit(child);
    if (node.max == kUnbounded) {
      const uint32_t split = Add({Op::kSplit});
      Emit(child);
      Add({Op::kJump, split});
      out_.program_[split].to = split + 1;
      out_.program_[split].other = Here();
      return;
    }
    std::vector<uint32_t> splits;
    for (uint32_t i = node.min; i < node.max && wrong_ == nullptr; ++i) {
      splits.push_back(Add({Op::kSplit}));
      Emit(child);
    }
    for (const uint32_t split : splits) {
      out_.program_[split].to = split + 1;
      out_.program_[split].other = Here();
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  const char* wrong_ = nullptr;
  std::vector<Node> nodes_;
  size_t emitted_ = 0;
  Pattern& out_;
};

std::optional<Pattern> Pattern::Compile(std::string_view text, std::string* error) {
  Pattern pattern;
  pattern.text_ = text;
  PatternCompiler compiler(text, pattern);
  const char* const wrong = compiler.Compile();
  if (wrong == nullptr) return pattern;
  if (error != nullptr) {
    *error = std::string(wrong) + ", at byte " + std::to_string(compiler.at());
  }
  return std::nullopt;
}

}  // namespace pitot
