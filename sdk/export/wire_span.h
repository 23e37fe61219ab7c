// sdk/export/wire_span.h
//
// What of a span is sent as attributes, beside those it was given: its kind, operation and tags, under
// the names that Pitot and OpenTelemetry's conventions for generative AI know. The same for every
// format. docs/sdk.md lists the names.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "pitot/span_data.h"
#include "sdk/export/exporter.h"

namespace pitot {
inline namespace sdk {

inline constexpr std::string_view kKindKey = "pitot.kind";
inline constexpr std::string_view kRunningKey = "pitot.running";
inline constexpr std::string_view kScopeName = "pitot-sdk";

// The value of an attribute; null: none.
const AttributeValue* Find(std::span<const Attribute> attributes, std::string_view key);

// Every attribute of a span as one receiver wants them, each key once.
class AttributeView {
 public:
  virtual ~AttributeView() = default;
  // Views into the span and into this; they hold until the next call.
  virtual const std::vector<Attribute>& Of(const SpanData& span) = 0;
};

// The names of Pitot and OpenTelemetry.
class WireAttributes : public AttributeView {
 public:
  const std::vector<Attribute>& Of(const SpanData& span) override;

 private:
  std::vector<Attribute> list_;
};

// service.name and the others, each key once. Views into `resource`.
std::vector<Attribute> ResourceAttributes(const ExportResource& resource);

// Whether a span of this kind asks another service: OTLP's and Zipkin's CLIENT.
bool IsClientKind(Kind kind);

}  // namespace sdk
}  // namespace pitot
