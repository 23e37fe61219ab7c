// alert/notify/worker.h
//
// One channel's queue and thread: takes notifications in order, tries each until it is told, refused
// for good, or too late. Internal to alert/notify.
#pragma once

#include <absl/status/status.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "alert/notify/channel.h"
#include "alert/notify/figures.h"
#include "alert/notify/sender.h"
#include "base/bounded_queue.h"
#include "base/cancel.h"
#include "base/mutex.h"

namespace pitot {

// What several channels share of one Send.
struct Delivery {
  Notification notification;
  std::chrono::steady_clock::time_point until;
};

class ChannelWorker {
 public:
  struct Job {
    std::shared_ptr<const Delivery> delivery;
    std::function<void(ChannelResult)> done;
  };

  ChannelWorker(std::unique_ptr<Channel> channel, const ChannelOptions& options,
                const ChannelContext& context, const SenderOptions& sender);
  ~ChannelWorker();

  void Start();
  // False: full or stopped; `job` is untouched.
  bool TryAdd(Job& job) { return queue_.TryPush(job); }
  // One attempt, on the caller's thread. For inline delivery; not beside the worker's own thread.
  ChannelResult DeliverInline(const Notification& notification);
  // One attempt at a test, beside whatever the thread does; closes what the test opened.
  ChannelResult Test(const Notification& firing, const Notification& resolved);

  // Takes nothing more.
  void Close() { queue_.Close(); }
  // Gives up what is left, and joins.
  void Stop();

  const std::string& name() const { return context_.name; }
  ChannelStatus status() const;

 private:
  // What a group was last told here. A notification that another channel of the receiver did not get is
  // sent again with the same number, and must not be repeated here.
  struct Told {
    uint64_t sequence = 0;
    uint64_t digest = 0;
    UnixNanos at = 0;
  };

  void Run();
  ChannelResult Process(const Delivery& delivery);
  // Nothing to tell: why not is in the result. Else `notification` is what this channel wants of it.
  bool Skips(Notification& notification);
  void Remember(const Notification& notification, uint64_t digest);
  // Counts it if it succeeds.
  absl::Status Attempt(const Notification& notification);
  void TryUntil(std::chrono::steady_clock::time_point until, const Notification& notification,
                ChannelResult& result);
  // False: cancelled meanwhile.
  bool Wait(std::chrono::milliseconds pause);

  const std::unique_ptr<Channel> channel_;
  const bool send_resolved_;
  const ChannelContext context_;
  const SenderOptions options_;
  ChannelFigures figures_;
  const CancelTokenPtr cancel_ = std::make_shared<CancelToken>();
  BoundedQueue<Job> queue_;
  std::map<std::string, Told> told_;  // By group; of the thread, or of who delivers inline.
  std::minstd_rand random_;           // Likewise.

  Mutex mutex_;
  CondVar cancelled_;

  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
