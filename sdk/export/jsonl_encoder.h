// sdk/export/jsonl_encoder.h
//
// One span a line, in the form that `pitot import` and POST /api/v1/spans read: docs/formats.md of Pitot
// describes it, src/decode/decode.h is its contract. Resource attributes are among the span's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/export/exporter.h"
#include "sdk/export/span_encoder.h"
#include "sdk/export/wire_span.h"

namespace pitot {
inline namespace sdk {

class JsonLinesEncoder : public SpanEncoder {
 public:
  explicit JsonLinesEncoder(const ExportResource& resource);

  void Append(const SpanData& span, std::string& out) override;
  void Frame(std::string_view spans, std::string& body) const override { body = spans; }

 private:
  const ExportResource resource_;
  std::vector<Attribute> resource_attributes_;  // Views into resource_.
  std::vector<Attribute> all_;                  // Of the span at hand.
  WireAttributes attributes_;
};

}  // namespace sdk
}  // namespace pitot
