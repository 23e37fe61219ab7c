// http/sse.h
//
// Server-sent events, both ways: text/event-stream as the WHATWG HTML standard defines it ("Server-sent
// events", parsing and interpretation). Pure; no I/O.
#pragma once

#include <absl/status/status.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

struct SseEvent {
  std::string event;  // "message" when the stream names none.
  std::string data;   // Lines joined by '\n'.
  std::string id;     // The last id seen on the stream, also of an event before.
  bool operator==(const SseEvent&) const = default;
};

// Appends one event. `event` and `id` may be empty: the field is left out. They hold no line breaks
// (those are dropped); `data` may: each of its lines becomes a field.
void AppendSseEvent(std::string_view event, std::string_view id, std::string_view data,
                    std::string& out);

// Appends a comment, which receivers ignore: it keeps a connection alive.
void AppendSseComment(std::string_view text, std::string& out);

// Takes a stream apart, cut anywhere. Thread-safety: none.
class SseParser {
 public:
  // A line, or the data of an event, may have this many bytes.
  explicit SseParser(size_t event_bytes_max = 1 << 20) : event_bytes_max_(event_bytes_max) {}

  // Appends the events that `bytes` completes. kOutOfRange: an event is over the limit; the parser is
  // of no more use.
  absl::Status Put(std::string_view bytes, std::vector<SseEvent>& out);

  // Milliseconds a receiver should wait before it connects again, as the stream asked; -1: it did not.
  int64_t retry_ms() const { return retry_ms_; }

 private:
  void TakeLine(std::string_view line, std::vector<SseEvent>& out);
  void TakeField(std::string_view name, std::string_view value);

  const size_t event_bytes_max_;
  std::string line_;
  std::string event_;
  std::string data_;
  std::string id_;
  int64_t retry_ms_ = -1;
  bool has_data_ = false;
  bool first_line_ = true;  // A byte order mark may stand before it.
  bool after_cr_ = false;   // The next '\n' belongs to that line end.
};

}  // namespace pitot
