#include "sdk/net/bounds.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::milliseconds;
using Error = HttpOutcome::Error;

// How soon a token without a file descriptor is noticed.
constexpr milliseconds kTokenPoll{50};

SteadyTime After(SteadyTime begin, milliseconds limit) {
  // Beyond ten years counts as no limit: adding it could overflow.
  constexpr milliseconds kForever{std::chrono::hours(24 * 3650)};
  return limit.count() <= 0 || limit > kForever ? SteadyTime::max() : begin + limit;
}

Failure TimedOut(std::string what, milliseconds limit) {
  return {Error::kTimeout, std::move(what) + " within " + std::to_string(limit.count()) + " ms"};
}

}  // namespace

CallBounds::CallBounds(const HttpLimits& limits, const CancelToken* cancel, std::string peer)
    : limits_(limits),
      cancel_(cancel),
      peer_(std::move(peer)),
      begin_(std::chrono::steady_clock::now()),
      last_(begin_),
      connect_begin_(begin_) {}

void CallBounds::BeginConnect() {
  connecting_ = true;
  connect_begin_ = std::chrono::steady_clock::now();
}

void CallBounds::EndConnect() {
  connecting_ = false;
  Progress();
}

void CallBounds::Hurry(milliseconds limit) {
  if (hurry_ == SteadyTime::max()) hurry_ = After(std::chrono::steady_clock::now(), limit);
}

SteadyTime CallBounds::NextLimit() const {
  const SteadyTime step =
      connecting_ ? After(connect_begin_, limits_.connect) : After(last_, limits_.idle);
  return std::min({After(begin_, limits_.total), step, hurry_});
}

Failure CallBounds::Check() const {
  if (cancel_ != nullptr && cancel_->cancelled()) {
    return {Error::kAborted, "the caller ended the call to " + peer_};
  }
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now >= After(begin_, limits_.total)) {
    return TimedOut("no complete answer from " + peer_, limits_.total);
  }
  if (connecting_ && now >= After(connect_begin_, limits_.connect)) {
    return TimedOut("no connection to " + peer_, limits_.connect);
  }
  if (!connecting_ && now >= After(last_, limits_.idle)) {
    return TimedOut("nothing from " + peer_, limits_.idle);
  }
  if (now >= hurry_) return {Error::kTimeout, "no end of the answer from " + peer_};
  return {};
}

Failure CallBounds::Wait(int fd, short events) {
  pollfd one = {fd, events, 0};
  return Wait(std::span(&one, 1), SteadyTime::max());
}

Failure CallBounds::Wait(std::span<pollfd> fds, SteadyTime until) {
  std::vector<pollfd> all(fds.begin(), fds.end());
  all.push_back({cancel_ != nullptr ? cancel_->fd() : -1, POLLIN, 0});
  for (;;) {
    if (Failure failure = Check(); !failure.ok()) return failure;
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= until) return {};
    const SteadyTime wake = std::min(until, NextLimit());
    // Rounded up: waking a moment too early would spin.
    milliseconds timeout{60'000};
    if (wake - now < timeout) {
      timeout = std::chrono::duration_cast<milliseconds>(wake - now) + milliseconds(1);
    }
    if (cancel_ != nullptr && cancel_->fd() < 0) timeout = std::min(timeout, kTokenPoll);
    const int ready = ::poll(all.data(), all.size(), static_cast<int>(timeout.count()));
    if (ready < 0 && errno != EINTR) {
      return {Error::kClosed, std::string("waiting for the network: ") + std::strerror(errno)};
    }
    if (ready <= 0 || (ready == 1 && all.back().revents != 0)) continue;
    for (size_t i = 0; i < fds.size(); ++i) fds[i].revents = all[i].revents;
    return {};
  }
}

}  // namespace sdk
}  // namespace pitot
