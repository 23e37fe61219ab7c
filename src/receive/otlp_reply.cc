#include "receive/otlp_reply.h"

#include <fmt/format.h>

#include <protozero/pbf_writer.hpp>

#include "http/message.h"

namespace pitot {
namespace {

constexpr size_t kMessageBytesMax = 64 << 10;

struct SignalRow {
  Signal signal;
  std::string_view path;
  std::string_view method;
  std::string_view rejected_key;
};
constexpr SignalRow kSignalRows[] = {
    {Signal::kTraces, "/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
     "rejectedSpans"},
    {Signal::kLogs, "/v1/logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
     "rejectedLogRecords"},
    {Signal::kMetrics, "/v1/metrics",
     "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "rejectedDataPoints"},
};

// Cut at a character's boundary: a protobuf string must be UTF-8.
std::string_view Shortened(std::string_view message) {
  if (message.size() <= kMessageBytesMax) return message;
  size_t end = kMessageBytesMax;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  return message.substr(0, end);
}

void AddString(protozero::pbf_writer& writer, protozero::pbf_tag_type tag, std::string_view text) {
  writer.add_string(tag, text.data(), text.size());
}

std::string EncodeRetryInfo(std::chrono::milliseconds delay) {
  std::string duration;
  protozero::pbf_writer duration_writer(duration);
  duration_writer.add_int64(1, delay.count() / 1000);
  duration_writer.add_int32(2, static_cast<int32_t>(delay.count() % 1000) * 1'000'000);
  std::string retry_info;
  protozero::pbf_writer(retry_info).add_message(1, duration);
  std::string any;
  protozero::pbf_writer any_writer(any);
  AddString(any_writer, 1, "type.googleapis.com/google.rpc.RetryInfo");
  any_writer.add_bytes(2, retry_info);
  return any;
}

}  // namespace

std::optional<Signal> OtlpSignalOfPath(std::string_view path) {
  for (const SignalRow& row : kSignalRows) {
    // /api/v1/traces is the list of traces in our own API.
    if (path.ends_with(row.path) && path.substr(0, path.size() - row.path.size()) != "/api") {
      return row.signal;
    }
  }
  return std::nullopt;
}

std::optional<Signal> OtlpSignalOfMethod(std::string_view method) {
  for (const SignalRow& row : kSignalRows) {
    if (method == row.method) return row.signal;
  }
  return std::nullopt;
}

std::string EncodeOtlpReply(Signal signal, WireFormat format, const IngestReply& reply) {
  const std::string_view message = Shortened(reply.message);
  const bool silent = reply.rejected == 0 && message.empty();
  if (format != WireFormat::kProtobuf) {
    if (silent) return "{}";
    std::string out = "{\"partialSuccess\":{";
    if (reply.rejected > 0) {
      const SignalRow& row = kSignalRows[static_cast<size_t>(signal)];
      out += fmt::format("\"{}\":\"{}\",", row.rejected_key, reply.rejected);
    }
    return out + "\"errorMessage\":" + QuoteJson(message) + "}}";
  }
  std::string out;
  if (silent) return out;
  std::string partial;
  protozero::pbf_writer partial_writer(partial);
  if (reply.rejected > 0) partial_writer.add_int64(1, reply.rejected);
  AddString(partial_writer, 2, message);
  protozero::pbf_writer(out).add_message(1, partial);
  return out;
}

std::string EncodeRpcStatus(WireFormat format, int grpc_code, std::string_view message,
                            std::chrono::milliseconds retry_delay) {
  message = Shortened(message);
  if (format != WireFormat::kProtobuf) {
    return fmt::format("{{\"code\":{},\"message\":{}}}", grpc_code, QuoteJson(message));
  }
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_int32(1, grpc_code);
  AddString(writer, 2, message);
  if (retry_delay.count() > 0) writer.add_message(3, EncodeRetryInfo(retry_delay));
  return out;
}

}  // namespace pitot
