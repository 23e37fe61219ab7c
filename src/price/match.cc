#include "price/match.h"

#include <algorithm>

namespace pitot {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Does `text` end with `shape`, in which '#' is a digit?
bool EndsWithShape(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  text.remove_prefix(text.size() - shape.size());
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == '#' ? !IsDigit(text[i]) : shape[i] != text[i]) return false;
  }
  return true;
}

// Size of the trailing "-v12" or ":0", or 0.
size_t NumberedSuffix(std::string_view text, std::string_view lead) {
  size_t digits = 0;
  while (digits < text.size() && IsDigit(text[text.size() - 1 - digits])) ++digits;
  if (digits == 0 || digits > 3) return 0;
  return text.substr(0, text.size() - digits).ends_with(lead) ? digits + lead.size() : 0;
}

size_t VersionSuffix(std::string_view text) {
  constexpr std::string_view kShapes[] = {"-####-##-##", "-########", "@########", "-latest",
                                          "@latest",     "@default",  "-00#"};
  for (const std::string_view shape : kShapes) {
    if (EndsWithShape(text, shape)) return shape.size();
  }
  if (const size_t size = NumberedSuffix(text, ":")) return size;
  return NumberedSuffix(text, "-v");
}

bool PatternMatches(std::string_view pattern, std::string_view text) {
  const bool open = pattern.ends_with('*');
  if (open) pattern.remove_suffix(1);
  if (open ? text.size() < pattern.size() : text.size() != pattern.size()) return false;
  return EndsWithShape(text.substr(0, pattern.size()), pattern);
}

// A word found in the middle counts as the model's name only after a separator ("eu.anthropic.x").
bool StartsName(std::string_view text, size_t at) {
  return at == 0 || std::string_view("/.:@").find(text[at - 1]) != std::string_view::npos ||
         std::string_view("/.:@").find(text[at]) != std::string_view::npos;
}

PriceConfidence MatchWords(const NameMatch& match, std::string_view text) {
  if (std::ranges::find(match.equals, text) != match.equals.end()) return PriceConfidence::kExact;
  PriceConfidence best = PriceConfidence::kNone;
  const auto found = [&](bool names_it) {
    if (best != PriceConfidence::kExact) {
      best = names_it ? PriceConfidence::kExact : PriceConfidence::kPrefix;
    }
  };
  for (const std::string& word : match.starts_with) {
    if (text.starts_with(word)) found(word.size() >= VersionlessSize(text));
  }
  for (const std::string& word : match.ends_with) {
    if (text.ends_with(word)) found(StartsName(text, text.size() - word.size()));
  }
  for (const std::string& word : match.contains) {
    const size_t at = text.find(word);
    if (at == std::string_view::npos) continue;
    found(StartsName(text, at) && at + word.size() >= VersionlessSize(text));
  }
  for (const std::string& pattern : match.patterns) {
    if (PatternMatches(pattern, text)) found(!pattern.ends_with('*'));
  }
  return best;
}

}  // namespace

PriceConfidence Match(const NameMatch& match, std::string_view text) {
  PriceConfidence best = MatchWords(match, text);
  if (best == PriceConfidence::kExact) return best;
  if (!match.all.empty()) {
    PriceConfidence every = PriceConfidence::kPrefix;
    for (const NameMatch& child : match.all) {
      const PriceConfidence one = Match(child, text);
      if (one == PriceConfidence::kNone) {
        every = PriceConfidence::kNone;
        break;
      }
      if (one == PriceConfidence::kExact) every = one;
    }
    if (every != PriceConfidence::kNone) best = every;
  }
  if (best == PriceConfidence::kNone && match.negated != nullptr &&
      Match(*match.negated, text) == PriceConfidence::kNone) {
    best = PriceConfidence::kPrefix;
  }
  return best;
}

size_t VersionlessSize(std::string_view text) {
  while (const size_t suffix = VersionSuffix(text)) text.remove_suffix(suffix);
  return text.size();
}

bool GlobMatches(std::string_view glob, std::string_view text) {
  size_t g = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;  // The last '*' seen, and where its run ends so far.
  size_t run_end = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      run_end = t;
    } else if (g < glob.size() && Lower(glob[g]) == Lower(text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++run_end;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), Lower);
  return out;
}

}  // namespace pitot
