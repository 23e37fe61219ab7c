// sdk/export/zipkin_encoder.h
//
// Zipkin's second format, a JSON array of spans.
// Sources: openzipkin/zipkin-api, zipkin2-api.yaml; OpenTelemetry's "SDK: Zipkin exporter" for what Zipkin
// has no field for: status (`error`, otel.status_code), scope (otel.scope.*), counts of what was dropped,
// and events with attributes. Links, which neither knows, become the tag pitot.links.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/export/exporter.h"
#include "sdk/export/span_encoder.h"
#include "sdk/export/wire_span.h"

namespace pitot {
inline namespace sdk {

class ZipkinEncoder : public SpanEncoder {
 public:
  explicit ZipkinEncoder(const ExportResource& resource);

  // Names are sent as they are: Zipkin itself makes them lower case. Resource attributes beside the
  // service become tags.
  void Append(const SpanData& span, std::string& out) override;
  void Frame(std::string_view spans, std::string& body) const override;

 private:
  void AppendTags(const SpanData& span, std::string& out);

  const ExportResource resource_;
  std::vector<Attribute> resource_tags_;  // Views into resource_.
  std::string endpoint_;                  // The localEndpoint object.
  WireAttributes attributes_;
};

}  // namespace sdk
}  // namespace pitot
