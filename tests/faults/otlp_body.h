// tests/faults/otlp_body.h
//
// OTLP/JSON requests for tests that care about what happens to them, not about what they say.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/client.h"
#include "tests/faults/pitot_process.h"

namespace pitot {

struct OtlpSpan {
  std::string trace;   // 32 hex digits.
  std::string id;      // 16 hex digits.
  std::string parent;  // "" for a root.
  std::string name;
  int64_t start_ns = 0;
  int64_t duration_ns = 1'000'000;
  std::string attributes;  // Members of the attribute list, separated by commas.
};

std::string TextAttribute(std::string_view key, std::string_view value);
std::string IntAttribute(std::string_view key, int64_t value);

std::string OtlpBody(std::span<const OtlpSpan> spans);
// A request that ends a minute ago, of one span with one text attribute.
std::string SmallBody(uint64_t number, std::string_view text = "");

std::string TraceHex(uint64_t number);
std::string SpanHex(uint64_t number);
int64_t WallNanos();

// POST /v1/traces. Thread-safe.
absl::StatusOr<HttpReply> PostSpans(HttpClient& client, const PitotProcess& pitot,
                                    std::string_view body, HttpHeaders more_headers = {});
// The same as bytes, for a socket.
std::string PostBytes(std::string_view body);
// Sends it over a connection of its own and closes that without reading the reply.
void PostAndForget(const PitotProcess& pitot, std::string_view body);

}  // namespace pitot
