// gateway/spend_baseline.h
//
// What runs of each feature cost, as a measure for those that run away (detector L7): the 99th
// percentile of the last week's traces, read from the store every ten minutes. Without a store the
// figures of before stand.
//
// Thread-safe; P99 takes a mutex for moments and never waits for the store.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/money.h"
#include "store/engine.h"

namespace pitot {

class SpendBaseline {
 public:
  // Fewer traces than this say nothing.
  static constexpr int64_t kTracesMin = 20;

  // Borrows both.
  SpendBaseline(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}
  ~SpendBaseline() { Stop(); }

  void Start();
  void Stop();  // Safe to call twice.

  std::optional<NanoUsd> P99(std::string_view project, std::string_view feature) const;

  // What the thread does.
  absl::Status Read();

 private:
  void Run();

  Engine& engine_;
  const Clock& clock_;
  mutable Mutex mutex_;
  CondVar stopped_;
  absl::flat_hash_map<std::string, NanoUsd> p99_ ABSL_GUARDED_BY(mutex_);  // By project, feature.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
