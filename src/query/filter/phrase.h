// query/filter/phrase.h
//
// Full text: what it means that a text contains some words, as a regular expression, so that the
// engine and the program agree.
//
// Letters match in either case. A run of blanks matches any run of blanks and line breaks. A letter
// or digit of ASCII at either end must be the end of a word: "fund" does not match "refunds". Contents
// are stored as JSON: a line break there is \n and a quote is \", which match too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pitot {

struct Phrase {
  std::string pattern;   // RE2.
  std::string captured;  // The same; its first group is what was meant, without the ends of words.
  // FilterNode::tokens.
  std::vector<std::vector<std::string>> tokens;
};
Phrase MakePhrase(std::string_view words);

}  // namespace pitot
