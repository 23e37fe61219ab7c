// price/match.h
//
// How the catalogue recognises a model or a provider: words compared with its lower-case name. No
// regular expressions: a name comes from strangers, and every form here costs at most
// O(words * name length).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/kinds.h"

namespace pitot {

// Holds when a word of any list fits the text, when every member of `all` holds, or when
// `negated` is set and does not hold. Words are lower case. Immutable once built: any thread.
struct NameMatch {
  std::vector<std::string> equals;
  std::vector<std::string> starts_with;
  std::vector<std::string> ends_with;
  std::vector<std::string> contains;
  std::vector<std::string> patterns;  // '#': one decimal digit. A final '*': anything.
  std::vector<NameMatch> all;
  std::unique_ptr<NameMatch> negated;
};

// kNone: the match does not hold. kExact: the text is one the rule names: equal to a word, or a
// word followed by nothing but a version (see VersionlessSize). kPrefix: it only resembles one, as
// "claude-sonnet-5-5" resembles "claude-sonnet-5", and may well have another price.
// REQUIRES: `text` is lower case.
PriceConfidence Match(const NameMatch& match, std::string_view text);

// Size of `text` without the version at its end: any of -20250929, -2024-08-06, @20250929,
// -latest, @latest, @default, -001, -v1, :0, repeated. Providers price the versions of a model
// alike; where they do not, the catalogue has an entry for each.
size_t VersionlessSize(std::string_view text);

// '*' is any run of characters, everything else itself, without regard to ASCII case.
bool GlobMatches(std::string_view glob, std::string_view text);

std::string LowerCase(std::string_view text);

}  // namespace pitot
