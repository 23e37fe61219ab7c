#include "wire/include_usage.h"

#include "wire/json_read.h"

namespace pitot {
namespace {

// An event is held until it is whole; the one this is about has some hundred bytes.
constexpr size_t kHeldBytesMax = 64 << 10;

// Where in the body something stands.
struct Place {
  size_t begin = 0;
  size_t end = 0;
};

// Where the value of member `key` of the object stands, the last one; begin 0: nowhere. Sets `open` to
// what follows the opening brace, and `empty`.
Place Find(std::string_view body, std::string_view object, std::string_view key, size_t* open,
           bool* empty) {
  Place place;
  *empty = true;
  const auto offset = [&](const char* p) { return static_cast<size_t>(p - body.data()); };
  VisitObject(object, [&](std::string_view name, std::string_view value) {
    *empty = false;
    if (name == key) place = {offset(value.data()), offset(value.data() + value.size())};
  });
  *open = offset(object.data() + object.find('{') + 1);
  return place;
}

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

// The data of one whole event, its lines joined; empty when it has none, or has more than data.
std::string DataOf(std::string_view event) {
  std::string data;
  while (!event.empty()) {
    const size_t end = event.find_first_of("\r\n");
    std::string_view line = event.substr(0, end);
    event.remove_prefix(end == std::string_view::npos ? event.size() : end + 1);
    constexpr std::string_view kField = "data:";
    if (line.empty()) continue;
    if (line.starts_with(':')) return {};  // A comment is for the client to see.
    if (!line.starts_with(kField)) continue;
    line.remove_prefix(kField.size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (!data.empty()) data += '\n';
    data += line;
  }
  return data;
}

}  // namespace

std::optional<std::string> AskForUsage(std::string_view body) {
  JsonCursor check(body, kWireDepthMax);
  if (check.Peek() != '{' || !check.Skip() || !check.AtEnd()) return std::nullopt;
  size_t open = 0;
  bool empty = false;
  const Place stream = Find(body, body, "stream", &open, &empty);
  if (body.substr(stream.begin, stream.end - stream.begin) != "true") return std::nullopt;

  std::string out(body);
  const Place options = Find(body, body, "stream_options", &open, &empty);
  const std::string_view object = body.substr(options.begin, options.end - options.begin);
  if (options.begin == 0) {
    out.insert(open, R"("stream_options":{"include_usage":true},)");
  } else if (!IsObject(object)) {
    out.replace(options.begin, object.size(), R"({"include_usage":true})");
  } else {
    const Place value = Find(body, object, "include_usage", &open, &empty);
    if (value.begin == 0) {
      out.insert(open, empty ? R"("include_usage":true)" : R"("include_usage":true,)");
    } else if (body.substr(value.begin, value.end - value.begin) == "true") {
      return std::nullopt;
    } else {
      out.replace(value.begin, value.end - value.begin, "true");
    }
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
    if (pass_ || !IsUsageAlone(DataOf(event))) out += event;
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
  while ((at = held_.find_first_of("\r\n", at)) != std::string::npos) {
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
  if (pass_ || !IsUsageAlone(DataOf(held_))) out += held_;
  held_.clear();
  scanned_ = 0;
  pass_ = false;
}

}  // namespace pitot
