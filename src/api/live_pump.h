// api/live_pump.h
//
// Carries the live feed to everyone who reads GET /api/v1/live: one thread for all of them.
//
// A reader's socket buffer and one piece of text are all that is held for it; while it reads nothing
// it falls behind in the feed, and what the feed has dropped by then is told to it as a `gap`.
//
// Thread-safety: any thread. Borrows feed and limits.
#pragma once

#include <absl/status/status.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/cancel.h"
#include "base/limits.h"
#include "base/mutex.h"
#include "http/server.h"
#include "ingest/live.h"
#include "query/filter/filter.h"

namespace pitot {

struct LiveRequest {
  std::string project;
  Filter filter;
  std::optional<uint64_t> last_id;  // To be resumed after.
  CancelTokenPtr gone;              // Cancelled when the reader goes away.
};

class LivePump {
 public:
  LivePump(LiveFeed& feed, const Limits& limits, std::chrono::milliseconds heartbeat);
  ~LivePump();

  // Answers with the stream; or, when limits.live_subscribers read already or the server stops,
  // refuses: kUnavailable, `responder` untouched.
  absl::Status Add(LiveRequest request, Responder& responder);

  // Ends every stream and takes no more. Safe to call twice.
  void Stop();

 private:
  struct Reader;
  struct Decoded;
  // Shared with callbacks of streams, which may outlive the pump.
  struct Wake {
    Mutex mutex;
    CondVar changed;
    bool news ABSL_GUARDED_BY(mutex) = false;
    void Notify();
  };

  void Run();
  // False when stopping.
  bool Await(std::chrono::steady_clock::time_point until);
  void TakeFresh();
  void ServeAll();
  // True when there may be more to send at once.
  bool Serve(Reader& reader);
  void Fill(Reader& reader, const LivePull& pull);
  bool Flush(Reader& reader);
  void Beat(std::chrono::steady_clock::time_point now);
  void DropGone();

  LiveFeed& feed_;
  const Limits& limits_;
  const std::chrono::milliseconds heartbeat_;
  const std::shared_ptr<Wake> wake_ = std::make_shared<Wake>();

  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t readers_count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Reader>> fresh_ ABSL_GUARDED_BY(mutex_);

  // The thread's own.
  std::vector<std::unique_ptr<Reader>> readers_;
  std::unique_ptr<Decoded> decoded_;  // The batch that was sent last: most readers are at the same.

  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
