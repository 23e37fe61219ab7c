// ingest/receipts.h
//
// What became of everything that was sent, by source: the answer to "did my spans arrive?". Counts
// since the start of the process; the store itself has the history.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/drops.h"
#include "base/mutex.h"
#include "ingest/request.h"

namespace pitot {

struct SourceReceipt {
  std::string project;
  Source source = Source::kOtlp;
  Signal signal = Signal::kTraces;
  std::string sender;
  uint64_t requests = 0;
  uint64_t failed_requests = 0;  // Answered with an error.
  uint64_t bytes = 0;
  uint64_t accepted = 0;  // Records durable.
  uint64_t rejected = 0;  // Records refused in partial_success.
  int64_t last_ns = 0;
  std::string last_error;  // The latest refusal, in words.
  std::array<uint64_t, kDropCount> drops = {};
};

// Thread-safe.
class Receipts {
 public:
  explicit Receipts(size_t sources_max) : sources_max_(sources_max) {}

  void AddRequest(const IngestRequest& request, uint64_t body_bytes, const IngestReply& reply,
                  const DropCounts& drops, int64_t now_ns);

  // Losses and findings after the reply, which belong to no request.
  void AddLater(Drop drop, uint64_t n = 1);

  // By project, source, signal, sender.
  std::vector<SourceReceipt> Sources() const;
  // Sum over all sources and what was found later.
  std::array<uint64_t, kDropCount> Totals() const;

 private:
  const size_t sources_max_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, SourceReceipt> sources_ ABSL_GUARDED_BY(mutex_);
  std::array<uint64_t, kDropCount> later_ ABSL_GUARDED_BY(mutex_) = {};
};

}  // namespace pitot
