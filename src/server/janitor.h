// server/janitor.h
//
// What has to be done to the store from time to time: retention, once an hour.
#pragma once

#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "store/engine.h"

namespace pitot {

class Janitor {
 public:
  // Borrows both.
  Janitor(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}
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
  Mutex mutex_;
  CondVar stopped_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
