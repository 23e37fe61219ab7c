// measure/json_schema/pattern.h
//
// The regular expressions of JSON Schema: those of ECMAScript in Unicode mode, unanchored, as far as a
// machine without memory can follow them. All alternatives are followed at once, so that matching takes
// at most (characters of the text) x (instructions of the pattern) steps, whatever either says. Not
// understood, and refused: look-around, back-references, \p{...}.
//
// Source: ECMA-262, "RegExp (Regular Expression) Objects"; R. Cox, "Regular Expression Matching: the
// Virtual Machine Approach" (2009).
// Thread-safety: immutable once compiled.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pitot {

class Pattern {
 public:
  static constexpr size_t kBytesMax = 4096;
  static constexpr size_t kInstructionsMax = 10'000;

  // Nothing when `text` is malformed, not understood or beyond the limits; `error` then says why.
  static std::optional<Pattern> Compile(std::string_view text, std::string* error);

  // Whether it matches anywhere in `text` (UTF-8). Takes the steps that are needed from `steps_left`;
  // when these run out the answer is nothing.
  std::optional<bool> Search(std::string_view text, int64_t* steps_left) const;

  const std::string& text() const { return text_; }

 private:
  friend class PatternCompiler;

  // Code points, sorted, without overlaps.
  using Ranges = std::vector<std::pair<uint32_t, uint32_t>>;
  enum class Op : uint8_t { kRanges, kSplit, kJump, kStart, kEnd, kBoundary, kNoBoundary, kMatch };
  struct Instruction {
    Op op = Op::kMatch;
    uint32_t to = 0;     // Of a jump or split; of ranges, their index.
    uint32_t other = 0;  // Of a split.
  };
  class Machine;

  std::string text_;
  std::vector<Instruction> program_;
  std::vector<Ranges> ranges_;
};

}  // namespace pitot
