// base/embedded_text.h
//
// A text file compiled into the program; see cmake/PitotEmbed.cmake.
#pragma once

#include <string_view>

namespace pitot {

struct EmbeddedText {
  std::string_view name;  // "001_spans.sql"
  std::string_view text;
};

}  // namespace pitot
