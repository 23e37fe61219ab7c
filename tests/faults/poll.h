// tests/faults/poll.h
#pragma once

#include <chrono>
#include <thread>

namespace pitot {

// Polls `condition` until it holds; false after `wait`.
template <typename Condition>
bool Poll(const Condition& condition, std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace pitot
