// query/story/text.h
//
// Contents as a story shows them: long texts cut, and marked where they are. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

// One piece of content as it was loaded.
struct StoryPiece {
  std::string_view text;  // Its beginning, when `bytes` is larger.
  uint64_t bytes = 0;
  std::string_view missing;  // Not empty: the hash (hex) of a payload that the store has not.

  bool whole() const { return missing.empty() && text.size() == bytes; }
};

// `text` as a JSON string; or, longer than `bytes_max` (or known by its beginning only), as
//   {"cut":true,"bytes":N,"text":"the beginning"}
std::string CutText(std::string_view text, uint64_t bytes, size_t bytes_max);

// A message (normalize/messages.h) as JSON; its long texts and values are cut. {"missing_payload":
// "hash"} for one that is not there.
std::string MessageJson(const StoryPiece& piece, size_t bytes_max);

// A tool's argument or result: JSON as JSON, else text; cut as a text when long.
std::string ValueJson(const StoryPiece& piece, size_t bytes_max);

struct ToolCallPart {
  std::string id;
  std::string name;
  std::string arguments;  // JSON; "" when there are none.
};

// What a model answered.
struct Answer {
  std::vector<std::string> texts;
  std::vector<std::string> reasoning;
  std::vector<ToolCallPart> calls;
  bool any = false;  // There was an answer to read.
};
void ReadAnswer(const StoryPiece& piece, Answer& answer);

}  // namespace pitot
