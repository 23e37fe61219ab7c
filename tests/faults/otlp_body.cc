#include "tests/faults/otlp_body.h"

#include <fmt/format.h>

#include <chrono>

#include "base/clock.h"
#include "http/message.h"
#include "http/test_socket.h"

namespace pitot {

std::string TextAttribute(std::string_view key, std::string_view value) {
  return fmt::format(R"({{"key":"{}","value":{{"stringValue":{}}}}})", key, QuoteJson(value));
}

std::string IntAttribute(std::string_view key, int64_t value) {
  return fmt::format(R"({{"key":"{}","value":{{"intValue":{}}}}})", key, value);
}

std::string OtlpBody(std::span<const OtlpSpan> spans) {
  std::string out = R"({"resourceSpans":[{"resource":{"attributes":[)" +
                    TextAttribute("service.name", "faults") +
                    R"(]},"scopeSpans":[{"scope":{"name":"test"},"spans":[)";
  for (const OtlpSpan& span : spans) {
    out +=
        fmt::format(R"({}{{"traceId":"{}","spanId":"{}","parentSpanId":"{}","name":"{}","kind":1,)"
                    R"("startTimeUnixNano":"{}","endTimeUnixNano":"{}","attributes":[{}]}})",
                    out.back() == '[' ? "" : ",", span.trace, span.id, span.parent, span.name,
                    span.start_ns, span.start_ns + span.duration_ns, span.attributes);
  }
  return out + "]}]}]}";
}

std::string SmallBody(uint64_t number, std::string_view text) {
  const OtlpSpan span{.trace = TraceHex(number),
                      .id = SpanHex(number),
                      .name = "small",
                      .start_ns = WallNanos() - kNanosPerMinute,
                      .attributes = TextAttribute("note", text)};
  return OtlpBody({&span, 1});
}

std::string TraceHex(uint64_t number) { return fmt::format("{:032x}", number); }
std::string SpanHex(uint64_t number) { return fmt::format("{:016x}", number); }

int64_t WallNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

absl::StatusOr<HttpReply> PostSpans(HttpClient& client, const PitotProcess& pitot,
                                    std::string_view body, HttpHeaders more_headers) {
  HttpCall call{.method = "POST",
                .url = pitot.url("/v1/traces"),
                .headers = std::move(more_headers),
                .body = body};
  call.headers.Set("Content-Type", "application/json");
  return client.Call(call);
}

std::string PostBytes(std::string_view body) {
  return fmt::format(
      "POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      body.size(), body);
}

void PostAndForget(const PitotProcess& pitot, std::string_view body) {
  TestSocket socket(pitot.port());
  if (socket.connected()) (void)socket.Send(PostBytes(body));
}

}  // namespace pitot
