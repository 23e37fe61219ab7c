// sdk/export/http_transport.h
//
// Batches as POST requests.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "sdk/export/outbox.h"
#include "sdk/net/http_client.h"

namespace pitot {
inline namespace sdk {

enum class AnswerFormat : uint8_t { kOtlp, kAny };

struct HttpTarget {
  std::string url;
  HeaderList headers;  // With the Content-Type.
  std::chrono::milliseconds timeout{10'000};
  AnswerFormat answer = AnswerFormat::kAny;
  std::string ca_file;  // See HttpClientOptions.
};

// What an answer means for the spans of the request. Pure.
//   2xx                     sent; OTLP's partial success says how many were not kept. A web page: refused.
//   429, 502, 503, 504      retry; Retry-After is in seconds or a date
//   413                     too large
//   anything else           refused
//   no answer, or half one  retry
// `now_s`: Unix seconds.
Verdict Judge(const HttpOutcome& outcome, AnswerFormat format, int64_t now_s);

class HttpTransport : public Transport {
 public:
  HttpTransport(HttpTarget target, std::shared_ptr<const SpanEncoder> encoder);

  Verdict Send(const SpanBatch& batch) override;
  void Interrupt() override { cancel_.Cancel(); }
  void AbandonInChild() override { http_.AfterFork(); }

 private:
  const HttpTarget target_;
  const std::shared_ptr<const SpanEncoder> encoder_;
  HttpClient http_;
  CancelToken cancel_;
  std::string body_;  // Kept between requests.
};

}  // namespace sdk
}  // namespace pitot
