// Matching; what a pattern says is read in pattern_compiler.cc.
#include "measure/json_schema/pattern.h"

#include <algorithm>

namespace pitot {
namespace {

constexpr uint32_t kNoCharacter = 0xFFFFFFFF;

// The character at the front and its bytes; a byte that is no UTF-8 counts as a character by itself.
std::pair<uint32_t, size_t> DecodeFront(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const uint32_t lead = byte(0);
  const size_t bytes = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
  if (bytes == 1 || text.size() < bytes) return {lead, 1};
  uint32_t code = lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {lead, 1};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  return {code, bytes};
}

bool IsWord(uint32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

// The states that are alive before one character, and the step to the next.
class Pattern::Machine {
 public:
  explicit Machine(const Pattern& pattern) : pattern_(pattern), seen_(pattern.program_.size(), 0) {}

  // Nothing: out of steps.
  std::optional<bool> Run(std::string_view text, int64_t* steps_left) {
    uint32_t before = kNoCharacter;
    for (size_t at = 0;;) {
      const auto [here, bytes] =
          at < text.size() ? DecodeFront(text.substr(at)) : std::pair(kNoCharacter, size_t{0});
      ++mark_;
      waiting_.clear();
      if (Follow(0, before, here)) return true;
      for (const uint32_t from : next_) {
        if (Follow(from, before, here)) return true;
      }
      *steps_left -= static_cast<int64_t>(visited_) + 1;
      visited_ = 0;
      if (*steps_left < 0) return std::nullopt;
      if (at == text.size()) return false;
      next_.clear();
      for (const uint32_t state : waiting_) {
        if (Contains(pattern_.ranges_[pattern_.program_[state].to], here)) {
          next_.push_back(state + 1);
        }
      }
      before = here;
      at += bytes;
    }
  }

 private:
  static bool Contains(const Ranges& ranges, uint32_t c) {
    const auto after =
        std::ranges::upper_bound(ranges, c, {}, &std::pair<uint32_t, uint32_t>::first);
    return after != ranges.begin() && c <= std::prev(after)->second;
  }

  // Adds what can be reached from `from` without a character. True: a match.
  bool Follow(uint32_t from, uint32_t before, uint32_t here) {
    stack_.assign(1, from);
    while (!stack_.empty()) {
      const uint32_t state = stack_.back();
      stack_.pop_back();
      if (seen_[state] == mark_) continue;
      seen_[state] = mark_;
      ++visited_;
      const Instruction& instruction = pattern_.program_[state];
      const bool boundary =
          (before != kNoCharacter && IsWord(before)) != (here != kNoCharacter && IsWord(here));
      switch (instruction.op) {
        case Op::kMatch:
          return true;
        case Op::kRanges:
          waiting_.push_back(state);
          break;
        case Op::kSplit:
          stack_.push_back(instruction.other);
          stack_.push_back(instruction.to);
          break;
        case Op::kJump:
          stack_.push_back(instruction.to);
          break;
        case Op::kStart:
          if (before == kNoCharacter) stack_.push_back(state + 1);
          break;
        case Op::kEnd:
          if (here == kNoCharacter) stack_.push_back(state + 1);
          break;
        case Op::kBoundary:
          if (boundary) stack_.push_back(state + 1);
          break;
        case Op::kNoBoundary:
          if (!boundary) stack_.push_back(state + 1);
          break;
      }
    }
    return false;
  }

  const Pattern& pattern_;
  std::vector<uint64_t> seen_;  // By state: the mark of the position it was last seen at.
  uint64_t mark_ = 0;
  size_t visited_ = 0;
  std::vector<uint32_t> stack_;
  std::vector<uint32_t> waiting_;  // For a character at this position.
  std::vector<uint32_t> next_;     // Reached by it.
};

std::optional<bool> Pattern::Search(std::string_view text, int64_t* steps_left) const {
  return Machine(*this).Run(text, steps_left);
}

}  // namespace pitot
