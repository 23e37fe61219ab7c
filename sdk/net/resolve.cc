#include "sdk/net/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>

namespace pitot {
inline namespace sdk {
namespace {

using Error = HttpOutcome::Error;

constexpr int kLookupsMax = 16;
constexpr size_t kAddressesMax = 8;

struct Lookup {
  explicit Lookup(int fd) : done_fd(fd) {}
  ~Lookup() { ::close(done_fd); }

  const int done_fd;
  std::string host;
  std::string port;
  // Written before done_fd becomes readable, read after.
  std::atomic<bool> done = false;
  int result = 0;
  int system_error = 0;
  std::vector<Address> addresses;
};

// Of this process: in a forked child none is running.
std::atomic<pid_t> lookups_pid = 0;
std::atomic<int> lookups = 0;

bool CountLookup() {
  const pid_t self = ::getpid();
  if (lookups_pid.exchange(self) != self) lookups = 0;
  if (lookups.fetch_add(1) < kLookupsMax) return true;
  lookups.fetch_sub(1);
  return false;
}

int LookUp(const std::string& host, const std::string& port, int flags, std::vector<Address>* out) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int result = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  if (result != 0) return result;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    if (info->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Address address;
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.bytes = info->ai_addrlen;
    out->push_back(address);
  }
  ::freeaddrinfo(list);
  return 0;
}

void RunLookup(const std::shared_ptr<Lookup>& lookup) {
  lookup->result = LookUp(lookup->host, lookup->port, AI_ADDRCONFIG, &lookup->addresses);
  // Without a network but loopback, AI_ADDRCONFIG may hide even "localhost".
  if (lookup->result == EAI_NONAME || lookup->result == EAI_ADDRFAMILY) {
    lookup->result = LookUp(lookup->host, lookup->port, 0, &lookup->addresses);
  }
  lookup->system_error = errno;
  lookups.fetch_sub(1);
  lookup->done.store(true, std::memory_order_release);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(lookup->done_fd, &one, sizeof(one));
}

// Signals of the program stay with its own threads.
bool StartThread(const std::shared_ptr<Lookup>& lookup) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = true;
  try {
    std::thread([lookup] { RunLookup(lookup); }).detach();
  } catch (const std::system_error&) {
    started = false;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

Failure RunInThread(const std::string& host, const std::string& port, CallBounds& bounds,
                    std::vector<Address>* addresses) {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return {Error::kResolve, std::string("looking a name up: ") + std::strerror(errno)};
  const auto lookup = std::make_shared<Lookup>(fd);
  lookup->host = host;
  lookup->port = port;
  if (!CountLookup()) {
    return {Error::kResolve, "looking up '" + host + "': " + std::to_string(kLookupsMax) +
                                 " earlier look-ups still wait for the system's resolver"};
  }
  if (!StartThread(lookup)) {
    lookups.fetch_sub(1);
    return {Error::kResolve, "looking up '" + host + "': no thread could be started"};
  }
  while (!lookup->done.load(std::memory_order_acquire)) {
    if (Failure failure = bounds.Wait(fd, POLLIN); !failure.ok()) {
      failure.message += " (looking its name up)";
      return failure;
    }
  }
  if (lookup->result != 0) {
    const char* why = lookup->result == EAI_SYSTEM ? std::strerror(lookup->system_error)
                                                   : ::gai_strerror(lookup->result);
    return {Error::kResolve, "looking up '" + host + "': " + why};
  }
  *addresses = std::move(lookup->addresses);
  return {};
}

}  // namespace

std::string Address::ToString() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
  } else {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
  }
  return text;
}

std::vector<Address> TakeTurns(const std::vector<Address>& addresses) {
  std::vector<Address> first, second, out;
  for (const Address& address : addresses) {
    (address.family() == addresses[0].family() ? first : second).push_back(address);
  }
  for (size_t i = 0; i < first.size() || i < second.size(); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  if (out.size() > kAddressesMax) out.resize(kAddressesMax);
  return out;
}

Failure Resolve(const std::string& host, uint16_t port, CallBounds& bounds,
                std::vector<Address>* addresses) {
  const std::string service = std::to_string(port);
  if (LookUp(host, service, AI_NUMERICHOST, addresses) != 0) {
    addresses->clear();
    Failure failure = RunInThread(host, service, bounds, addresses);
    if (!failure.ok()) return failure;
  }
  if (addresses->empty()) return {Error::kResolve, "'" + host + "' has no address"};
  *addresses = TakeTurns(*addresses);
  return {};
}

}  // namespace sdk
}  // namespace pitot
