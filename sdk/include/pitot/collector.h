// pitot/collector.h
//
// Takes finished spans from any thread and sends them on from a thread of its own.
//
//   pitot::TraceCollector collector({.service = "shop-agent", .exporters = {pitot::Otlp{}}});
//
// It never blocks, throws into or grows without bound inside the program it is in: the queue is bounded
// by spans and by bytes; what does not fit, is refused by the receiver or cannot be sent in time is
// counted by reason (stats()) and said once on stderr (Options::on_problem). The newest collector that
// lives is the one traced() uses; without any, spans record nothing.
// Fork: a child process has an empty collector that works; what the parent queued or has open stays the
// parent's. Its threads start with the first span. Costs nothing for posix_spawn.
// Memory: 2 KB for each span that was ever open or queued at once, and what spans have beyond that,
// within queue_bytes_max; all of it is freed with the collector but for spans that are still open, which
// may end at any time later, also as globals.
// Thread-safety: all of it, from any thread. A SpanSink must not destroy the collector that calls it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pitot/exporters.h"

namespace pitot {
inline namespace sdk {

struct CollectorOptions {
  // Resource attributes. Empty: OTEL_SERVICE_NAME, else the program's name; what
  // OTEL_RESOURCE_ATTRIBUTES says is added.
  std::string service = {};
  std::string environment = {};
  std::string release = {};

  // Each has its own thread, queue and retries: one that is dead delays no other. Empty: what
  // PITOT_EXPORTERS says ("otlp,jsonl"), else one Otlp{}.
  std::vector<ExporterOptions> exporters = {};

  // Open and queued, about 2 KB each; beyond it new spans are not recorded and counted as queue_full. The
  // spans that exporters hold have limits of their own (Delivery). 1 to 1,048,576.
  size_t queue_spans_max = 16'384;
  // Of those spans, all of their memory: at first 2 KB each. Beyond it attributes and events are left
  // out and counted, and new spans are not recorded. At least 65,536.
  size_t queue_bytes_max = size_t{64} << 20;
  size_t attribute_bytes_max = size_t{1}
                               << 20;  // Of one value; cut and counted beyond. 16 to 2^30.
  size_t attributes_max = 256;         // Of a span, and of an event. 1 to 65,536.
  size_t events_max = 256;             // Of a span; of its links as well. 1 to 65,536.
  size_t batch_spans_max = 512;        // Handed to exporters at once. 1 to 65,536.
  // How long a span waits for others before it is handed on. 1 ms to 1 minute.
  std::chrono::milliseconds batch_delay{500};

  // Tell receivers that know how (Pitot) of a span that has run for so long: it shows as running.
  // 0: never; at most 1 hour.
  std::chrono::milliseconds announce_after{1'000};

  // How long the destructor (and a flush without a deadline) may take. 0 to 1 hour.
  std::chrono::milliseconds flush_timeout{5'000};

  // Share of new traces that are recorded, by trace id; below a sampled parent all are, below one that
  // is not, none. 0 to 1.
  double sample_ratio = 1;

  // Told of losses, once a reason and then at most once a minute, from background threads, perhaps from
  // two at once, and from the destructor's. What it throws is dropped. Unset: a line on stderr.
  std::function<void(std::string_view message)> on_problem = {};
};

struct ExporterStats {
  std::string name;      // "otlp http://127.0.0.1:4318/v1/traces"
  uint64_t sent = 0;     // Spans the receiver took.
  uint64_t retried = 0;  // Requests sent again.
  uint64_t queued = 0;   // Spans waiting now.
  std::map<std::string, uint64_t>
      dropped;  // Spans by reason: "queue_full", "refused", "expired", ...
  std::string last_error;
};

// started = open + ended + dropped: no span is unaccounted for.
struct CollectorStats {
  uint64_t started = 0;    // Spans opened while this was the newest collector, of sampled traces.
  uint64_t ended = 0;      // Spans queued for the exporters, since the start.
  uint64_t unsampled = 0;  // Spans of traces that are not; in no other count.
  uint64_t open = 0;       // Now.
  uint64_t queued = 0;     // Now, before the exporters.
  // Spans that reached no exporter: "queue_full": queue_spans_max or queue_bytes_max was reached;
  // "closed": still open when the collector's destructor ran.
  std::map<std::string, uint64_t> dropped;
  uint64_t truncated = 0;  // Texts cut, attributes, events and links left out for a limit.
  std::vector<ExporterStats> exporters;

  std::string to_string() const;  // A few lines for people.
};

class CollectorCore;

class TraceCollector {
 public:
  // Throws std::invalid_argument naming option, value and limit. Starts its threads.
  explicit TraceCollector(CollectorOptions options = {});
  // Flushes for at most flush_timeout, says what could not be sent (on_problem, else stderr), ends.
  // Spans still open are dropped when they end. A SpanSink that does not return by then is left to its
  // thread, which ends after it.
  ~TraceCollector();
  TraceCollector(const TraceCollector&) = delete;
  TraceCollector& operator=(const TraceCollector&) = delete;

  // Until everything that ended before is sent or given up, or `deadline` (from now) has passed: then
  // false. Must not be called by a SpanSink.
  bool flush(std::chrono::milliseconds deadline);
  bool flush();  // options.flush_timeout.

  CollectorStats stats() const;

 private:
  std::shared_ptr<CollectorCore> core_;
};

}  // namespace sdk
}  // namespace pitot
