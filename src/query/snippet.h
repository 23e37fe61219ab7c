// query/snippet.h
//
// The part of a text around what was searched for.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pitot {

struct Snippet {
  std::string text;                                   // Valid UTF-8 when the text was.
  std::vector<std::pair<size_t, size_t>> highlights;  // [from, to) in characters.
  bool found() const { return !highlights.empty(); }
};

// The first match of `regex`'s first group with some text around it, cut between characters and, if
// one is near, between words; further matches in that part are highlighted too. Escapes of JSON
// (\n, \") are shown as what they mean.
Snippet MakeSnippet(std::string_view text, const re2::RE2& regex);

}  // namespace pitot
