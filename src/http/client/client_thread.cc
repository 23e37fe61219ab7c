#include "http/client/client_thread.h"

#include <algorithm>
#include <utility>

#include "http/client/client_call.h"
#include "http/client/tls.h"

namespace pitot {

namespace {

// How exactly deadlines are kept.
constexpr std::chrono::milliseconds kSweepEvery{50};
constexpr std::chrono::milliseconds kIdleSweepEvery{1000};

}  // namespace

absl::StatusOr<SSL_CTX*> ClientShared::Tls() {
  MutexLock lock(&mutex_);
  if (tls_ == nullptr && tls_error_.ok()) {
    absl::StatusOr<std::shared_ptr<SSL_CTX>> made = MakeTlsContext(options.ca_file);
    tls_error_ = made.status();
    if (made.ok()) tls_ = *std::move(made);
  }
  if (!tls_error_.ok()) return tls_error_;
  return tls_.get();
}

ClientThread::ClientThread(std::shared_ptr<ClientShared> shared, IoThread& thread)
    : shared_(std::move(shared)), context_(thread.core().context()), timer_(context_) {}

void ClientThread::ThreadStopped() {
  for (const std::unique_ptr<Host>& host : hosts_) {
    for (const Host::Idle& one : host->idle) one.upstream->Close();
    host->idle.clear();
  }
}

ClientThread::Host& ClientThread::HostOf(const Url& url) {
  for (const std::unique_ptr<Host>& host : hosts_) {
    if (host->port == url.port && host->tls == url.tls() && host->host == url.host) return *host;
  }
  hosts_.push_back(std::make_unique<Host>());
  Host& host = *hosts_.back();
  host.tls = url.tls();
  host.port = url.port;
  host.host = url.host;
  host.name = url.Authority();
  return host;
}

std::shared_ptr<Upstream> ClientThread::TakeIdle(Host& host) {
  while (!host.idle.empty()) {
    Host::Idle last = std::move(host.idle.back());
    host.idle.pop_back();
    if (last.upstream->Quiet() && std::chrono::steady_clock::now() < last.until) {
      return std::move(last.upstream);
    }
    last.upstream->Close();
  }
  return nullptr;
}

void ClientThread::PutIdle(Host& host, std::shared_ptr<Upstream> upstream,
                           std::chrono::seconds allowed) {
  const size_t most = shared_->options.idle_connections;
  if (most == 0) return upstream->Close();
  upstream->Read();
  if (host.idle.size() >= most) {
    host.idle.front().upstream->Close();
    host.idle.erase(host.idle.begin());
  }
  const auto time = std::min<std::chrono::milliseconds>(shared_->options.idle_time, allowed);
  host.idle.push_back({std::move(upstream), std::chrono::steady_clock::now() + time});
  Watch(kIdleSweepEvery);
}

void ClientThread::Add(ClientCall& call, size_t& slot) {
  slot = calls_.size();
  calls_.push_back(&call);
  busy_ = true;
  Watch(kSweepEvery);
}

void ClientThread::Remove(size_t slot) {
  if (slot + 1 < calls_.size()) {
    calls_[slot] = calls_.back();
    calls_[slot]->SetSlot(slot);
  }
  calls_.pop_back();
}

// A sweep that is to come soon enough stays as it is: timers cost a system call.
void ClientThread::Watch(std::chrono::milliseconds time) {
  if (next_sweep_ != SteadyTime::max() && time >= kIdleSweepEvery) return;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (next_sweep_ <= now + time) return;
  next_sweep_ = now + time;
  timer_.expires_at(next_sweep_);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (error) return;
    if (const std::shared_ptr<ClientThread> self = weak.lock()) self->Sweep();
  });
}

void ClientThread::Sweep() {
  next_sweep_ = SteadyTime::max();
  const SteadyTime now = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<ClientCall>> late;  // Their handlers may end other calls.
  for (ClientCall* call : calls_) {
    if (call->deadline() <= now) late.push_back(call->shared_from_this());
  }
  for (const std::shared_ptr<ClientCall>& call : late) call->Expire(now);

  bool idle = false;
  for (const std::unique_ptr<Host>& host : hosts_) {
    std::erase_if(host->idle, [&](const Host::Idle& one) {
      if (one.upstream->open() && now < one.until) return false;
      one.upstream->Close();
      return true;
    });
    idle = idle || !host->idle.empty();
  }
  if (busy_ || !calls_.empty()) {
    Watch(kSweepEvery);
  } else if (idle) {
    Watch(kIdleSweepEvery);
  }
  busy_ = !calls_.empty();
}

}  // namespace pitot
