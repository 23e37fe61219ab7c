// sdk/export/langfuse_attributes.h
//
// A span's attributes as Langfuse's OTLP endpoint reads them (langfuse.*). What Langfuse reads under
// OpenTelemetry's own names stays as it is; what it would only keep becomes metadata one can filter by.
// Source: Langfuse's documentation "OpenTelemetry: property mapping", and the receiver's own code
// (langfuse/langfuse, packages/shared/src/server/otel).
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/export/wire_span.h"

namespace pitot {
inline namespace sdk {

class LangfuseAttributes : public AttributeView {
 public:
  const std::vector<Attribute>& Of(const SpanData& span) override;

 private:
  const AttributeValue* FirstOf(std::string_view target) const;
  void Translate(const Attribute& attribute);
  void AddObservation(const SpanData& span);
  void AddTrace(const SpanData& span);
  void AddUsage();
  void AddPrompt();

  void Add(std::string_view key, AttributeValue value);
  bool Has(std::string_view key) const;
  const AttributeValue* Given(std::string_view key) const;
  std::string& NewText();

  WireAttributes wire_;
  const std::vector<Attribute>* given_ = nullptr;
  bool exact_usage_ = false;
  std::vector<Attribute> list_;
  std::deque<std::string> texts_;  // What list_ points to and was made here; the first used_ ones.
  size_t used_ = 0;
};

// ResourceAttributes, and environment and release under Langfuse's names.
std::vector<Attribute> LangfuseResource(const ExportResource& resource);

}  // namespace sdk
}  // namespace pitot
