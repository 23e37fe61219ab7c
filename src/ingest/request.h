// ingest/request.h
//
// What a listener hands to ingest, and what it gets back.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/drops.h"
#include "model/arena.h"
#include "model/span.h"

namespace pitot {

enum class Signal : uint8_t { kTraces, kLogs, kMetrics };
enum class WireFormat : uint8_t { kProtobuf, kJson, kJsonLines };

// One request's body, transfer and content encoding undone.
struct IngestRequest {
  Signal signal = Signal::kTraces;
  WireFormat format = WireFormat::kProtobuf;
  Source source = Source::kOtlp;
  std::string project = "default";
  std::string sender;  // For receipts: the user agent, else the transport.
  std::string body;
  bool import = false;      // History: limits.max_age does not apply, retention class "import".
  uint64_t first_line = 1;  // JSON Lines: number of the body's first line, for refusals.
};

// Spans that this program made itself (the gateway's), instead of decoding them from a request:
// canonical and priced.
struct MadeSpans {
  Arena arena;  // Owns what the spans point into.
  std::vector<Span> spans;
  DropCounts drops;  // What was noted while they were made.
};
// Runs on one of ingest's workers, once.
using MakeSpansFn = std::function<MadeSpans()>;

// `status` is OK once the accepted records are durable. Not OK: nothing was taken; its code decides
// HTTP and gRPC code and whether the sender retries (base/status.h).
struct IngestReply {
  absl::Status status;
  int64_t accepted = 0;  // Spans, log records or metric points.
  int64_t rejected = 0;
  std::string message;     // Why some were rejected; with rejected == 0, a warning.
  bool duplicate = false;  // The request repeats a recent one, which was stored.
};

// Called exactly once: on another thread after the spool's fsync, or at once (in the caller's thread)
// on an error. Must be quick.
using IngestDone = std::function<void(IngestReply)>;

// Ingest as listeners see it. Never blocks.
using IngestFn = std::function<void(IngestRequest, IngestDone)>;

}  // namespace pitot
