#include "http/sse.h"

#include <algorithm>

#include "base/status.h"

namespace pitot {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kRetryDigitsMax = 9;

void AppendField(std::string_view name, std::string_view value, std::string& out) {
  out += name;
  out += ": ";
  for (const char c : value) {
    if (c != '\n' && c != '\r') out += c;
  }
  out += '\n';
}

}  // namespace

void AppendSseEvent(std::string_view event, std::string_view id, std::string_view data,
                    std::string& out) {
  if (!id.empty()) AppendField("id", id, out);
  if (!event.empty()) AppendField("event", event, out);
  for (;;) {
    const size_t end = data.find_first_of("\r\n");
    AppendField("data", data.substr(0, end), out);
    if (end == std::string_view::npos) break;
    data.remove_prefix(data.substr(end, 2) == "\r\n" ? end + 2 : end + 1);
  }
  out += '\n';
}

void AppendSseComment(std::string_view text, std::string& out) {
  AppendField("", text, out);
  out += '\n';
}

absl::Status SseParser::Put(std::string_view bytes, std::vector<SseEvent>& out) {
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes[0] == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const size_t end = bytes.find_first_of("\r\n");
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + piece.size() + data_.size() > event_bytes_max_) {
      return Error(absl::StatusCode::kOutOfRange, "an event of the stream is over {} bytes",
                   event_bytes_max_);
    }
    if (end == std::string_view::npos) {
      line_ += piece;
      return absl::OkStatus();
    }
    if (line_.empty()) {
      TakeLine(piece, out);
    } else {
      line_ += piece;
      TakeLine(line_, out);
      line_.clear();
    }
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
  }
  return absl::OkStatus();
}

void SseParser::TakeLine(std::string_view line, std::vector<SseEvent>& out) {
  if (first_line_) {
    first_line_ = false;
    if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) {
    if (has_data_) out.push_back({event_.empty() ? "message" : event_, data_, id_});
    event_.clear();
    data_.clear();
    has_data_ = false;
    return;
  }
  const size_t colon = line.find(':');
  if (colon == 0) return;  // A comment.
  std::string_view value;
  if (colon != std::string_view::npos) {
    value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
  }
  TakeField(line.substr(0, colon), value);
}

void SseParser::TakeField(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (name == "event") {
    event_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    const bool digits = !value.empty() && value.size() <= kRetryDigitsMax &&
                        std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
    if (digits) retry_ms_ = std::stoll(std::string(value));
  }
}

}  // namespace pitot
