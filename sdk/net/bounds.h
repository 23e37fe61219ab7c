// sdk/net/bounds.h
//
// The limits of one call while it runs: everything that waits, waits here.
// Thread-safety: one thread.
#pragma once

#include <poll.h>

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "sdk/net/failure.h"

namespace pitot {
inline namespace sdk {

using SteadyTime = std::chrono::steady_clock::time_point;

class CallBounds {
 public:
  // `peer`: how messages name whom the call talks to.
  CallBounds(const HttpLimits& limits, const CancelToken* cancel, std::string peer);

  // Between the two, the limit for connecting holds instead of that for idling.
  void BeginConnect();
  void EndConnect();
  // Something went out or came in.
  void Progress() { last_ = std::chrono::steady_clock::now(); }

  // From now on, nothing more than `limit`; the first call counts.
  void Hurry(std::chrono::milliseconds limit);

  // Until one of `fds` is ready; revents are set. A file descriptor below 0 is passed over.
  Failure Wait(int fd, short events);
  // The same, and no longer than `until`: then nothing is ready and it is no failure.
  Failure Wait(std::span<pollfd> fds, SteadyTime until);

  // A limit that has passed, or the token.
  Failure Check() const;
  const std::string& peer() const { return peer_; }

 private:
  SteadyTime NextLimit() const;

  const HttpLimits limits_;
  const CancelToken* const cancel_;
  const std::string peer_;
  const SteadyTime begin_;
  SteadyTime last_;
  SteadyTime connect_begin_;
  SteadyTime hurry_ = SteadyTime::max();
  bool connecting_ = false;
};

}  // namespace sdk
}  // namespace pitot
