// http/io_core.h
//
// Internal to http/: what an I/O thread is made of.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "http/io_thread.h"

namespace pitot {

class IoThread::Core {
 public:
  // Runs the loop on the calling thread until Stop.
  void Run(IoThread& self);
  // Any thread. Run returns soon; what is posted from now on is destroyed.
  void Stop();
  // After Run has returned: destroys what is posted or kept.
  void Clear();

  void Post(std::function<void()> work);

  // Used on the thread only. Something of `Owner` that lives as long as the thread runs, made at
  // the first question. `id` is unique in the process.
  std::shared_ptr<void>& Kept(uint64_t id) { return kept_[id]; }

  boost::asio::io_context& context() { return context_; }

 private:
  void RunPosted();

  // Destroyed last: sockets and timers of what is kept refer to it.
  boost::asio::io_context context_{1};
  std::unordered_map<uint64_t, std::shared_ptr<void>> kept_;
  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> posted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
