// http/io_thread.h
//
// Where asynchronous work runs: one of a server's I/O threads. A call of a service, its answer and
// the calls it makes upstream (AsyncClient) live on one such thread, so they need no locks.
// Code that runs on it must never block.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace pitot {

// Owned by the HttpServer; work that outlives a request keeps it with shared_from_this().
class IoThread : public std::enable_shared_from_this<IoThread> {
 public:
  class Core;  // Internal to http/.

  IoThread();
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // The one that runs this code: set inside HttpService functions and all callbacks of http/. Null
  // on every other thread.
  static IoThread* Current();

  // Any thread. `work` runs later on this thread, in the order posted, never inside Post. Once the
  // server has stopped it is destroyed instead.
  void Post(std::function<void()> work);

  Core& core() { return *core_; }  // Internal to http/.

 private:
  std::unique_ptr<Core> core_;
};

// Runs something once, later. Used and destroyed on its thread only, or once that has stopped.
class IoTimer {
 public:
  explicit IoTimer(IoThread& thread);
  ~IoTimer();  // Cancels.
  IoTimer(const IoTimer&) = delete;
  IoTimer& operator=(const IoTimer&) = delete;

  // Forgets what was set before. `work` may destroy the timer.
  void After(std::chrono::nanoseconds time, std::function<void()> work);
  // What was set will not run, even if its time has come.
  void Cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pitot
