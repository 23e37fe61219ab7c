// receive/otlp_reply.h
//
// What OTLP says back, for both transports. Pure. Source: OTLP specification 1.11, "OTLP/HTTP
// Response" and "OTLP/gRPC Response"; google/rpc/status.proto, error_details.proto.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/request.h"

namespace pitot {

// The signal of an HTTP path: "/v1/traces", "/v1/logs" and "/v1/metrics" below any prefix.
std::optional<Signal> OtlpSignalOfPath(std::string_view path);

// The signal of a gRPC method: "/opentelemetry.proto.collector.trace.v1.TraceService/Export", ...
std::optional<Signal> OtlpSignalOfMethod(std::string_view method);

// Export{Trace,Logs,Metrics}ServiceResponse. Nothing to say: "" in protobuf, "{}" in JSON. The
// message is cut at 64 KiB: replies must stay below 4 MiB.
std::string EncodeOtlpReply(Signal signal, WireFormat format, const IngestReply& reply);

// google.rpc.Status with a gRPC code. A retry delay is added as google.rpc.RetryInfo (protobuf only:
// it is what tells gRPC senders that they may retry).
std::string EncodeRpcStatus(WireFormat format, int grpc_code, std::string_view message,
                            std::chrono::milliseconds retry_delay = {});

}  // namespace pitot
