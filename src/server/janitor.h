// server/janitor.h
//
// What has to be done from time to time: retention and what others ask for, once an hour.
#pragma once

#include <functional>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "store/engine.h"

namespace pitot {

class Janitor {
 public:
  // Borrows both. `also` runs on the janitor's thread.
  Janitor(Engine& engine, const Clock& clock, std::function<void()> also)
      : engine_(engine), clock_(clock), also_(std::move(also)) {}
  ~Janitor() { Stop(); }

  void Start();
  // Safe to call twice. Waits for a pass that is under way.
  void Stop();

 private:
  void Run();
  // False once stopping.
  bool Pause(std::chrono::seconds wait);

  Engine& engine_;
  const Clock& clock_;
  const std::function<void()> also_;
  Mutex mutex_;
  CondVar stopped_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
