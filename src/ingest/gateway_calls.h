// ingest/gateway_calls.h
//
// One call, two witnesses: a program whose calls go through the gateway and which is instrumented
// reports each call in a trace of its own, unless it passes its trace on. The gateway's report counts
// then; the program's is marked when it arrives (kUsageCountedByGateway), for good: the mark is stored
// with the span, so that nothing depends on this table later. It works because the gateway notes a call
// before its caller has the end of the answer.
//
// Thread-safe. Bounded in time and number: about 100 bytes a call.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/ids.h"
#include "model/span.h"

namespace pitot {

struct GatewayCallKey {
  std::string_view project;
  std::string_view response_id;  // Not empty.
  std::string_view model;        // That answered.
  int64_t input_tokens = 0;      // Totals.
  int64_t output_tokens = 0;
  UnixNanos end_ns = 0;
};

class GatewayCalls {
 public:
  static constexpr size_t kCallsMax = 100'000;
  // Exporters wait for company, some for a minute, and try again.
  static constexpr int64_t kKeptNanos = 15 * kNanosPerMinute;
  // Reports of one call end this near each other.
  static constexpr int64_t kEndsWithinNanos = 10 * kNanosPerSecond;

  void Note(const GatewayCallKey& call, const TraceId& trace, const SpanId& span);

  struct Seen {
    TraceId trace_id;
    SpanId span_id;
  };
  // The gateway's report of the same call: equal project, response, model and token totals.
  std::optional<Seen> Find(const GatewayCallKey& call) const;

 private:
  struct Entry {
    Seen seen;
    UnixNanos end_ns = 0;
  };
  static std::string KeyOf(const GatewayCallKey& call);

  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> calls_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::pair<std::string, UnixNanos>> order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
