#include "query/filter/lexer.h"

#include <algorithm>

namespace pitot {
namespace {

constexpr size_t kShownBytes = 60;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool Continues(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// Bytes of the valid UTF-8 character at the front of `text`; 0 when there is none.
size_t CharacterBytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if (!Continues(text[i])) return 0;
  }
  const bool overlong_or_beyond =
      (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) >= 0xA0) ||
      (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90);
  return overlong_or_beyond ? 0 : bytes;
}

absl::Status CheckCharacters(const FilterText& text) {
  const std::string_view all = text.view();
  for (size_t at = 0; at < all.size();) {
    const size_t bytes = CharacterBytes(all.substr(at));
    if (bytes == 0) return text.Error(at, "this is not UTF-8");
    if (all[at] == '\0') return text.Error(at, "a NUL character");
    at += bytes;
  }
  return absl::OkStatus();
}

// What a backslash and `c` mean; 0: both stand for themselves, so that "\d" needs no doubling.
char Unescape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    default:
      return 0;
  }
}

class Lexer {
 public:
  explicit Lexer(const FilterText& text) : source_(text), text_(text.view()) {}

  absl::StatusOr<std::vector<FilterToken>> Run() {
    RETURN_IF_ERROR(CheckCharacters(source_));
    while (true) {
      while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
      FilterToken token;
      token.begin = at_;
      if (at_ < text_.size()) RETURN_IF_ERROR(Next(token));
      token.written = text_.substr(token.begin, at_ - token.begin);
      if (token.kind != TokenKind::kQuoted) token.text = token.written;
      tokens_.push_back(std::move(token));
      if (tokens_.back().kind == TokenKind::kEnd) return std::move(tokens_);
    }
  }

 private:
  absl::Status Next(FilterToken& token) {
    const char c = text_[at_];
    if (IsWordByte(c)) {
      token.kind = TokenKind::kWord;
      while (at_ < text_.size() && IsWordByte(text_[at_])) ++at_;
      return absl::OkStatus();
    }
    if (c == '"') return Quoted(token);
    if (c == '(' || c == ')' || c == ',') {
      token.kind = c == '(' ? TokenKind::kOpen : c == ')' ? TokenKind::kClose : TokenKind::kComma;
      ++at_;
      return absl::OkStatus();
    }
    return Operator(token);
  }

  absl::Status Quoted(FilterToken& token) {
    token.kind = TokenKind::kQuoted;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      const char meant =
          text_[at_] == '\\' && at_ + 1 < text_.size() ? Unescape(text_[at_ + 1]) : '\0';
      if (meant != 0) ++at_;
      token.text += meant != 0 ? meant : text_[at_];
    }
    if (at_ == text_.size()) return source_.Error(token.begin, "this quote is not closed");
    ++at_;
    return absl::OkStatus();
  }

  absl::Status Operator(FilterToken& token) {
    token.kind = TokenKind::kOperator;
    const std::string_view rest = text_.substr(at_);
    for (const std::string_view op : {"!=", "!~", ">=", "<=", "=", ">", "<", "~"}) {
      if (!rest.starts_with(op)) continue;
      at_ += op.size();
      if (at_ < text_.size() && std::string_view("=~<>!").find(text_[at_]) != rest.npos) {
        return source_.Error(token.begin, "no operator \"{}{}\"; there are = != > >= < <= ~ !~", op,
                             text_[at_]);
      }
      return absl::OkStatus();
    }
    if (rest.front() == '\'') return source_.Error(at_, "texts stand in double quotes: \"...\"");
    if (rest.front() == '!') return source_.Error(at_, "\"!\" alone; write NOT");
    if (rest.front() == '&') return source_.Error(at_, "no operator \"&\"; write AND");
    if (rest.front() == '|') return source_.Error(at_, "no operator \"|\"; write OR");
    return source_.Error(at_, "unexpected \"{}\"; texts with such characters stand in quotes",
                         rest.substr(0, CharacterBytes(rest)));
  }

  const FilterText& source_;
  const std::string_view text_;
  size_t at_ = 0;
  std::vector<FilterToken> tokens_;
};

}  // namespace

size_t FilterText::Position(size_t at_byte) const {
  const std::string_view before = text_.substr(0, at_byte);
  return 1 +
         static_cast<size_t>(std::ranges::count_if(before, [](char c) { return !Continues(c); }));
}

absl::StatusOr<std::vector<FilterToken>> LexFilter(const FilterText& text) {
  return Lexer(text).Run();
}

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.:/*@-").find(c) != std::string_view::npos;
}

std::string Shortened(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  size_t end = kShownBytes;
  while (end > 0 && Continues(text[end])) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string QuoteFilterText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
        quoted += '\\';
        quoted += c;
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\t':
        quoted += "\\t";
        break;
      case '\r':
        quoted += "\\r";
        break;
      default:
        quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace pitot
