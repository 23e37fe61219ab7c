// http/client/client_thread.h
//
// Internal to http/: what AsyncClient keeps on one I/O thread: connections between calls, and the
// calls under way, for their deadlines. Used on that thread only, so it needs no lock.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http/async_client.h"
#include "http/client/resolver.h"
#include "http/client/upstream.h"
#include "http/io_core.h"

namespace pitot {

class ClientCall;

// What all threads of a client share. Thread-safe.
class ClientShared {
 public:
  explicit ClientShared(AsyncClient::Options options)
      : options(std::move(options)), resolver(this->options.names_kept) {}

  // Made at the first https call: reading the system's certificates takes tens of milliseconds.
  absl::StatusOr<SSL_CTX*> Tls();

  const AsyncClient::Options options;
  Resolver resolver;

 private:
  Mutex mutex_;
  absl::Status tls_error_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<SSL_CTX> tls_ ABSL_GUARDED_BY(mutex_);
};

class ClientThread final : public IoThread::Core::Guest,
                           public std::enable_shared_from_this<ClientThread> {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // The connections to one scheme, host and port.
  struct Host {
    bool tls = false;
    uint16_t port = 0;
    std::string host;
    std::string name;  // "host:port", for messages.
    struct Idle {
      std::shared_ptr<Upstream> upstream;
      SteadyTime until;
    };
    std::vector<Idle> idle;  // The one used last is at the end.
  };

  ClientThread(std::shared_ptr<ClientShared> shared, IoThread& thread);

  void ThreadStopped() override;  // Closes what is kept.

  ClientShared& shared() { return *shared_; }
  boost::asio::io_context& context() { return context_; }
  Host& HostOf(const Url& url);

  // A kept connection from which nothing was heard, the one used last: the others may time out.
  // Null: there is none.
  std::shared_ptr<Upstream> TakeIdle(Host& host);
  // `allowed`: for how long the peer said it keeps it.
  void PutIdle(Host& host, std::shared_ptr<Upstream> upstream, std::chrono::seconds allowed);

  // Calls under way are asked for their deadlines; `slot` is the call's own place.
  void Add(ClientCall& call, size_t& slot);
  void Remove(size_t slot);

 private:
  void Watch(std::chrono::milliseconds time);
  void Sweep();

  const std::shared_ptr<ClientShared> shared_;
  boost::asio::io_context& context_;
  std::vector<std::unique_ptr<Host>> hosts_;  // Few: they come from the configuration.
  std::vector<ClientCall*> calls_;
  boost::asio::steady_timer timer_;
  SteadyTime next_sweep_ = SteadyTime::max();
  bool busy_ = false;  // There were calls since the last sweep.
};

}  // namespace pitot
