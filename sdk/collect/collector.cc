#include "pitot/collector.h"

#include <algorithm>

#include "sdk/collect/core.h"

namespace pitot {
inline namespace sdk {

TraceCollector::TraceCollector(CollectorOptions options) : core_(CollectorCore::Make(options)) {}

TraceCollector::~TraceCollector() { core_->Close(); }

bool TraceCollector::flush(std::chrono::milliseconds deadline) {
  // A year is as good as for ever, and adds up without overflow.
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);
  return core_->Flush(std::chrono::steady_clock::now() + std::min(deadline, kLongest));
}

bool TraceCollector::flush() { return flush(core_->flush_timeout()); }

CollectorStats TraceCollector::stats() const { return core_->Stats(); }

std::string CollectorStats::to_string() const {
  const auto reasons = [](const std::map<std::string, uint64_t>& dropped) {
    std::string text;
    for (const auto& [reason, spans] : dropped) {
      text += (text.empty() ? " (" : ", ") + reason + " " + std::to_string(spans);
    }
    return text.empty() ? text : text + ")";
  };
  const auto sum = [](const std::map<std::string, uint64_t>& dropped) {
    uint64_t spans = 0;
    for (const auto& [reason, count] : dropped) spans += count;
    return std::to_string(spans);
  };
  std::string text = "spans: " + std::to_string(started) + " started, " + std::to_string(ended) +
                     " ended, " + std::to_string(open) + " open, " + std::to_string(queued) +
                     " queued, " + sum(dropped) + " dropped" + reasons(dropped) + ", " +
                     std::to_string(unsampled) + " unsampled, " + std::to_string(truncated) +
                     " values cut or left out\n";
  for (const ExporterStats& exporter : exporters) {
    text += exporter.name + ": " + std::to_string(exporter.sent) + " sent, " +
            std::to_string(exporter.queued) + " queued, " + sum(exporter.dropped) + " dropped" +
            reasons(exporter.dropped) + ", " + std::to_string(exporter.retried) +
            " requests retried";
    if (!exporter.last_error.empty()) text += ", last error: " + exporter.last_error;
    text += "\n";
  }
  return text;
}

}  // namespace sdk
}  // namespace pitot
