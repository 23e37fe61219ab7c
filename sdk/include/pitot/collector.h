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
// Fork: a child process has an empty collector that works; what the parent queued stays the parent's.
// Thread-safety: all of it, from any thread.
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

  size_t queue_spans_max = 16'384;               // Open and queued; about 1 KB each.
  size_t queue_bytes_max = size_t{64} << 20;     // Of attributes and events.
  size_t attribute_bytes_max = size_t{1} << 20;  // Of one value; cut and counted beyond.
  size_t attributes_max = 256;                   // Of a span.
  size_t events_max = 256;
  size_t batch_spans_max = 512;
  std::chrono::milliseconds batch_delay{500};

  // Tell receivers that know how (Pitot) of a span that has run for so long: it shows as running. 0: never.
  std::chrono::milliseconds announce_after{1'000};

  // How long the destructor (and a flush without a deadline) may take.
  std::chrono::milliseconds flush_timeout{5'000};

  // Share of new traces that are recorded, by trace id; below a sampled parent all are. 0 to 1.
  double sample_ratio = 1;

  // Told of losses, once a reason and then at most once a minute, from a background thread. Unset: a
  // line on stderr.
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

struct CollectorStats {
  uint64_t started = 0;
  uint64_t ended = 0;
  uint64_t unsampled = 0;
  uint64_t open = 0;                        // Now.
  uint64_t queued = 0;                      // Now, before the exporters.
  std::map<std::string, uint64_t> dropped;  // Before any exporter: "queue_full", "closed", ...
  uint64_t truncated = 0;                   // Values, attributes and events beyond the limits.
  std::vector<ExporterStats> exporters;

  std::string to_string() const;
};

class TraceCollector {
 public:
  // Throws std::invalid_argument naming option, value and limit. Starts its threads.
  explicit TraceCollector(CollectorOptions options = {});
  // Flushes for at most flush_timeout, says what could not be sent, ends.
  ~TraceCollector();
  TraceCollector(const TraceCollector&) = delete;
  TraceCollector& operator=(const TraceCollector&) = delete;

  // Until everything that ended before is sent or given up, or `deadline` has passed: then false.
  bool flush(std::chrono::milliseconds deadline);
  bool flush();  // options.flush_timeout.

  CollectorStats stats() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace sdk
}  // namespace pitot
