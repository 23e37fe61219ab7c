// wire/sse_splitter.h
//
// Takes a stream of server-sent events apart, cut anywhere: LF, CRLF and CR, data over several lines,
// comments, events without a name. Unlike a browser it also gives what stands before the end of the
// stream without an empty line: some servers end so, and that event may hold the usage. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pitot {

// Where the first line ends; npos: not in `bytes`.
inline size_t LineEnd(std::string_view bytes) {
  const size_t feed = bytes.find('\n');
  const size_t carriage = bytes.substr(0, feed).find('\r');
  return carriage != std::string_view::npos ? carriage : feed;
}

class SseSplitter {
 public:
  // Data of an event beyond `event_bytes_max` is dropped, with the event.
  explicit SseSplitter(size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

  // Calls `take(event, data)` for each event that `bytes` completes; `event` is empty when the stream
  // names none. The views hold during the call.
  template <typename Take>
  void Put(std::string_view bytes, Take take) {
    while (!bytes.empty()) {
      if (TakeLine(bytes)) Give(take);
    }
  }
  // The stream has ended.
  template <typename Take>
  void Finish(Take take) {
    EndLine();
    Give(take);
  }

  // An event was too large and dropped.
  bool cut() const { return cut_; }

 private:
  template <typename Take>
  void Give(Take& take) {
    if (has_data_ && !oversized_) take(std::string_view(event_), std::string_view(data_));
    event_.clear();
    data_.clear();
    has_data_ = oversized_ = false;
  }
  // Removes a line, or what there is of one, from `bytes`. True: it was the empty one that ends an
  // event.
  bool TakeLine(std::string_view& bytes);
  void EndLine();
  void ReadLine(std::string_view line);
  void Drop();

  const size_t event_bytes_max_;
  std::string line_;  // The beginning of a line whose end has not come.
  std::string event_;
  std::string data_;
  bool has_data_ = false;
  bool oversized_ = false;
  bool cut_ = false;
  bool after_cr_ = false;   // A '\n' that comes next belongs to that line end.
  bool first_line_ = true;  // A byte order mark may stand before it.
};

}  // namespace pitot
