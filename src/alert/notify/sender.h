// alert/notify/sender.h
//
// Tells people: takes notifications of the dispatcher to the channels of their receivers (webhook,
// Slack, PagerDuty, e-mail, command), and alerts as they are to Alertmanagers.
//
// Each channel has a queue and a thread of its own: one that is slow or away holds up no other, and
// what goes to one channel goes in the order of Send. Only what may pass is tried again (no
// connection, a timeout, HTTP 429 and 5xx), with growing, jittered pauses or as long as Retry-After
// says, until SenderOptions::deadline has passed since Send.
//
// A receiver is told when each of its channels is. When one is not, the dispatcher sends the same
// notification again (same group, same sequence); channels that have it already do not repeat it.
//
// Secrets (SecretRef) are read at each attempt, so that they can be changed without a restart. No
// status, log line or figure holds more of a URL than its host.
//
// Thread-safety: all of it. Errors of a channel:
//   kUnavailable, kDeadlineExceeded, kResourceExhausted  passing; tried until the deadline
//   kFailedPrecondition  a secret is not there, a certificate not accepted; docs/notifications.md
//   kInvalidArgument     the other side will never take it (HTTP 4xx); its words are in the message
//   kCancelled           the server stops
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "alert/options.h"
#include "base/clock.h"

namespace pitot {

class StateLog;

// Annotations that the texts know, beside Prometheus's `summary` (one line with numbers) and
// `description`. `runbook_url` becomes a link.
inline constexpr std::string_view kSummaryAnnotation = "summary";
inline constexpr std::string_view kDescriptionAnnotation = "description";
inline constexpr std::string_view kCauseAnnotation = "cause";    // First cause of the runbook.
inline constexpr std::string_view kImpactAnnotation = "impact";  // Who is affected, what it costs.
inline constexpr std::string_view kRunbookUrlAnnotation = "runbook_url";

struct SenderOptions {
  std::string external_url;  // Of this server's pages, without a slash at its end; may be empty.
  std::string version;       // Of Pitot, for User-Agent.
  int64_t evaluation_interval_ns = 30 * kNanosPerSecond;

  // From Send to the last attempt. Below group_interval, so that a failed notification has failed
  // before the dispatcher thinks of the group again.
  std::chrono::milliseconds deadline{4 * 60'000};
  std::chrono::milliseconds backoff_first{1'000};  // Doubles, each with up to half of it at random.
  std::chrono::milliseconds backoff_max{60'000};
  size_t queue_max = 256;  // Notifications a channel may have waiting; over it they fail at once.

  // Send and Forward deliver before they return, one attempt each: for a simulated clock.
  bool inline_delivery = false;
};

struct ChannelResult {
  std::string channel;  // "slack", or "slack#2" for the second of its kind in the receiver.
  absl::Status status;
  int attempts = 0;      // 0: nothing was sent.
  bool skipped = false;  // Nothing to tell here: only resolved alerts and send_resolved is off, the
                         // channel has this notification already, or it is an Alertmanager's.
};

// Whether the receiver was told; what Dispatcher::Sent wants to know.
bool Delivered(const std::vector<ChannelResult>& results);
// "slack: ok; email: SMTP 550 ...", for logs and the notification log of the API.
std::string ResultText(const std::vector<ChannelResult>& results);

// One channel's figures since the start; times also from before it.
struct ChannelStatus {
  std::string receiver;
  std::string channel;  // As ChannelResult::channel.
  std::string kind;
  std::string target;  // Host, address or program; never a secret.
  uint64_t sent = 0;
  uint64_t failed = 0;  // Given up.
  uint64_t retries = 0;
  uint64_t queued = 0;
  UnixNanos last_success_at = 0;  // 0: never.
  UnixNanos last_error_at = 0;
  std::string last_error;
  int64_t last_latency_ns = 0;  // Of the last attempt that succeeded.
};

// kInvalidArgument names the receiver, its channel and what is missing or wrong. Secrets are not read.
absl::Status ValidateReceivers(const std::vector<ReceiverOptions>& receivers);

class Sender {
 public:
  using Done = std::function<void(const Notification&, const std::vector<ChannelResult>&)>;

  // `state` keeps what an edit of a Slack message needs and when a channel last worked; null: memory
  // only. Borrows `state` and `clock`. The clock gives time stamps; waiting is done in real time.
  static absl::StatusOr<std::unique_ptr<Sender>> Open(std::vector<ReceiverOptions> receivers,
                                                      SenderOptions options, StateLog* state,
                                                      const Clock& clock);
  ~Sender();  // Stop(0).

  // Never blocks (but inline). `done` is called exactly once, on a thread of the sender's, or in here
  // when nothing waits for an answer; it must not call Stop.
  void Send(Notification notification, Done done);

  // Receivers with an Alertmanager. At each evaluation each wants Forward with all alerts routed to
  // it, resolved ones too.
  std::vector<std::string> ForwardReceivers() const;
  // An Alertmanager groups, waits and repeats by itself, so it gets alerts at once and as they are:
  // news immediately, all others again each minute, resolved ones for 15 minutes. What is silenced or
  // inhibited here is not sent, unless it was before. Never blocks (but inline); where an
  // Alertmanager is away, the newest alerts go out when it is back.
  void Forward(std::string_view receiver, const std::vector<Alert>& alerts, UnixNanos now);

  // Sends a notification marked as a test to every channel, one attempt each, and waits for it.
  // kNotFound: no such receiver.
  absl::StatusOr<std::vector<ChannelResult>> Test(std::string_view receiver);

  std::vector<ChannelStatus> Statuses() const;

  // Takes nothing more, waits up to `drain` for what is queued, gives up the rest (kCancelled), and
  // joins its threads. Safe to call twice.
  void Stop(std::chrono::milliseconds drain);

 private:
  class Impl;
  explicit Sender(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
