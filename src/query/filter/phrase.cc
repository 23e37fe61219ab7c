#include "query/filter/phrase.h"

#include <algorithm>

namespace pitot {
namespace {

// Posting lists read for one phrase: the longest words tell most.
constexpr size_t kTokensMax = 6;

bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsAscii(char c) { return static_cast<uint8_t>(c) < 0x80; }
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
// As splitByNonAlpha, the tokenizer of the text index, sees it.
bool IsTokenByte(char c) { return IsAlnum(c) || !IsAscii(c); }

void AppendLiteral(char c, std::string& pattern) {
  switch (c) {
    case '"':
      pattern += "\\\\*\"";  // Escaped as often as JSON stands within JSON.
      return;
    case '\\':
      pattern += "\\\\+";
      return;
    // Case folding of Unicode adds signs to these two that the index does not know by these letters.
    case 'k':
    case 'K':
      pattern += "(?-i:[kK])";
      return;
    case 's':
    case 'S':
      pattern += "(?-i:[sS])";
      return;
    default:
      if (IsAscii(c) && !IsAlnum(c) && c != '_') pattern += '\\';
      pattern += c;
  }
}

std::string Body(std::string_view words) {
  std::string pattern;
  for (size_t at = 0; at < words.size();) {
    if (!IsBlank(words[at])) {
      AppendLiteral(words[at++], pattern);
      continue;
    }
    while (at < words.size() && IsBlank(words[at])) ++at;
    pattern += R"((?:[\t-\r ]|\\+[ntr])+)";
  }
  return pattern;
}

// A word may be the first of its line, which JSON writes as \nword: to the index that is "nword".
std::vector<std::string> Spellings(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return {lower, 'n' + lower, 't' + lower, 'r' + lower};
}

// Words whose letters are all ASCII: those of others have a case that the index does not fold.
std::vector<std::vector<std::string>> Tokens(std::string_view words) {
  std::vector<std::string_view> found;
  for (size_t at = 0; at < words.size();) {
    const size_t begin = at;
    while (at < words.size() && IsTokenByte(words[at])) ++at;
    const std::string_view word = words.substr(begin, at - begin);
    if (!word.empty() && std::ranges::all_of(word, IsAscii)) found.push_back(word);
    if (word.empty()) ++at;
  }
  std::ranges::stable_sort(found, std::ranges::greater{}, &std::string_view::size);
  if (found.size() > kTokensMax) found.resize(kTokensMax);
  std::vector<std::vector<std::string>> tokens;
  for (const std::string_view word : found) tokens.push_back(Spellings(word));
  return tokens;
}

}  // namespace

Phrase MakePhrase(std::string_view words) {
  while (!words.empty() && IsBlank(words.front())) words.remove_prefix(1);
  while (!words.empty() && IsBlank(words.back())) words.remove_suffix(1);
  constexpr std::string_view kBefore = R"((?:^|[^0-9A-Za-z\x{80}-\x{10FFFF}]|\\[ntr]))";
  constexpr std::string_view kAfter = R"((?:$|[^0-9A-Za-z\x{80}-\x{10FFFF}]))";
  const bool begins = !words.empty() && IsAlnum(words.front());
  const bool ends = !words.empty() && IsAlnum(words.back());
  const auto whole = [&, body = Body(words)](std::string_view open) {
    std::string pattern = "(?i)";
    if (begins) pattern += kBefore;
    pattern += open;
    pattern += body;
    pattern += ')';
    if (ends) pattern += kAfter;
    return pattern;
  };
  Phrase phrase;
  phrase.pattern = whole("(?:");
  phrase.captured = whole("(");
  phrase.tokens = Tokens(words);
  return phrase;
}

}  // namespace pitot
