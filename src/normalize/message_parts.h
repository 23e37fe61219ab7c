// normalize/message_parts.h
//
// Tables: how the sources call the parts of a message, and how canonical parts do.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace pitot {

// A field of a canonical part: its name and the names it has in the sources, first present wins.
struct PartField {
  std::string_view name;
  std::array<std::string_view, 7> from;
  bool unwrap = false;  // JSON inside a string is taken out of it.
};
struct PartRow {
  std::array<std::string_view, 7> types;  // As the sources call the part.
  std::string_view type;
  std::array<PartField, 4> fields;
};

// The row that reads parts of `type`; null: they stay as they came.
const PartRow* FindPart(std::string_view type);

// Parts that are told by the name of their one member instead of a type: Bedrock, Gemini, OpenAI.
struct WrapperRow {
  std::string_view member;
  std::string_view type;  // The row that reads what is inside.
};
std::span<const WrapperRow> PartWrappers();

}  // namespace pitot
