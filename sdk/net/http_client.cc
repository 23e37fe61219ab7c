#include "sdk/net/http_client.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include "sdk/net/connection.h"
#include "sdk/net/proxies.h"
#include "sdk/net/request_head.h"
#include "sdk/net/response_parser.h"
#include "sdk/net/url.h"

namespace pitot {
inline namespace sdk {
namespace {

using Error = HttpOutcome::Error;

constexpr size_t kReadBytes = 16 << 10;
// How long the end of an answer is awaited of which nothing more matters.
constexpr std::chrono::milliseconds kEndAwaited{250};
// A body up to this size goes out together with its head.
constexpr size_t kJoinBytes = 16 << 10;

void Fail(const Failure& failure, HttpOutcome& outcome) {
  outcome.error = failure.error;
  outcome.message = failure.message;
}

}  // namespace

CancelToken::CancelToken() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

CancelToken::~CancelToken() {
  if (fd_ >= 0) ::close(fd_);
}

void CancelToken::Cancel() {
  if (cancelled_.exchange(true, std::memory_order_acq_rel) || fd_ < 0) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(fd_, &one, sizeof(one));
}

std::string_view HttpOutcome::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

// The connections and the certificates of one process.
class HttpClient::Pool {
 public:
  explicit Pool(const HttpClientOptions& options) : pid(::getpid()), options_(options) {}

  // A connection to `origin` that seems alive; null: none.
  std::unique_ptr<Connection> Take(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    RemoveExpired();
    // The one used last is the most likely to be alive.
    for (auto it = idle_.rbegin(); it != idle_.rend();) {
      if (it->origin != origin) {
        ++it;
        continue;
      }
      std::unique_ptr<Connection> connection = std::move(it->connection);
      it = std::make_reverse_iterator(idle_.erase(std::next(it).base()));
      if (connection->QuietNow()) return connection;
    }
    return nullptr;
  }

  void Give(std::string origin, std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    RemoveExpired();
    if (options_.idle_connections_max == 0) return;
    if (idle_.size() >= options_.idle_connections_max) idle_.pop_front();
    idle_.push_back({std::move(origin), std::move(connection),
                     std::chrono::steady_clock::now() + options_.idle_expiry});
  }

  // One connection of an origin turned out dead: the others are no better.
  void Forget(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    idle_.remove_if([&](const Idle& idle) { return idle.origin == origin; });
  }

  // Read once, when it is first needed; again after a failure, which may have been mended.
  SSL_CTX* TlsContext(std::string* why) {
    const std::lock_guard lock(tls_mutex_);
    if (tls_ == nullptr) tls_ = NewTlsContext(options_.ca_file, why);
    return tls_.get();
  }

  // In a child, of the parent's pool. Its lock may be held by a thread that is no more.
  void Abandon() {
    if (!mutex_.try_lock()) return;
    for (Idle& idle : idle_) idle.connection->Abandon();
    idle_.clear();
    mutex_.unlock();
  }

  const pid_t pid;
  const Proxies proxies = Proxies::FromEnvironment();

 private:
  struct Idle {
    std::string origin;
    std::unique_ptr<Connection> connection;
    SteadyTime expires;
  };

  void RemoveExpired() {
    const SteadyTime now = std::chrono::steady_clock::now();
    idle_.remove_if([&](const Idle& idle) { return idle.expires <= now; });
  }

  const HttpClientOptions options_;
  std::mutex mutex_;
  std::list<Idle> idle_;  // By the time they were given; guarded by mutex_.
  std::mutex tls_mutex_;
  SslContext tls_;  // Guarded by tls_mutex_.
};

namespace {

// Where a request goes, and by which way.
struct Route {
  Url url;
  std::optional<Url> proxy;
  std::string origin;  // Of connections that may be used for it.

  const Url& first_hop() const { return proxy ? *proxy : url; }
  bool tunnel() const { return proxy.has_value() && url.tls; }
};

Failure FindRoute(const std::string& text, const Proxies& proxies, Route& route) {
  std::optional<Url> url = ParseUrl(text);
  if (!url) return {Error::kUrl, "not an http or https URL: '" + ShownUrl(text) + "'"};
  route.url = *std::move(url);
  const std::string proxy = proxies.For(route.url);
  if (!proxy.empty()) {
    route.proxy = ParseUrl(proxy);
    if (!route.proxy || route.proxy->tls) {
      return {Error::kUrl,
              "the proxy of the environment is not an http URL: '" + ShownUrl(proxy) + "'"};
    }
  }
  route.origin = (route.url.tls ? "https " : "http ") + route.url.HostPort();
  if (route.proxy) route.origin += " by " + route.proxy->HostPort() + " " + route.proxy->user_info;
  return {};
}

// Reads an answer to its end, or to what ends the call.
Failure ReadAnswer(Connection& connection, CallBounds& bounds, ResponseParser& parser,
                   const bool* enough, const ResponseParser::OnBody& on_body) {
  std::array<char, kReadBytes> buffer;
  while (!parser.complete()) {
    if (enough != nullptr && *enough) bounds.Hurry(kEndAwaited);
    size_t got = 0;
    Failure failure = connection.Read(buffer.data(), buffer.size(), bounds, &got);
    if (!failure.ok()) return failure;
    if (got == 0) {
      failure = parser.Finish();
      if (!failure.ok()) failure.message += " (" + bounds.peer() + ")";
      return failure;
    }
    failure = parser.Put({buffer.data(), got}, on_body);
    if (!failure.ok()) {
      failure.message += " (" + bounds.peer() + ")";
      return failure;
    }
  }
  return {};
}

// Has a proxy connect to the target: from then on the connection is the target's.
Failure OpenTunnel(Connection& connection, const Route& route, CallBounds& bounds) {
  bool sent_any = false;
  Failure failure = connection.Write(ConnectHead(route.url, *route.proxy), bounds, &sent_any);
  if (!failure.ok()) return failure;
  // Byte by byte: what follows the head of a success belongs to the target. Its head is short.
  ResponseParser parser(true, 0);
  while (!parser.complete()) {
    char byte = 0;
    size_t got = 0;
    failure = connection.Read(&byte, 1, bounds, &got);
    if (!failure.ok()) return failure;
    failure = got == 0 ? parser.Finish() : parser.Put({&byte, 1}, {});
    if (!failure.ok()) return failure;
  }
  if (parser.status() / 100 == 2) return {};
  return {Error::kConnect, "the proxy " + route.proxy->HostPort() + " answered " +
                               std::to_string(parser.status()) + " to CONNECT " +
                               route.url.HostPort()};
}

}  // namespace

HttpClient::HttpClient(HttpClientOptions options)
    : options_(std::move(options)), pool_(new Pool(options_)) {}

HttpClient::~HttpClient() {
  Pool* pool = pool_.load();
  if (pool->pid != ::getpid()) pool->Abandon();
  delete pool;
}

HttpClient::Pool& HttpClient::CurrentPool() {
  Pool* pool = pool_.load(std::memory_order_acquire);
  if (pool->pid == ::getpid()) return *pool;
  auto fresh = std::make_unique<Pool>(options_);
  if (!pool_.compare_exchange_strong(pool, fresh.get())) return *pool;
  // Not deleted: one of its locks may be held by a thread of the parent.
  pool->Abandon();
  return *fresh.release();
}

void HttpClient::AfterFork() { CurrentPool(); }

namespace {

Failure OpenConnection(const Route& route, SSL_CTX* tls, CallBounds& bounds,
                       Connection& connection) {
  const Url& hop = route.first_hop();
  if (Failure failure = connection.Connect(hop.host, hop.port, bounds); !failure.ok()) {
    return failure;
  }
  if (route.tunnel()) {
    if (Failure failure = OpenTunnel(connection, route, bounds); !failure.ok()) return failure;
  }
  return route.url.tls ? connection.StartTls(tls, route.url.host, bounds) : Failure{};
}

// One request and its answer on a connection. `*reusable`: another may follow.
Failure Exchange(Connection& connection, const std::string& head, const HttpRequest& request,
                 CallBounds& bounds, ResponseParser& parser, const HttpClient::OnBody& on_body,
                 HttpOutcome& outcome) {
  Failure sent;
  if (request.body.size() <= kJoinBytes) {
    sent = connection.Write(head + std::string(request.body), bounds, &outcome.sent_any);
  } else {
    sent = connection.Write(head, bounds, &outcome.sent_any);
    if (sent.ok()) sent = connection.Write(request.body, bounds, &outcome.sent_any);
  }
  // A server that refuses a request may answer and close before it has read all of it.
  if (!sent.ok() && sent.error != Error::kClosed) return sent;
  Failure read =
      ReadAnswer(connection, bounds, parser, request.enough, [&](std::string_view bytes) {
        if (on_body && parser.status() / 100 == 2) return on_body(bytes);
        outcome.body += bytes;
        return true;
      });
  outcome.status = parser.head_complete() ? parser.status() : 0;
  if (parser.head_complete()) outcome.headers = parser.headers();
  if (request.enough != nullptr && *request.enough) read = {};
  return !sent.ok() && !read.ok() && !parser.head_complete() ? sent : read;
}

}  // namespace

HttpOutcome HttpClient::Call(const HttpRequest& request, const HttpLimits& limits,
                             const OnBody& on_body) {
  HttpOutcome outcome;
  Pool& pool = CurrentPool();
  Route route;
  std::string head;
  Failure failure = FindRoute(request.url, pool.proxies, route);
  if (failure.ok()) {
    failure = RequestHead(request, route.url,
                          route.proxy && !route.url.tls ? &*route.proxy : nullptr, &head);
  }
  if (!failure.ok()) {
    Fail(failure, outcome);
    return outcome;
  }
  CallBounds bounds(limits, request.cancel, route.url.HostPort());
  SSL_CTX* tls = nullptr;
  if (std::string why; route.url.tls && (tls = pool.TlsContext(&why)) == nullptr) {
    Fail({Error::kTls, "TLS with '" + route.url.host + "': cannot read " + why}, outcome);
    return outcome;
  }
  for (bool kept = true;;) {
    std::unique_ptr<Connection> connection = kept ? pool.Take(route.origin) : nullptr;
    kept = connection != nullptr;
    if (!kept) {
      connection = std::make_unique<Connection>();
      bounds.BeginConnect();
      failure = OpenConnection(route, tls, bounds, *connection);
      if (!failure.ok()) break;
    }
    bounds.EndConnect();
    ResponseParser parser(request.method == "HEAD", limits.response_bytes_max);
    failure = Exchange(*connection, head, request, bounds, parser, on_body, outcome);
    if (failure.ok() && parser.complete() && parser.keep_alive()) {
      pool.Give(std::move(route.origin), std::move(connection));
    }
    // The peer closed it while it was not in use.
    if (failure.error != Error::kClosed || !kept || parser.started()) break;
    pool.Forget(route.origin);
    kept = false;
  }
  if (!failure.ok()) Fail(failure, outcome);
  return outcome;
}

}  // namespace sdk
}  // namespace pitot
