// sdk/llm/length_warning.h
//
// Says that an answer was cut off at max_tokens: nearly always the caller's mistake, and one that looks
// like an answer.
// Thread-safety: any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "pitot/llm_metrics.h"

namespace pitot {
inline namespace sdk {

class LengthWarning {
 public:
  using Listener = std::function<void(const LlmCallMetrics&)>;
  using Time = std::chrono::steady_clock::time_point;

  // Unset: a line on stderr, once a feature and model an hour.
  explicit LengthWarning(Listener listener) : listener_(std::move(listener)) {}

  // REQUIRES: call.cut_off().
  void Tell(const LlmCallMetrics& call, Time now);

  // What the line would say; empty: it was said within the hour.
  std::string Line(const LlmCallMetrics& call, Time now);

 private:
  const Listener listener_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Time> said_;  // Guarded by mutex_.
};

}  // namespace sdk
}  // namespace pitot
