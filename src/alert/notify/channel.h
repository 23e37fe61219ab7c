// alert/notify/channel.h
//
// One way of telling somebody, and one attempt at it. Internal to alert/notify; Sender (sender.h) adds
// queues, retries and figures.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "alert/alert.h"
#include "alert/options.h"
#include "base/cancel.h"
#include "base/clock.h"

namespace pitot {

class StateLog;

// What a channel is told beside its own options.
struct ChannelContext {
  std::string receiver;
  std::string name;          // Within the receiver: "slack", "slack#2".
  std::string external_url;  // Without a slash at its end.
  std::string user_agent;    // "pitot/1.2"
  StateLog* state = nullptr;
  const Clock* clock = nullptr;
};

// Thread-safe: a test may run beside the sender's thread.
class Channel {
 public:
  virtual ~Channel() = default;

  // One attempt. The statuses are those of sender.h; RetryAfter(status) where the other side named a
  // time. `cancel` ends it early (kCancelled).
  virtual absl::Status Deliver(const Notification& notification, const CancelTokenPtr& cancel) = 0;

  // Host, address or program, for people; never a secret.
  virtual std::string target() const = 0;

  // Whether something stays open over there until a resolved notification comes.
  virtual bool stays_open() const { return false; }
};

// kInvalidArgument: what is missing or wrong in `options`. `kind` is any but "alertmanager"
// (forwarder.h).
absl::StatusOr<std::unique_ptr<Channel>> MakeChannel(const ChannelOptions& options,
                                                     const ChannelContext& context);

using ChannelOr = absl::StatusOr<std::unique_ptr<Channel>>;
ChannelOr MakeWebhook(const ChannelOptions& options, const ChannelContext& context);
ChannelOr MakeSlack(const ChannelOptions& options, const ChannelContext& context);
ChannelOr MakePagerDuty(const ChannelOptions& options, const ChannelContext& context);
ChannelOr MakeEmail(const ChannelOptions& options, const ChannelContext& context);
ChannelOr MakeCommand(const ChannelOptions& options, const ChannelContext& context);

}  // namespace pitot
