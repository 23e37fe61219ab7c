// query/filter/lexer.h
//
// Takes the text of a filter apart into words, quoted texts, operators and brackets.
#pragma once

#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace pitot {

enum class TokenKind : uint8_t { kEnd, kWord, kQuoted, kOperator, kOpen, kClose, kComma };

struct FilterToken {
  TokenKind kind = TokenKind::kEnd;
  std::string text;          // A quoted text without quotes and escapes.
  std::string_view written;  // As it stands in the filter.
  size_t begin = 0;          // In bytes.
};

// Errors carry a position in characters, from 1.
class FilterText {
 public:
  explicit FilterText(std::string_view text) : text_(text) {}

  std::string_view view() const { return text_; }

  template <typename... Args>
  absl::Status Error(size_t at_byte, fmt::format_string<Args...> format, Args&&... args) const {
    return InvalidArgument("q, position {}: {}", Position(at_byte),
                           fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  size_t Position(size_t at_byte) const;

  std::string_view text_;
};

// All tokens, the last one kEnd. kInvalidArgument for what is no token.
absl::StatusOr<std::vector<FilterToken>> LexFilter(const FilterText& text);

bool IsWordByte(char c);

// Of what may be long: its beginning, for messages.
std::string Shortened(std::string_view text);

// Quotes and escapes, so that LexFilter reads `text` again.
std::string QuoteFilterText(std::string_view text);

}  // namespace pitot
