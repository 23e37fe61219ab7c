#include "alert/notify/worker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "measure/fingerprint.h"

namespace pitot {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Groups remembered as told; over it the memory starts anew, which costs a repetition at worst.
constexpr size_t kToldMax = 10'000;
// After this it is told again although it is told: the other channel may stay broken for days, and this
// one is owed its reminders.
constexpr int64_t kToldForNs = 4 * 60 * kNanosPerMinute;
constexpr int64_t kPageToldForNs = 60 * kNanosPerMinute;

// Of what a notification says: which alerts, and which of them fire.
uint64_t DigestOf(const Notification& notification) {
  FingerprintHash hash;
  for (const Alert& alert : notification.alerts) {
    hash.Add(FingerprintText(alert.fingerprint));
    hash.AddByte(IsActive(alert.state) ? 1 : 0);
  }
  return hash.value();
}

bool IsPassing(const absl::Status& status) { return RowOf(status.code()).retry; }

}  // namespace

ChannelWorker::ChannelWorker(std::unique_ptr<Channel> channel, const ChannelOptions& options,
                             const ChannelContext& context, const SenderOptions& sender)
    : channel_(std::move(channel)),
      send_resolved_(options.send_resolved),
      context_(context),
      options_(sender),
      figures_(context, options.kind),
      queue_(sender.queue_max),
      random_(std::random_device{}()) {}

ChannelWorker::~ChannelWorker() { Stop(); }

void ChannelWorker::Start() {
  thread_ = std::jthread([this] { Run(); });
}

void ChannelWorker::Stop() {
  queue_.Close();
  cancel_->Cancel();
  {
    MutexLock lock(&mutex_);
    cancelled_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void ChannelWorker::Run() {
  while (std::optional<Job> job = queue_.Pop()) job->done(Process(*job->delivery));
}

ChannelStatus ChannelWorker::status() const {
  return figures_.Get(channel_->target(), queue_.size());
}

bool ChannelWorker::Skips(Notification& notification) {
  if (!send_resolved_) {
    if (!notification.firing()) {
      told_.erase(notification.group_key);
      return true;
    }
    std::erase_if(notification.alerts, [](const Alert& alert) { return !IsActive(alert.state); });
  }
  const auto told = told_.find(notification.group_key);
  const bool page = notification.severity() == AlertSeverity::kPage;
  return told != told_.end() && notification.sequence != 0 &&
         told->second.sequence == notification.sequence &&
         told->second.digest == DigestOf(notification) &&
         notification.at - told->second.at < (page ? kPageToldForNs : kToldForNs);
}

void ChannelWorker::Remember(const Notification& notification, uint64_t digest) {
  if (told_.size() >= kToldMax) told_.clear();
  told_[notification.group_key] = {notification.sequence, digest, notification.at};
}

absl::Status ChannelWorker::Attempt(const Notification& notification) {
  const auto begin = SteadyClock::now();
  const absl::Status status = channel_->Deliver(notification, cancel_);
  if (status.ok()) {
    figures_.Succeeded(std::chrono::nanoseconds(SteadyClock::now() - begin).count());
  }
  return status;
}

ChannelResult ChannelWorker::DeliverInline(const Notification& notification) {
  ChannelResult result;
  result.channel = context_.name;
  Notification mine = notification;
  result.skipped = Skips(mine);
  if (result.skipped) return result;
  result.attempts = 1;
  result.status = Attempt(mine);
  if (result.status.ok()) {
    Remember(mine, DigestOf(mine));
  } else {
    figures_.Failed(result.status);
  }
  return result;
}

ChannelResult ChannelWorker::Test(const Notification& firing, const Notification& resolved) {
  ChannelResult result;
  result.channel = context_.name;
  result.attempts = 1;
  result.status = Attempt(firing);
  if (result.status.ok() && channel_->stays_open()) result.status = Attempt(resolved);
  if (!result.status.ok()) figures_.Failed(result.status);
  return result;
}

bool ChannelWorker::Wait(std::chrono::milliseconds pause) {
  const auto until = SteadyClock::now() + pause;
  MutexLock lock(&mutex_);
  while (!cancel_->cancelled() && cancelled_.WaitUntil(mutex_, until)) {
  }
  return !cancel_->cancelled();
}

ChannelResult ChannelWorker::Process(const Delivery& delivery) {
  ChannelResult result;
  result.channel = context_.name;
  Notification mine = delivery.notification;
  result.skipped = Skips(mine);
  if (result.skipped) return result;
  if (SteadyClock::now() >= delivery.until) {
    result.status =
        absl::DeadlineExceededError("not tried: notifications before it took all of the time");
  } else {
    TryUntil(delivery.until, mine, result);
  }
  if (result.status.ok()) {
    Remember(mine, DigestOf(mine));
    return result;
  }
  figures_.Failed(result.status);
  LogWarning("receiver {}: {} was not told of {}, after {} attempts: {}", context_.receiver,
             context_.name, mine.group_key, result.attempts, Message(result.status));
  return result;
}

void ChannelWorker::TryUntil(std::chrono::steady_clock::time_point until,
                             const Notification& notification, ChannelResult& result) {
  std::chrono::milliseconds backoff = options_.backoff_first;
  for (;;) {
    if (cancel_->cancelled()) {
      result.status = absl::CancelledError("the server stops");
      return;
    }
    ++result.attempts;
    result.status = Attempt(notification);
    if (result.status.ok() || !IsPassing(result.status)) return;
    std::uniform_int_distribution<int64_t> jitter(0, backoff.count() / 2);
    const std::chrono::milliseconds pause =
        std::max(backoff + std::chrono::milliseconds(jitter(random_)), RetryAfter(result.status));
    if (SteadyClock::now() + pause >= until) return;
    figures_.Retried(result.status);
    if (!Wait(pause)) return;
    backoff = std::min(backoff * 2, options_.backoff_max);
  }
}

}  // namespace pitot
