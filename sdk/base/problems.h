// sdk/base/problems.h
//
// Where the SDK says what it could not do: CollectorOptions::on_problem, or a line on stderr. The first
// report of a reason is said at once, later ones at most once a minute, with how many were left out.
//
// Thread-safety: all of it. Only background threads report: what is told may take its time, and what it
// throws is dropped. No lock is held meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace pitot {
inline namespace sdk {

class Problems {
 public:
  using Listener = std::function<void(std::string_view message)>;

  // Without a listener: stderr.
  explicit Problems(Listener listener = {}) : listener_(std::move(listener)) {}

  // `reason` is what is counted apart: "otlp http://host:4318 queue_full". `message` is one line that
  // says what happened, with numbers and limits, and what helps.
  void Report(std::string_view reason, std::string_view message);
  // Said whatever was said before: the last words of a collector.
  void ReportNow(std::string_view message) const;

  void PrepareFork() { mutex_.lock(); }
  void ParentAfterFork() { mutex_.unlock(); }
  void ChildAfterFork();

 private:
  struct Said {
    int64_t at_ns = 0;  // By the monotonic clock.
    uint64_t left_out = 0;
  };

  const Listener listener_;
  std::mutex mutex_;
  std::map<std::string, Said, std::less<>> said_;  // Guarded by mutex_.
};

}  // namespace sdk
}  // namespace pitot
