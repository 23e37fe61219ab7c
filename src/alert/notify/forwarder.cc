#include "alert/notify/forwarder.h"

#include <fmt/format.h>

#include <algorithm>

#include "alert/notify/http_post.h"
#include "alert/notify/secret.h"
#include "base/log.h"
#include "base/status.h"

namespace pitot {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr size_t kAlertsPerRequest = 256;

}  // namespace

absl::StatusOr<std::unique_ptr<Forwarder>> Forwarder::Create(const std::string& url,
                                                             const ChannelOptions& options,
                                                             const ChannelContext& context,
                                                             const SenderOptions& sender) {
  RETURN_IF_ERROR(CheckUrl(url));
  return std::unique_ptr<Forwarder>(new Forwarder(url, options, context, sender));
}

Forwarder::Forwarder(std::string url, const ChannelOptions& options, const ChannelContext& context,
                     const SenderOptions& sender)
    : url_(std::move(url)),
      channel_(options),
      context_(context),
      options_(sender),
      client_(ClientOptionsOf(options, context.user_agent)),
      figures_(context, options.kind),
      plan_(sender.evaluation_interval_ns) {}

Forwarder::~Forwarder() { Stop(); }

void Forwarder::Start() {
  thread_ = std::jthread([this] { Run(); });
}

void Forwarder::Stop() {
  cancel_->Cancel();
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Forwarder::Take(const std::vector<Alert>& alerts) {
  MutexLock lock(&mutex_);
  newest_ = alerts;
  changed_.NotifyAll();
}

bool Forwarder::idle() const {
  MutexLock lock(&mutex_);
  return !newest_ && !sending_;
}

void Forwarder::Run() {
  std::chrono::milliseconds backoff = options_.backoff_first;
  std::vector<Alert> alerts;
  bool failed = false;
  for (;;) {
    {
      const auto retry_at = SteadyClock::now() + backoff;
      MutexLock lock(&mutex_);
      sending_ = false;
      if (failed) {
        // Whatever comes meanwhile: one that is away is not helped by being asked more often.
        while (!stopping_ && changed_.WaitUntil(mutex_, retry_at)) {
        }
      } else {
        while (!stopping_ && !newest_) changed_.Wait(mutex_);
      }
      if (stopping_) return;
      if (newest_) alerts = std::move(*newest_);
      newest_.reset();
      sending_ = true;
    }
    const absl::Status status = SendDue(alerts, context_.clock->Now());
    failed = RowOf(status.code()).retry;
    backoff = failed ? std::min(backoff * 2, options_.backoff_max) : options_.backoff_first;
  }
}

absl::Status Forwarder::SendDue(const std::vector<Alert>& alerts, UnixNanos now) {
  plan_.Keep(alerts);
  const std::vector<const Alert*> due = plan_.Due(alerts, now);
  for (size_t at = 0; at < due.size(); at += kAlertsPerRequest) {
    const auto piece = std::span(due).subspan(at, std::min(kAlertsPerRequest, due.size() - at));
    const auto begin = SteadyClock::now();
    const absl::Status status = PostAlerts(piece, now);
    if (!status.ok()) {
      figures_.Failed(status);
      LogWarning("receiver {}: {} alerts did not reach the Alertmanager: {}", context_.receiver,
                 due.size() - at, Message(status));
      // What it refuses it has looked at, and what was good of it it has kept: not the same again at
      // once, but in a minute.
      if (RowOf(status.code()).retry) return status;
    } else {
      figures_.Succeeded(std::chrono::nanoseconds(SteadyClock::now() - begin).count());
    }
    plan_.Sent(piece, now);
  }
  return absl::OkStatus();
}

absl::Status Forwarder::PostAlerts(std::span<const Alert* const> alerts, UnixNanos now) {
  PostRequest request;
  ASSIGN_OR_RETURN(request.url, ReadSecret(url_));
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += "/api/v2/alerts";
  for (const auto& [name, value] : channel_.headers) {
    ASSIGN_OR_RETURN(const std::string text, ReadSecret(value));
    request.headers.Add(name, text);
  }
  request.body = plan_.Body(alerts, now);
  request.timeout = std::chrono::milliseconds(channel_.timeout_ns / kNanosPerMilli);
  request.cancel = cancel_;
  return Post(client_, request).status();
}

ChannelResult Forwarder::Test(const Alert& alert) {
  ChannelResult result;
  result.channel = context_.name;
  result.attempts = 1;
  const Alert* const alerts[] = {&alert};
  const auto begin = SteadyClock::now();
  result.status = PostAlerts(alerts, context_.clock->Now());
  if (result.status.ok()) {
    figures_.Succeeded(std::chrono::nanoseconds(SteadyClock::now() - begin).count());
  } else {
    figures_.Failed(result.status);
  }
  return result;
}

std::string Forwarder::target() const {
  const absl::StatusOr<std::string> url = ReadSecret(url_);
  return url.ok() ? HostOf(*url) : std::string(SecretPlace(url_));
}

ChannelStatus Forwarder::status() const { return figures_.Get(target(), idle() ? 0 : 1); }

}  // namespace pitot
