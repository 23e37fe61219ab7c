// measure/glob.h
//
// Patterns in which '*' stands for any run of characters; everything else for itself. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

// Linear in the text for each '*'.
inline bool MatchesGlob(std::string_view glob, std::string_view text) {
  size_t g = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;  // The last '*', and how much it stands for so far.
  size_t from = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      from = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

inline bool MatchesAnyGlob(const std::vector<std::string>& globs, std::string_view text) {
  for (const std::string& glob : globs) {
    if (MatchesGlob(glob, text)) return true;
  }
  return false;
}

}  // namespace pitot
