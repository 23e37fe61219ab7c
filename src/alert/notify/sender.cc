#include "alert/notify/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "alert/notify/channel.h"
#include "alert/notify/forwarder.h"
#include "alert/notify/worker.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"

namespace pitot {
namespace {

constexpr std::string_view kAlertmanagerKind = "alertmanager";
constexpr char kTestAlertName[] = "PitotTest";

// The channels of one receiver.
struct ReceiverChannels {
  std::vector<std::unique_ptr<ChannelWorker>> workers;
  std::vector<std::unique_ptr<Forwarder>> forwarders;
};

// "slack", then "slack#2".
std::string NameOf(const std::string& kind, std::map<std::string, int>& counts) {
  const int n = ++counts[kind];
  return n == 1 ? kind : fmt::format("{}#{}", kind, n);
}

absl::Status Append(const ReceiverOptions& receiver, const SenderOptions& options,
                    ChannelContext context, ReceiverChannels& channels) {
  std::map<std::string, int> counts;
  for (const ChannelOptions& channel : receiver.channels) {
    if (channel.kind != kAlertmanagerKind) {
      context.name = NameOf(channel.kind, counts);
      absl::StatusOr<std::unique_ptr<Channel>> made = MakeChannel(channel, context);
      if (!made.ok()) return Annotate(made.status(), context.name);
      channels.workers.push_back(
          std::make_unique<ChannelWorker>(*std::move(made), channel, context, options));
      continue;
    }
    if (channel.urls.empty()) {
      return InvalidArgument("alertmanager: urls is missing: a list of \"http://host:9093\"");
    }
    for (const std::string& url : channel.urls) {
      context.name = NameOf(channel.kind, counts);
      absl::StatusOr<std::unique_ptr<Forwarder>> made =
          Forwarder::Create(url, channel, context, options);
      if (!made.ok()) return Annotate(made.status(), context.name);
      channels.forwarders.push_back(*std::move(made));
    }
  }
  return absl::OkStatus();
}

ChannelResult Skipped(const std::string& channel) {
  ChannelResult result;
  result.channel = channel;
  result.skipped = true;
  return result;
}

// A test that nobody takes for an incident.
Notification TestNotification(const std::string& receiver, UnixNanos now) {
  Alert alert;
  alert.labels = {{std::string(kAlertNameLabel), kTestAlertName},
                  {std::string(kSeverityLabel), std::string(Name(AlertSeverity::kInfo))},
                  {"receiver", receiver}};
  alert.annotations.emplace(
      kSummaryAnnotation,
      fmt::format("This is a test: what Pitot sends to receiver {} arrives here", receiver));
  alert.annotations.emplace(kDescriptionAnnotation, "Nothing is wrong, nothing is to be done.");
  alert.fingerprint = FingerprintOf(alert.labels);
  alert.state = AlertState::kFiring;
  alert.active_at = alert.fired_at = alert.last_breach_at = alert.last_seen_at = now;
  Notification notification;
  notification.receiver = receiver;
  notification.group_key = fmt::format("test:{{receiver=\"{}\", at=\"{}\"}}", receiver, now);
  notification.group_labels = {{std::string(kAlertNameLabel), kTestAlertName}};
  notification.alerts = {std::move(alert)};
  notification.at = now;
  return notification;
}

Notification ResolvedOf(Notification notification) {
  notification.reason = NotifyReason::kAllResolved;
  for (Alert& alert : notification.alerts) {
    alert.state = AlertState::kResolved;
    alert.resolved_at = notification.at;
  }
  return notification;
}

// Gathers the results of one Send, and tells them when the last is there. Thread-safe.
class Gathering {
 public:
  Gathering(size_t channels, std::shared_ptr<const Delivery> delivery, Sender::Done done)
      : delivery_(std::move(delivery)), done_(std::move(done)), missing_(channels) {
    MutexLock lock(&mutex_);
    results_.resize(channels);
  }

  void Add(size_t index, ChannelResult result) {
    std::vector<ChannelResult> results;
    {
      MutexLock lock(&mutex_);
      results_[index] = std::move(result);
      if (--missing_ > 0) return;
      results.swap(results_);
    }
    if (done_) done_(delivery_->notification, results);
  }

