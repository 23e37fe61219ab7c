// sdk/export/exporter.h
//
// What the collector drives: one object for each entry of CollectorOptions::exporters. Internal to the
// SDK.
//
// Losses: what an exporter cannot deliver is counted in Stats().dropped by one of the reasons of
// drop_reason.h, and reported to `Problems`. Announcements of open spans are no spans: they are neither
// sent nor dropped in any count.
// Thread-safety: Take from one thread at a time; the others from any. Fork handlers are called by the
// thread that forks, Prepare before and one of the others after, with no other call of that thread in
// between.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pitot/collector.h"
#include "pitot/exporters.h"
#include "pitot/span_data.h"

namespace pitot {
inline namespace sdk {

class Problems;

using Deadline = std::chrono::steady_clock::time_point;

class Exporter {
 public:
  virtual ~Exporter() = default;

  // "otlp http://127.0.0.1:4318/v1/traces": as ExporterStats::name.
  virtual std::string_view name() const = 0;
  // True: Take also gets spans with SpanStatus::kRunning. Turns false when an OTLP receiver's answer
  // shows that it is not Pitot; what was announced before is then not sent.
  virtual bool wants_running() const { return false; }

  // Starts its thread. Take before it queues.
  virtual void Start() {}
  // Encodes and queues. Never blocks on a network or a disk; but for a SpanSink, which is called here.
  // Keeps nothing of `spans`.
  virtual void Take(std::span<const SpanData> spans) = 0;
  // Waits until everything taken before is sent or given up: true; or until `deadline`: false. Does
  // not wait for a backoff to pass before trying again.
  virtual bool Flush(Deadline) { return true; }
  // Goes on until everything is sent or `deadline` has passed, then interrupts what it is doing,
  // counts what is left as "stopped" and ends its thread. Later Takes are counted as "stopped".
  // Safe to call twice.
  virtual void Stop(Deadline) {}

  virtual ExporterStats Stats() const = 0;

  virtual void PrepareFork() {}
  virtual void ParentAfterFork() {}
  // In the child the queue and the figures are empty, and a thread starts with the first Take.
  virtual void ChildAfterFork() {}
};

// What is sent with every span, whatever its exporter.
struct ExportResource {
  std::string service;      // Never empty.
  std::string environment;  // Empty: not said; the same below.
  std::string release;
  std::string instance;  // Of this process.
  // From OTEL_RESOURCE_ATTRIBUTES, without those above.
  std::vector<std::pair<std::string, std::string>> attributes;
};

// `problems` must outlive the exporter. Throws std::invalid_argument naming exporter, option, value and
// limit.
std::unique_ptr<Exporter> MakeExporter(const ExporterOptions& options,
                                       const ExportResource& resource, Problems& problems);

}  // namespace sdk
}  // namespace pitot
