#include "http/server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "http/memory_budget.h"
#include "http/server/session.h"

namespace pitot {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kSweepEvery{100};
constexpr std::chrono::milliseconds kAcceptRetry{50};
constexpr int64_t kOwnMemoryBytes = 192 << 20;

// Runs while the loop has sessions, so that an idle server sleeps.
asio::awaitable<void> SweepDeadlines(IoLoop& loop) {
  while (!loop.sessions.empty()) {
    loop.sweep_timer.expires_after(kSweepEvery);
    co_await loop.sweep_timer.async_wait(kAwait);
    const SteadyTime now = std::chrono::steady_clock::now();
    for (Session* session : loop.sessions) session->Sweep(now);
  }
  loop.sweeping = false;
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, HttpService service) {
    const int threads = std::max(1, options.io_threads);
    for (int i = 0; i < threads; ++i) loops_.push_back(std::make_unique<IoLoop>());
    if (options.memory == nullptr) {
      options.memory = std::make_shared<MemoryBudget>(kOwnMemoryBytes);
    }
    shared_.options = std::move(options);
    shared_.service = std::move(service);
    shared_.closed = [this] {
      MutexLock lock(&mutex_);
      --open_;
      closed_.NotifyAll();
    };
    acceptor_ = std::make_unique<tcp::acceptor>(loops_[0]->context);
  }

  absl::Status Listen() {
    const HttpServerOptions& options = shared_.options;
    const std::string name = options.address == "localhost" ? "127.0.0.1" : options.address;
    boost::system::error_code error;
    const auto address = asio::ip::make_address(name, error);
    if (error) {
      return InvalidArgument("listen address {} is not an IP address", options.address);
    }
    const tcp::endpoint endpoint(address, options.port);
    const auto failed = [&](std::string_view what) {
      return Unavailable("cannot {} {} port {}: {}", what, options.address, options.port,
                         error.message());
    };
    acceptor_->open(endpoint.protocol(), error);
    if (error) return failed("open a socket for");
    acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
    acceptor_->bind(endpoint, error);
    if (error) return failed("bind to");
    acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (error) return failed("listen on");
    port_ = acceptor_->local_endpoint(error).port();
    return absl::OkStatus();
  }

  void Start() {
    asio::co_spawn(loops_[0]->context, Accept(), asio::detached);
    for (const auto& loop : loops_) {
      threads_.emplace_back([&thread = *loop->thread] { thread.core().Run(thread); });
    }
  }

  void Stop(std::chrono::milliseconds drain) {
    if (stopped_) return;
    stopped_ = true;
    if (threads_.empty()) return;
    asio::post(loops_[0]->context, [this] {
      boost::system::error_code ignored;
      acceptor_->close(ignored);
      ForEachLoop([](IoLoop& loop) {
        loop.stopping = true;
        // A copy: a session may end, and leave the set, inside the call.
        for (Session* session : Sessions(loop)) session->Drain();
      });
    });
    if (!AwaitClosed(std::chrono::steady_clock::now() + drain)) {
      LogWarning("http: {} requests were still in flight after {} ms and were cut", connections(),
                 drain.count());
      ForEachLoop([](IoLoop& loop) {
        for (Session* session : Sessions(loop)) session->Cut();
      });
      AwaitClosed(SteadyTime::max());
    }
    for (const auto& loop : loops_) loop->thread->core().Stop();
    for (std::thread& thread : threads_) thread.join();
    for (const auto& loop : loops_) loop->thread->core().Clear();
  }

  uint16_t port() const { return port_; }
  int64_t connections() const {
    MutexLock lock(&mutex_);
    return open_;
  }

 private:
  static std::vector<Session*> Sessions(IoLoop& loop) {
    return {loop.sessions.begin(), loop.sessions.end()};
  }

  template <typename F>
  void ForEachLoop(F function) {
    for (const auto& loop : loops_) {
      asio::post(loop->context, [&loop = *loop, function] { function(loop); });
    }
  }

  bool AwaitClosed(SteadyTime until) {
    MutexLock lock(&mutex_);
    while (open_ > 0) {
      if (!closed_.WaitUntil(mutex_, until)) return open_ == 0;
    }
    return true;
  }

  asio::awaitable<void> Accept() {
    asio::steady_timer retry(loops_[0]->context);
    for (size_t next = 0;; next = (next + 1) % loops_.size()) {
      IoLoop& loop = *loops_[next];
      auto [error, socket] = co_await acceptor_->async_accept(loop.context, kAwait);
      if (!acceptor_->is_open()) co_return;
      if (error) {  // Out of descriptors, or the peer left already.
        retry.expires_after(kAcceptRetry);
        co_await retry.async_wait(kAwait);
        continue;
      }
      if (!Admit()) continue;  // The socket closes here.
      boost::system::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      asio::post(loop.context, [this, &loop, socket = std::move(socket)]() mutable {
        StartSession(loop, std::move(socket));
      });
    }
  }

  bool Admit() {
    MutexLock lock(&mutex_);
    if (open_ >= shared_.options.connections) return false;
    ++open_;
    return true;
  }

  void StartSession(IoLoop& loop, tcp::socket socket) {
    auto session = std::make_shared<Session>(shared_, loop, std::move(socket));
    asio::co_spawn(
        loop.context, [session] { return session->Run(); },
        [session](const std::exception_ptr& error) {
          if (error == nullptr) return;
          try {
            std::rethrow_exception(error);
          } catch (const std::exception& e) {
            LogError("http: a connection ended by an exception: {}", e.what());
          }
        });
    if (!loop.sweeping) {
      loop.sweeping = true;
      asio::co_spawn(loop.context, SweepDeadlines(loop), asio::detached);
    }
  }

  ServerShared shared_;
  uint16_t port_ = 0;
  bool stopped_ = false;
  mutable Mutex mutex_;
  CondVar closed_;
  int64_t open_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<IoLoop>> loops_;
  std::unique_ptr<tcp::acceptor> acceptor_;
  std::vector<std::thread> threads_;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Open(HttpServerOptions options,
                                                             HttpService service) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(service));
  RETURN_IF_ERROR(impl->Listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { Stop(std::chrono::milliseconds(0)); }
void HttpServer::Start() { impl_->Start(); }
uint16_t HttpServer::port() const { return impl_->port(); }
int64_t HttpServer::connections() const { return impl_->connections(); }
void HttpServer::Stop(std::chrono::milliseconds drain) { impl_->Stop(drain); }

}  // namespace pitot
