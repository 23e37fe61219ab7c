#include "sdk/base/problems.h"

#include <unistd.h>

#include <new>

#include "sdk/base/clock.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr int64_t kQuietNanos = 60'000'000'000;
// Reasons come from our own code; a bound all the same.
constexpr size_t kReasonsMax = 256;

}  // namespace

void Problems::Report(std::string_view reason, std::string_view message) {
  uint64_t left_out = 0;
  try {
    std::lock_guard lock(mutex_);
    const int64_t now_ns = MonotonicNanos();
    auto found = said_.find(reason);
    if (found != said_.end() && now_ns - found->second.at_ns < kQuietNanos) {
      ++found->second.left_out;
      return;
    }
    if (found == said_.end()) {
      if (said_.size() >= kReasonsMax) return;
      found = said_.emplace(std::string(reason), Said{}).first;
    }
    left_out = found->second.left_out;
    found->second = {now_ns, 0};
  } catch (...) {  // Out of memory.
    return;
  }
  if (left_out == 0) {
    ReportNow(message);
    return;
  }
  ReportNow(std::string(message) + " (" + std::to_string(left_out) +
            " more such messages were left out)");
}

void Problems::ReportNow(std::string_view message) const {
  try {
    if (listener_) {
      listener_(message);
      return;
    }
    std::string line = "pitot: ";
    line.append(message).push_back('\n');
    // One write, so that lines of threads and processes do not mix.
    static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
  } catch (...) {  // Nobody is left to be told.
  }
}

void Problems::ChildAfterFork() {
  // Locked by PrepareFork in the parent's thread; a new one in its place knows nothing of that.
  new (&mutex_) std::mutex();
  said_.clear();
}

}  // namespace sdk
}  // namespace pitot
