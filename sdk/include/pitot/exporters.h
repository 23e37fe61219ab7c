// pitot/exporters.h
//
// Where a TraceCollector sends spans. Each is a struct of options; any number may be given. Each has a
// thread, a queue and retries of its own.
//
// What cannot be delivered is counted in ExporterStats::dropped:
//   queue_full    the queue has no room: the receiver is away or slower than the program
//   refused       the receiver answered that it never will: a wrong URL, a missing key
//   rejected      it took the request but not these spans (OTLP partial success)
//   too_large     one span is larger than it takes (413; larger requests are sent in halves)
//   expired       it could not be reached for Delivery::give_up_after
//   stopped       the program ended first
//   write_failed  the file could not be written: a full disk, a missing folder
//   threw         the SpanSink threw
// and reported (CollectorOptions::on_problem) with their number, the receiver's words and what helps.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "pitot/span_data.h"

namespace pitot {
inline namespace sdk {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// How requests are made and made again. A receiver that is away is tried until `give_up_after`: 429,
// 502, 503, 504 and network errors are tried again, by Retry-After or with backoff and jitter; other
// answers refuse the spans for good.
struct Delivery {
  std::chrono::milliseconds timeout{10'000};  // Of one request. Each time: 1 ms to 24 hours.
  std::chrono::milliseconds backoff_first{1'000};
  std::chrono::milliseconds backoff_max{30'000};
  std::chrono::milliseconds give_up_after{300'000};  // Of one batch.
  size_t queue_bytes_max = size_t{32} << 20;         // Encoded and waiting; at least 64 KiB.
};

// OTLP/HTTP, protobuf: Pitot, Jaeger, Grafana Tempo, the OpenTelemetry Collector, a Datadog agent.
// OTEL_EXPORTER_OTLP_(TRACES_)TIMEOUT holds where delivery.timeout is its default,
// OTEL_EXPORTER_OTLP_(TRACES_)CERTIFICATE names authorities to trust.
struct Otlp {
  // Empty: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, or OTEL_EXPORTER_OTLP_ENDPOINT with /v1/traces added,
  // else http://127.0.0.1:4318/v1/traces.
  std::string endpoint = {};
  HeaderList headers = {};     // Beside those of OTEL_EXPORTER_OTLP_(TRACES_)HEADERS.
  std::string pitot_key = {};  // Sent as x-pitot-key. Empty: PITOT_KEY.
  Delivery delivery = {};
};

// Langfuse, by its OTLP endpoint, with its attributes (langfuse.observation.*).
struct Langfuse {
  std::string base_url =
      {};  // Empty: LANGFUSE_BASE_URL, LANGFUSE_HOST, else https://cloud.langfuse.com.
  std::string public_key = {};  // Empty: LANGFUSE_PUBLIC_KEY.
  std::string secret_key = {};  // Empty: LANGFUSE_SECRET_KEY.
  Delivery delivery = {};
};

// Zipkin v2 JSON.
struct Zipkin {
  std::string endpoint = {};  // Empty: ZIPKIN_ENDPOINT, else http://127.0.0.1:9411/api/v2/spans.
  Delivery delivery = {};
};

// One span a line, as `pitot import` and POST /api/v1/spans read it. Lines are whole; several processes
// may write to one path.
struct JsonLines {
  std::string path = "pitot-spans.jsonl";
  uint64_t rotate_bytes = uint64_t{64} << 20;  // Then path.1, path.2, ...; 0: never.
  int files_max = 5;                           // With the current one; the oldest is removed.
};

// An exporter of one's own. Called from the collector's thread, never at once; must not throw (what it
// throws is counted as "threw") and should be quick, as it delays the other exporters.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void on_spans(std::span<const SpanData> spans) = 0;
};

using ExporterOptions = std::variant<Otlp, Langfuse, Zipkin, JsonLines, std::shared_ptr<SpanSink>>;

}  // namespace sdk
}  // namespace pitot
