// alert/notify/figures.h
//
// How one channel does: what Sender::Statuses shows. Internal to alert/notify. Thread-safe.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <string>

#include "alert/notify/channel.h"
#include "alert/notify/sender.h"
#include "base/mutex.h"

namespace pitot {

class ChannelFigures {
 public:
  // Reads when the channel last worked from the state log, and keeps it there, hourly.
  ChannelFigures(const ChannelContext& context, std::string kind);

  void Succeeded(int64_t took_ns);
  // An attempt that was not the last one.
  void Retried(const absl::Status& why);
  void Failed(const absl::Status& why);

  ChannelStatus Get(std::string target, uint64_t queued) const;

 private:
  void Keep(UnixNanos at);

  const ChannelContext context_;
  mutable Mutex mutex_;
  ChannelStatus status_ ABSL_GUARDED_BY(mutex_);
  UnixNanos kept_at_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace pitot