 private:
  const std::shared_ptr<const Delivery> delivery_;
  const Sender::Done done_;
  Mutex mutex_;
  std::vector<ChannelResult> results_ ABSL_GUARDED_BY(mutex_);
  size_t missing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Channel>> MakeChannel(const ChannelOptions& options,
                                                     const ChannelContext& context) {
  if (options.kind == "webhook") return MakeWebhook(options, context);
  if (options.kind == "slack") return MakeSlack(options, context);
  if (options.kind == "pagerduty") return MakePagerDuty(options, context);
  if (options.kind == "email") return MakeEmail(options, context);
  if (options.kind == "command") return MakeCommand(options, context);
  return InvalidArgument(
      "\"{}\" is no channel: webhook, slack, pagerduty, email, alertmanager or command",
      options.kind);
}

bool Delivered(const std::vector<ChannelResult>& results) {
  return std::all_of(results.begin(), results.end(), [](const ChannelResult& result) {
    return result.skipped || result.status.ok();
  });
}

std::string ResultText(const std::vector<ChannelResult>& results) {
  std::string text;
  for (const ChannelResult& result : results) {
    fmt::format_to(std::back_inserter(text), "{}{}: {}", text.empty() ? "" : "; ", result.channel,
                   result.skipped       ? "nothing to tell"
                   : result.status.ok() ? "ok"
                                        : Message(result.status));
  }
  return text;
}

class Sender::Impl {
 public:
  Impl(SenderOptions options, StateLog* state, const Clock& clock)
      : options_(std::move(options)), state_(state), clock_(clock) {
    while (options_.external_url.ends_with('/')) options_.external_url.pop_back();
  }

  absl::Status Add(const ReceiverOptions& receiver) {
    ChannelContext context;
    context.receiver = receiver.name;
    context.external_url = options_.external_url;
    context.user_agent = "pitot/" + options_.version;
    context.state = state_;
    context.clock = &clock_;
    return Annotate(Append(receiver, options_, std::move(context), receivers_[receiver.name]),
                    fmt::format("receiver \"{}\"", receiver.name));
  }

  void Start() {
    if (options_.inline_delivery) return;
    for (auto& [name, channels] : receivers_) {
      for (auto& worker : channels.workers) worker->Start();
      for (auto& forwarder : channels.forwarders) forwarder->Start();
    }
  }

  void Send(Notification notification, Done done) {
    auto delivery = std::make_shared<Delivery>();
    delivery->notification = std::move(notification);
    delivery->until = std::chrono::steady_clock::now() + options_.deadline;
    const auto found = receivers_.find(delivery->notification.receiver);
    const size_t channels = found == receivers_.end()
                                ? 1
                                : found->second.workers.size() + found->second.forwarders.size();
    const auto gathering = std::make_shared<Gathering>(channels, delivery, std::move(done));
    if (found == receivers_.end()) {
      ChannelResult result;
      result.channel = "none";
      result.status = Error(absl::StatusCode::kNotFound, "there is no receiver \"{}\"",
                            delivery->notification.receiver);
      return gathering->Add(0, std::move(result));
    }
    size_t index = 0;
    for (const auto& forwarder : found->second.forwarders) {
      gathering->Add(index++, Skipped(forwarder->name()));
    }
    for (const auto& worker : found->second.workers) {
      Hand(*worker, delivery, gathering, index++);
    }
  }

  std::vector<std::string> ForwardReceivers() const {
    std::vector<std::string> names;
    for (const auto& [name, channels] : receivers_) {
      if (!channels.forwarders.empty()) names.push_back(name);
    }
    return names;
  }

  void Forward(std::string_view receiver, const std::vector<Alert>& alerts, UnixNanos now) {
    const auto found = receivers_.find(receiver);
    if (found == receivers_.end()) return;
    for (const auto& forwarder : found->second.forwarders) {
      if (options_.inline_delivery) {
        // Counted there; the next evaluation tries again.
        static_cast<void>(forwarder->SendDue(alerts, now));
      } else {
        forwarder->Take(alerts);
      }
    }
  }

  absl::StatusOr<std::vector<ChannelResult>> Test(std::string_view receiver) {
    const auto found = receivers_.find(receiver);
    if (found == receivers_.end()) {
      return Error(absl::StatusCode::kNotFound, "there is no receiver \"{}\"", receiver);
    }
    const Notification firing = TestNotification(found->first, clock_.Now());
    const Notification resolved = ResolvedOf(firing);
    std::vector<ChannelResult> results;
    for (const auto& worker : found->second.workers) {
      results.push_back(worker->Test(firing, resolved));
    }
    for (const auto& forwarder : found->second.forwarders) {
      results.push_back(forwarder->Test(firing.alerts.front()));
    }
    return results;
  }

