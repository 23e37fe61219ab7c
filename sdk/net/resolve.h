// sdk/net/resolve.h
//
// A host's addresses, within a call's limits. The system's resolver can neither be interrupted nor
// given a deadline, so that it runs in a thread of its own, which is left alone when the deadline
// passes and ends when the resolver does; more than 16 such threads are refused.
// (getaddrinfo_a would do the same with threads that a forked child believes it still has.)
// Thread-safety: any thread.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sdk/net/bounds.h"

namespace pitot {
inline namespace sdk {

struct Address {
  sockaddr_storage storage = {};
  socklen_t bytes = 0;

  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  std::string ToString() const;  // Without the port.
};

// In the order in which they are to be tried: the system's, the two families taking turns. At most 8.
Failure Resolve(const std::string& host, uint16_t port, CallBounds& bounds,
                std::vector<Address>* addresses);

// For tests: the order alone.
std::vector<Address> TakeTurns(const std::vector<Address>& addresses);

}  // namespace sdk
}  // namespace pitot
