#include "wire/include_usage.h"

#include "wire/json_read.h"
#include "wire/sse_splitter.h"

namespace pitot {
namespace {

// An event is held until it is whole; the one this is about has some hundred bytes.
constexpr size_t kHeldBytesMax = 64 << 10;

// True for the data of an event that says what was used and nothing else.
bool IsUsageAlone(std::string_view data) {
  bool no_choices = false;
  bool has_usage = false;
  bool has_more = false;
  const bool read = VisitObject(data, [&](std::string_view key, std::string_view value) {
    if (key == "choices") {
      JsonCursor cursor(value);
      no_choices = cursor.Take('[') && cursor.Take(']');
    } else if (key == "usage") {
      has_usage = IsObject(value);
    } else if (key == "moderation" || key == "error") {
      has_more |= !IsNull(value);
    }
  });
  return read && no_choices && has_usage && !has_more;
}

// The data of one whole event; empty when it has none, or has more than data. `joined` holds it where
// it came over several lines.
std::string_view DataOf(std::string_view event, std::string& joined) {
  std::string_view data;
  bool several = false;
  while (!event.empty()) {
    const size_t end = LineEnd(event);
    std::string_view line = event.substr(0, end);
    event.remove_prefix(end == std::string_view::npos ? event.size() : end + 1);
    constexpr std::string_view kField = "data:";
    if (line.starts_with(':')) return {};  // A comment is for the client to see.
    if (!line.starts_with(kField)) continue;
    line.remove_prefix(kField.size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (!data.empty()) {
      if (!several) joined = data;
      several = true;
      joined += '\n';
      joined += line;
    } else {
      data = line;
    }
  }
  return several ? joined : data;
}

bool IsToBeTakenOut(std::string_view event) {
  // Of a long stream nearly every event is text.
  if (event.find("\"usage\"") == std::string_view::npos) return false;
  std::string joined;
  return IsUsageAlone(DataOf(event, joined));
}

}  // namespace

std::optional<std::string> AskForUsage(std::string_view body) {
  std::string_view stream;
  std::string_view options;
  const bool read = VisitObject(body, [&](std::string_view key, std::string_view value) {
    if (key == "stream") stream = value;
    if (key == "stream_options") options = value;
  });
  if (!read || stream != "true") return std::nullopt;
  const auto offset = [&](std::string_view part) {
    return static_cast<size_t>(part.data() - body.data());
  };

  std::string out;
  out.reserve(body.size() + 64);
  out = body;
  if (options.empty()) {
    out.insert(body.find('{') + 1, R"("stream_options":{"include_usage":true},)");
    return out;
  }
  std::string_view asked;
  bool empty = true;
  const bool is_object = VisitObject(options, [&](std::string_view key, std::string_view value) {
    empty = false;
    if (key == "include_usage") asked = value;
  });
  if (!is_object) {
    out.replace(offset(options), options.size(), R"({"include_usage":true})");
  } else if (asked.empty()) {
    out.insert(offset(options) + 1, empty ? R"("include_usage":true)" : R"("include_usage":true,)");
  } else if (asked == "true") {
    return std::nullopt;
  } else {
    out.replace(offset(asked), asked.size(), "true");
  }
  return out;
}

void UsageEventFilter::Put(std::string_view bytes, std::string& out) {
  held_ += bytes;
  size_t begin = 0;
  while (true) {
    const size_t end = EventEnd(begin);
    if (end == std::string::npos) break;
    const std::string_view event = std::string_view(held_).substr(begin, end - begin);
    if (pass_ || !IsToBeTakenOut(event)) out += event;
    pass_ = false;
    begin = scanned_ = end;
  }
  held_.erase(0, begin);
  scanned_ -= begin;
  if (held_.size() > kHeldBytesMax || pass_) {
    // The end of a line stays: whether it ends the event the next byte tells.
    pass_ = true;
    size_t keep = held_.size();
    while (keep > 0 && (held_[keep - 1] == '\n' || held_[keep - 1] == '\r')) --keep;
    out.append(held_, 0, keep);
    held_.erase(0, keep);
    scanned_ = 0;
  }
}

// What follows the empty line that ends the event at `begin`; npos: it has not come. An event that ends
// in a CR may still be given an LF, which then begins the next one and changes nothing.
size_t UsageEventFilter::EventEnd(size_t begin) {
  size_t at = scanned_ < begin ? begin : scanned_;
  while (true) {
    const size_t line = LineEnd(std::string_view(held_).substr(at));
    at = line == std::string::npos ? line : at + line;
    if (at == std::string::npos) break;
    // A line ends at `at`; is the next one empty?
    size_t next = at + 1;
    if (held_[at] == '\r') {
      if (next == held_.size()) break;
      if (held_[next] == '\n') ++next;
    }
    if (next >= held_.size()) break;
    if (held_[next] == '\n') return next + 1;
    if (held_[next] == '\r') {
      if (next + 1 == held_.size()) break;
      return held_[next + 1] == '\n' ? next + 2 : next + 1;
    }
    at = next;
  }
  scanned_ = at == std::string::npos ? held_.size() : at;
  return std::string::npos;
}

void UsageEventFilter::Finish(std::string& out) {
  // An event without its empty line is one all the same.
  if (pass_ || !IsToBeTakenOut(held_)) out += held_;
  held_.clear();
  scanned_ = 0;
  pass_ = false;
}

}  // namespace pitot
