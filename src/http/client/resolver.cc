#include "http/client/resolver.h"

#include <netdb.h>
#include <netinet/in.h>

#include <utility>

#include "base/status.h"

namespace pitot {
namespace asio = boost::asio;

namespace {

constexpr size_t kThreadsMax = 4;
// Names come from the configuration: there are few.
constexpr size_t kNamesMax = 1024;

}  // namespace

Resolver::~Resolver() {
  std::vector<std::jthread> threads;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
    threads.swap(threads_);
  }
}

Resolver::Addresses Resolver::Remembered(const std::string& host) {
  MutexLock lock(&mutex_);
  const auto found = names_.find(host);
  if (found == names_.end() || std::chrono::steady_clock::now() - found->second.since > kept_) {
    return {};
  }
  return found->second.addresses;
}

void Resolver::Resolve(const std::string& host, IoThread& thread, Done done) {
  MutexLock lock(&mutex_);
  if (names_.size() >= kNamesMax && !names_.contains(host)) {
    std::erase_if(names_, [](const auto& name) { return !name.second.asked; });
  }
  Name& name = names_[host];
  name.waiters.emplace_back(thread.weak_from_this(), std::move(done));
  if (name.asked) return;
  name.asked = true;
  questions_.push_back(host);
  if (free_ < questions_.size() && threads_.size() < kThreadsMax) {
    threads_.emplace_back([this] { Work(); });
  }
  changed_.NotifyOne();
}

void Resolver::Work() {
  for (;;) {
    std::string host;
    {
      MutexLock lock(&mutex_);
      ++free_;
      while (questions_.empty() && !stopping_) changed_.Wait(mutex_);
      --free_;
      if (stopping_) return;
      host = std::move(questions_.front());
      questions_.pop_front();
    }
    absl::StatusOr<Addresses> answer = Ask(host);
    std::vector<std::pair<std::weak_ptr<IoThread>, Done>> waiters;
    {
      MutexLock lock(&mutex_);
      Name& name = names_[host];
      name.asked = false;
      waiters.swap(name.waiters);
      if (answer.ok()) {
        name.addresses = *answer;
        name.since = std::chrono::steady_clock::now();
      } else if (!name.addresses.empty()) {
        answer = name.addresses;  // Better an old address than none.
      }
    }
    for (auto& [thread, done] : waiters) {
      if (const std::shared_ptr<IoThread> alive = thread.lock()) {
        alive->Post([done = std::move(done), answer] { done(answer); });
      }
    }
  }
}

absl::StatusOr<Resolver::Addresses> Resolver::Ask(const std::string& host) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return Unavailable("resolve {}: {}", host, ::gai_strerror(error));
  Addresses addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (one->ai_family == AF_INET) {
      const auto* in = reinterpret_cast<const sockaddr_in*>(one->ai_addr);
      addresses.emplace_back(asio::ip::address_v4(ntohl(in->sin_addr.s_addr)));
    } else if (one->ai_family == AF_INET6) {
      const auto* in = reinterpret_cast<const sockaddr_in6*>(one->ai_addr);
      asio::ip::address_v6::bytes_type bytes;
      std::copy(std::begin(in->sin6_addr.s6_addr), std::end(in->sin6_addr.s6_addr), bytes.begin());
      addresses.emplace_back(asio::ip::address_v6(bytes, in->sin6_scope_id));
    }
  }
  ::freeaddrinfo(found);
  if (addresses.empty()) return Unavailable("resolve {}: it has no address", host);
  return addresses;
}

}  // namespace pitot
