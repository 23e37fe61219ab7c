// sdk/collect/collect_test_util.h
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pitot/collector.h"
#include "sdk/trace/pool_test_util.h"

namespace pitot {
inline namespace sdk {

// Keeps what it is given.
class KeepingSink : public SpanSink {
 public:
  void on_spans(std::span<const SpanData> spans) override {
    std::lock_guard lock(mutex_);
    ++batches_;
    largest_ = std::max(largest_, spans.size());
    for (const SpanData& span : spans) spans_.emplace_back(span);
  }

  std::vector<PlainSpan> spans() const {
    std::lock_guard lock(mutex_);
    return spans_;
  }
  size_t batches() const {
    std::lock_guard lock(mutex_);
    return batches_;
  }
  size_t largest() const {
    std::lock_guard lock(mutex_);
    return largest_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<PlainSpan> spans_;
  size_t batches_ = 0;
  size_t largest_ = 0;
};

// Does not return before it is let go.
class StuckSink : public SpanSink {
 public:
  ~StuckSink() override { LetGo(); }
  void on_spans(std::span<const SpanData> spans) override {
    std::unique_lock lock(mutex_);
    got_ += spans.size();
    changed_.notify_all();
    changed_.wait(lock, [this] { return free_; });
  }

  void LetGo() {
    std::lock_guard lock(mutex_);
    free_ = true;
    changed_.notify_all();
  }
  // Until it holds spans.
  void WaitUntilStuck() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return got_ > 0; });
  }
  size_t got() {
    std::lock_guard lock(mutex_);
    return got_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t got_ = 0;
  bool free_ = false;
};

// Polls until `condition` holds; false after ten seconds.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// What a collector says, kept.
struct Said {
  std::mutex mutex;
  std::vector<std::string> messages;

  std::function<void(std::string_view)> Listener() {
    return [this](std::string_view message) {
      std::lock_guard lock(mutex);
      messages.emplace_back(message);
    };
  }
  std::string All() {
    std::lock_guard lock(mutex);
    std::string all;
    for (const std::string& message : messages) all += message + "\n";
    return all;
  }
};

}  // namespace sdk
}  // namespace pitot
