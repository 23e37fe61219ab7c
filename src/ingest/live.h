// ingest/live.h
//
// Spans for those who watch: each span once it is durable, numbered, held for a while so that a
// watcher who was cut off misses nothing.
//
// Nothing is kept for a project nobody watches: the write path then pays one relaxed load a request.
// From a project's first subscription until `keep_ns` after its last one ended, each durable span is
// kept as it came, without its contents (messages, arguments, results, events, links): values of its
// own only, nothing inherited. Beyond `bytes` the oldest are dropped and counted; so are those older
// than `keep_ns`.
//
// Numbers rise within a project, by one a span, and start at the microseconds since 1970 at which
// watching began: a number from before a restart is below every later one. History (import) and a
// repeated request are not shown; a span delivered again in another request is shown again.
//
// Thread-safety: any thread. No call waits for a subscriber: publishing takes a mutex that is held for
// moments only.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/arena.h"
#include "model/span.h"

namespace pitot {

// Spans of one project, encoded; see ReadLiveSpan.
struct LiveSpans {
  std::string items;
  std::vector<uint32_t> ends;  // Span n is items[ends[n - 1], ends[n]).

  // Appends `span` without its contents.
  void Add(const Span& span);
  size_t size() const { return ends.size(); }
  size_t bytes() const { return items.size() + ends.size() * sizeof(uint32_t); }
};

struct LiveBatch {
  uint64_t first_id = 0;
  UnixNanos at_ns = 0;
  LiveSpans spans;
  uint64_t end_id() const { return first_id + spans.size(); }
};

// `arena` and the spans must outlive `span`, which is overwritten. False: not what Add wrote.
[[nodiscard]] bool ReadLiveSpan(const LiveSpans& spans, size_t n, Arena& arena, Span* span);

struct LiveOptions {
  size_t bytes = 16 << 20;  // limits.live_bytes, over all projects.
  int64_t keep_ns = 60 * kNanosPerSecond;
};

// What a subscriber gets next.
struct LivePull {
  // Spans of the project that are not held any more; nullopt: how many is not known, since watching
  // had stopped in between.
  std::optional<uint64_t> lost = 0;
  std::shared_ptr<const LiveBatch> batch;  // Null: nothing new.
  size_t first = 0;                        // In the batch.
};

class LiveFeed {
 public:
  // Borrows the clock.
  LiveFeed(const LiveOptions& options, const Clock& clock) : options_(options), clock_(clock) {}

  // Whether spans of `project` are to be published.
  bool Wants(const std::string& project) {
    return watched_.load(std::memory_order_relaxed) != 0 && WantsSlow(project);
  }
  void Publish(const std::string& project, std::vector<LiveSpans> spans);

  struct Cursor {
    std::string project;
    uint64_t next_id = 0;
    bool broken = false;  // What was asked to be resumed is not known here.
  };
  // Starts to watch. `last_id`: the last number the watcher has seen; the spans after it come first.
  // Each Subscribe needs its Unsubscribe.
  Cursor Subscribe(const std::string& project, std::optional<uint64_t> last_id);
  void Unsubscribe(const std::string& project);

  // What follows the cursor, which the caller then moves to the end of what it used; after `lost` to
  // the batch's first.
  LivePull Pull(const Cursor& cursor) const;

  // Called after each Publish, by its thread: it must be quick. Null: nobody.
  void OnNews(std::function<void()> callback);

  // Forgets what is too old. Publish does so too; this is for projects in which nothing happens.
  void Expire();

  struct Stats {
    uint64_t bytes = 0;
    uint64_t projects = 0;
    uint64_t dropped = 0;  // Spans, for want of room.
  };
  Stats stats() const;

 private:
  struct Channel {
    uint64_t first_id = 0;  // Of the first span ever kept.
    uint64_t next_id = 0;
    std::deque<std::shared_ptr<const LiveBatch>> batches;
    int subscribers = 0;
    UnixNanos left_ns = 0;  // When the last subscriber left.
  };

  bool WantsSlow(const std::string& project);
  void ExpireLocked(UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PopFront(Channel& channel) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const LiveOptions options_;
  const Clock& clock_;
  std::atomic<size_t> watched_{0};  // Channels.

  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Channel> channels_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;  // The largest ever given.
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;

  Mutex news_mutex_;  // Apart: OnNews(nullptr) waits until a running callback is done.
  std::function<void()> on_news_ ABSL_GUARDED_BY(news_mutex_);
};

}  // namespace pitot