  std::vector<ChannelStatus> Statuses() const {
    std::vector<ChannelStatus> statuses;
    for (const auto& [name, channels] : receivers_) {
      for (const auto& worker : channels.workers) statuses.push_back(worker->status());
      for (const auto& forwarder : channels.forwarders) statuses.push_back(forwarder->status());
    }
    return statuses;
  }

  void Stop(std::chrono::milliseconds drain) {
    const auto until = std::chrono::steady_clock::now() + drain;
    for (auto& [name, channels] : receivers_) {
      for (auto& worker : channels.workers) worker->Close();
    }
    {
      MutexLock lock(&mutex_);
      while (waiting_ > 0 && drained_.WaitUntil(mutex_, until)) {
      }
      if (waiting_ > 0) {
        LogWarning("notifications: {} were not delivered before the stop", waiting_);
      }
    }
    for (auto& [name, channels] : receivers_) {
      for (auto& worker : channels.workers) worker->Stop();
      for (auto& forwarder : channels.forwarders) forwarder->Stop();
    }
  }

 private:
  void Hand(ChannelWorker& worker, const std::shared_ptr<const Delivery>& delivery,
            const std::shared_ptr<Gathering>& gathering, size_t index) {
    if (options_.inline_delivery) {
      gathering->Add(index, worker.DeliverInline(delivery->notification));
      return;
    }
    {
      MutexLock lock(&mutex_);
      ++waiting_;
    }
    ChannelWorker::Job job;
    job.delivery = delivery;
    job.done = [this, gathering, index](ChannelResult result) {
      gathering->Add(index, std::move(result));
      MutexLock lock(&mutex_);
      if (--waiting_ == 0) drained_.NotifyAll();
    };
    if (worker.TryAdd(job)) return;
    ChannelResult result;
    result.channel = worker.name();
    result.status = absl::ResourceExhaustedError(
        "too many notifications wait for this channel, or the server stops");
    job.done(std::move(result));
  }

  SenderOptions options_;
  StateLog* const state_;
  const Clock& clock_;

  Mutex mutex_;
  CondVar drained_;
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;  // Notifications times channels.

  std::map<std::string, ReceiverChannels, std::less<>> receivers_;  // Last: has the threads.
};

Sender::Sender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sender::~Sender() { Stop(std::chrono::milliseconds(0)); }

absl::StatusOr<std::unique_ptr<Sender>> Sender::Open(std::vector<ReceiverOptions> receivers,
                                                     SenderOptions options, StateLog* state,
                                                     const Clock& clock) {
  auto impl = std::make_unique<Impl>(std::move(options), state, clock);
  for (const ReceiverOptions& receiver : receivers) RETURN_IF_ERROR(impl->Add(receiver));
  impl->Start();
  return std::unique_ptr<Sender>(new Sender(std::move(impl)));
}

void Sender::Send(Notification notification, Done done) {
  impl_->Send(std::move(notification), std::move(done));
}
std::vector<std::string> Sender::ForwardReceivers() const { return impl_->ForwardReceivers(); }
void Sender::Forward(std::string_view receiver, const std::vector<Alert>& alerts, UnixNanos now) {
  impl_->Forward(receiver, alerts, now);
}
absl::StatusOr<std::vector<ChannelResult>> Sender::Test(std::string_view receiver) {
  return impl_->Test(receiver);
}
std::vector<ChannelStatus> Sender::Statuses() const { return impl_->Statuses(); }
void Sender::Stop(std::chrono::milliseconds drain) { impl_->Stop(drain); }

absl::Status ValidateReceivers(const std::vector<ReceiverOptions>& receivers) {
  static const SystemClock kClock;
  for (const ReceiverOptions& receiver : receivers) {
    ChannelContext context;
    context.receiver = receiver.name;
    context.clock = &kClock;
    ReceiverChannels channels;
    RETURN_IF_ERROR(Annotate(Append(receiver, {}, std::move(context), channels),
                             fmt::format("receiver \"{}\"", receiver.name)));
  }
  return absl::OkStatus();
}

}  // namespace pitot
