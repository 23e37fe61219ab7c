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
  // After Run has returned: destroys what is posted and lets the guests go.
  void Clear();

  void Post(std::function<void()> work);

  // Something that somebody keeps on this thread as long as it runs.
  class Guest {
   public:
    virtual ~Guest() = default;
    virtual void ThreadStopped() = 0;
  };
  // Used on the thread only. Null at first; `id` is the owner's, unique in the process.
  std::shared_ptr<Guest>& GuestOf(uint64_t id) { return guests_[id]; }

  boost::asio::io_context& context() { return context_; }

 private:
  void RunPosted();

  // Destroyed last: sockets and timers of guests refer to it.
  boost::asio::io_context context_{1};
  std::unordered_map<uint64_t, std::shared_ptr<Guest>> guests_;
  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> posted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
