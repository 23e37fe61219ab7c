#include "store/engine/exception_scanner.h"

#include <algorithm>

namespace pitot {
namespace {

// Servers cut their messages at 16 KiB.
constexpr size_t kMessageBytesMax = 64 << 10;

// How much at the end of `text` is the beginning of `mark`.
size_t BeginningAtEnd(std::string_view text, std::string_view mark) {
  for (size_t n = std::min(text.size(), mark.size() - 1); n > 0; --n) {
    if (text.ends_with(mark.substr(0, n))) return n;
  }
  return 0;
}

}  // namespace

ExceptionScanner::ExceptionScanner(std::string_view tag) : tag_(tag) {
  if (!tag.empty()) mark_ = std::string("\r\n__exception__\r\n").append(tag).append("\r\n");
}

std::string_view ExceptionScanner::Put(std::string_view piece) {
  if (found_) {
    held_ += piece.substr(0, kMessageBytesMax - std::min(kMessageBytesMax, held_.size()));
    return {};
  }
  if (mark_.empty()) return piece;
  const bool is_whole = held_.empty();
  if (!is_whole) {
    ready_ = std::move(held_);
    ready_ += piece;
    piece = ready_;
  }
  if (const size_t at = piece.find(mark_); at != std::string_view::npos) {
    found_ = true;
    held_ = piece.substr(at + mark_.size());
    return piece.substr(0, at);
  }
  const size_t kept = BeginningAtEnd(piece, mark_);
  held_ = piece.substr(piece.size() - kept);
  return piece.substr(0, piece.size() - kept);
}

std::string_view ExceptionScanner::message() const {
  if (!found_) return {};
  std::string_view text = held_;
  // Before its length, the tag and the mark again.
  if (const size_t at = text.rfind(" " + tag_ + "\r\n"); at != std::string_view::npos) {
    text = text.substr(0, at);
    text = text.substr(0, text.rfind('\n'));
  }
  return text;
}

}  // namespace pitot
