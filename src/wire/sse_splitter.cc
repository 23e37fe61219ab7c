#include "wire/sse_splitter.h"

#include <algorithm>

namespace pitot {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kFieldBytes = 8;  // Enough of a dropped line to tell its field.

}  // namespace

bool SseSplitter::TakeLine(std::string_view& bytes) {
  if (after_cr_) {
    after_cr_ = false;
    if (bytes[0] == '\n') {
      bytes.remove_prefix(1);
      return false;
    }
  }
  const size_t end = LineEnd(bytes);
  const std::string_view piece = bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end);
  if (end == std::string_view::npos) {
    line_ += piece;
    if (line_.size() > event_bytes_max_) {
      Drop();
      line_.resize(std::min(kFieldBytes, event_bytes_max_));
    }
    return false;
  }
  after_cr_ = bytes[0] == '\r';
  bytes.remove_prefix(1);
  if (!line_.empty()) {
    line_ += piece;
    EndLine();
    return false;
  }
  if (piece.empty() || (first_line_ && piece == kByteOrderMark)) {
    first_line_ = false;
    return true;
  }
  ReadLine(piece);
  return false;
}

void SseSplitter::EndLine() {
  if (line_.empty()) return;
  ReadLine(line_);
  line_.clear();
}

void SseSplitter::ReadLine(std::string_view line) {
  if (first_line_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  first_line_ = false;
  if (line.size() > event_bytes_max_) Drop();
  const size_t colon = line.find(':');
  if (colon == 0) return;  // A comment.
  std::string_view value;
  if (colon != std::string_view::npos) {
    value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
  }
  const std::string_view name = line.substr(0, colon);
  if (name == "data") {
    if (has_data_) data_ += '\n';
    has_data_ = true;
    if (data_.size() + value.size() > event_bytes_max_) Drop();
    if (!oversized_) data_ += value;
  } else if (name == "event") {
    event_ = value;
  }
}

void SseSplitter::Drop() {
  oversized_ = cut_ = true;
  data_.clear();
  data_.shrink_to_fit();
}

}  // namespace pitot
