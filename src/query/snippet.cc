#include "query/snippet.h"

#include <algorithm>

namespace pitot {
namespace {

constexpr size_t kBytesBefore = 80;
constexpr size_t kBytesAfter = 160;
constexpr size_t kHighlightsMax = 20;

bool Continues(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

size_t Characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return !Continues(c); }));
}

std::string WithoutEscapes(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    const char meant = next == 'n' || next == 'r'    ? '\n'
                       : next == 't'                 ? '\t'
                       : next == '"' || next == '\\' ? next
                                                     : '\0';
    plain += meant != '\0' ? meant : text[i];
    i += meant != '\0';
  }
  return plain;
}

size_t CutBefore(std::string_view text, size_t match) {
  size_t at = match > kBytesBefore ? match - kBytesBefore : 0;
  while (at < match && Continues(text[at])) ++at;
  const size_t blank = text.substr(at, match - at).find(' ');
  return at > 0 && blank != text.npos && blank < kBytesBefore / 2 ? at + blank + 1 : at;
}

size_t CutAfter(std::string_view text, size_t match_end) {
  size_t at = std::min(text.size(), match_end + kBytesAfter);
  while (at < text.size() && at > match_end && Continues(text[at])) --at;
  return at;
}

}  // namespace

Snippet MakeSnippet(std::string_view text, const re2::RE2& regex) {
  const bool json = text.starts_with('{') || text.starts_with('[');
  const std::string plain = json ? WithoutEscapes(text) : std::string(text);
  const re2::StringPiece all(plain);
  re2::StringPiece groups[2];
  Snippet snippet;
  if (!regex.Match(all, 0, all.size(), re2::RE2::UNANCHORED, groups, 2)) return snippet;
  const auto begin = static_cast<size_t>(groups[1].data() - all.data());
  const size_t from = CutBefore(plain, begin);
  const size_t to = CutAfter(plain, begin + groups[1].size());
  const auto characters = [&](size_t at) {
    return Characters(std::string_view(plain).substr(from, at - from));
  };
  size_t at = begin;
  size_t end = begin + groups[1].size();
  while (end <= to && end > at && snippet.highlights.size() < kHighlightsMax) {
    snippet.highlights.emplace_back(characters(at), characters(end));
    if (!regex.Match(all, end, all.size(), re2::RE2::UNANCHORED, groups, 2)) break;
    at = static_cast<size_t>(groups[1].data() - all.data());
    end = at + groups[1].size();
  }
  snippet.text = plain.substr(from, to - from);
  return snippet;
}

}  // namespace pitot
