// wire/include_usage.h
//
// OpenAI-like streams say what they used only when asked: we ask, and take the answer out again where
// the caller had not. Every other byte stays as it was. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pitot {

// `body` with stream_options.include_usage true, all else byte for byte; empty: it says so already, or
// is not a JSON object with "stream": true.
std::optional<std::string> AskForUsage(std::string_view body);

// Forwards a stream of SSE events, each as soon as it is whole and byte for byte, but those that
// consist of usage alone ("choices":[] and a usage object).
class UsageEventFilter {
 public:
  // Appends to `out` what may go on.
  void Put(std::string_view bytes, std::string& out);
  // The stream has ended, or an event is larger than is worth holding: the rest.
  void Finish(std::string& out);

 private:
  size_t EventEnd(size_t begin);

  std::string held_;
  size_t scanned_ = 0;
  bool pass_ = false;  // An event over the bound is passed on as it comes.
};

}  // namespace pitot
