// http/client/resolver.h
//
// Internal to http/: names -> addresses, off the I/O threads, remembered for a while.
#pragma once

#include <absl/status/statusor.h>

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "http/io_thread.h"

namespace pitot {

// Thread-safe. Owns a few threads, started when they are first needed: a name server that does not
// answer holds up the names asked of it, not all.
class Resolver {
 public:
  using Addresses = std::vector<boost::asio::ip::address>;
  using Done = std::function<void(const absl::StatusOr<Addresses>&)>;

  explicit Resolver(std::chrono::milliseconds kept) : kept_(kept) {}
  ~Resolver();  // Waits for questions under way.

  // Empty: not known, or known for too long.
  Addresses Remembered(const std::string& host);
  // `done` is posted to `thread`. kUnavailable: there is no such name now, nor was there before.
  void Resolve(const std::string& host, IoThread& thread, Done done);

 private:
  struct Name {
    Addresses addresses;
    std::chrono::steady_clock::time_point since;
    bool asked = false;
    std::vector<std::pair<std::weak_ptr<IoThread>, Done>> waiters;
  };

  void Work();
  static absl::StatusOr<Addresses> Ask(const std::string& host);

  const std::chrono::milliseconds kept_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Name> names_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> questions_ ABSL_GUARDED_BY(mutex_);
  size_t free_ ABSL_GUARDED_BY(mutex_) = 0;  // Threads that wait for a question.
  std::vector<std::jthread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
