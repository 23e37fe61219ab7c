// alert/notify/forwarder.h
//
// Keeps one Alertmanager up to date (POST /api/v2/alerts), on a thread of its own. Internal to
// alert/notify.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "alert/notify/channel.h"
#include "alert/notify/figures.h"
#include "alert/notify/forward_plan.h"
#include "alert/notify/sender.h"
#include "base/cancel.h"
#include "base/mutex.h"
#include "http/client.h"

namespace pitot {

// Thread-safe.
class Forwarder {
 public:
  // `url` may be a SecretRef. kInvalidArgument: it is written out and is none.
  static absl::StatusOr<std::unique_ptr<Forwarder>> Create(const std::string& url,
                                                           const ChannelOptions& options,
                                                           const ChannelContext& context,
                                                           const SenderOptions& sender);
  ~Forwarder();

  void Start();
  // Replaces what was to be sent; never blocks.
  void Take(const std::vector<Alert>& alerts);
  // Sends what is due, on the caller's thread: for inline delivery.
  absl::Status SendDue(const std::vector<Alert>& alerts, UnixNanos now);
  ChannelResult Test(const Alert& alert);

  // Whether the newest alerts went out, or failed to.
  bool idle() const;
  void Stop();

  const std::string& name() const { return context_.name; }
  ChannelStatus status() const;

 private:
  Forwarder(std::string url, const ChannelOptions& options, const ChannelContext& context,
            const SenderOptions& sender);
  void Run();
  absl::Status PostAlerts(std::span<const Alert* const> alerts, UnixNanos now);
  std::string target() const;

  const std::string url_;
  const ChannelOptions channel_;
  const ChannelContext context_;
  const SenderOptions options_;
  HttpClient client_;
  ChannelFigures figures_;
  const CancelTokenPtr cancel_ = std::make_shared<CancelToken>();
  ForwardPlan plan_;  // Of the thread, or of who delivers inline.

  mutable Mutex mutex_;
  CondVar changed_;
  std::optional<std::vector<Alert>> newest_ ABSL_GUARDED_BY(mutex_);
  bool sending_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
