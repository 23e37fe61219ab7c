// sdk/export/otlp_encoder.h
//
// ExportTraceServiceRequest in Protocol Buffers, and what a receiver answers to it.
// Source: opentelemetry-proto 1.11, opentelemetry/proto/{collector/trace,trace,common,resource}/v1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sdk/export/exporter.h"
#include "sdk/export/span_encoder.h"
#include "sdk/export/wire_span.h"

namespace pitot {
inline namespace sdk {

class OtlpEncoder : public SpanEncoder {
 public:
  // `resource`: as ResourceAttributes gives them, copied.
  OtlpEncoder(const std::vector<Attribute>& resource, std::unique_ptr<AttributeView> attributes);

  // JSON values become OTLP's own where they are scalars or arrays of scalars of one type; objects and
  // other arrays are sent as their text, which every receiver shows.
  void Append(const SpanData& span, std::string& out) override;
  void Frame(std::string_view spans, std::string& body) const override;

 private:
  std::unique_ptr<AttributeView> attributes_;
  std::string resource_;  // Fields of ResourceSpans and of ScopeSpans that come before the spans.
  std::string scope_;
};

struct OtlpAnswer {
  bool readable = false;     // The body is an ExportTraceServiceResponse, or empty.
  uint64_t rejected = 0;     // partial_success.rejected_spans
  std::string_view message;  // partial_success.error_message
};
// The body of an answer with status 200.
OtlpAnswer ReadOtlpAnswer(std::string_view body);

// The message of a google.rpc.Status, as OTLP receivers send it with other statuses; empty: it is none.
std::string_view ReadRpcStatusMessage(std::string_view body);

}  // namespace sdk
}  // namespace pitot
