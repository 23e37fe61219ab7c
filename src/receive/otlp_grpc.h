// receive/otlp_grpc.h
//
// OTLP over gRPC: the Export methods of the trace, logs and metrics services, on raw bytes. gzip and
// deflate are undone here, within the size limit. Translates between gRPC and ingest.
//
// Threads: OtlpGrpcServer is used by its owner only. It has its own threads.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/memory_budget.h"
#include "ingest/request.h"
#include "receive/otlp_http.h"

namespace pitot {

// The project of a call, or why it is refused (kUnauthenticated, kPermissionDenied). `header` looks
// up a metadata value by its lower-case name, "" when absent. Called on the server's threads.
using GrpcAuthorizeFn = std::function<absl::StatusOr<std::string>(
    const std::function<std::string_view(std::string_view)>& header)>;

struct OtlpGrpcOptions {
  std::string address = "127.0.0.1:4317";  // Port 0: a free one; see port().
  int threads = 1;
  int64_t request_bytes = 64 << 20;      // limits.request_bytes, compressed and inflated.
  std::shared_ptr<MemoryBudget> memory;  // limits.inflight_bytes; null: 192 MiB of its own.
  GrpcAuthorizeFn authorize;             // Null: everybody, project "default".
};

class OtlpGrpcServer {
 public:
  // Binds and serves. kUnavailable names the address when it is taken.
  static absl::StatusOr<std::unique_ptr<OtlpGrpcServer>> Start(OtlpGrpcOptions options,
                                                               IngestFn ingest,
                                                               CountRefusedFn count_refused);
  ~OtlpGrpcServer();  // Stops without waiting.

  uint16_t port() const;

  // Takes no more calls, lets those in flight finish for up to `drain`, answers the rest UNAVAILABLE.
  // A late answer from ingest is then ignored. Safe to call twice.
  void Stop(std::chrono::milliseconds drain);

 private:
  class Call;
  class Impl;
  class Registry;
  explicit OtlpGrpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
