// sdk/export/export_test_util.h
//
// Spans to encode, and bytes of Protocol Buffers as text, read by other code than writes them. For tests.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "pitot/span_data.h"
#include "sdk/export/exporter.h"

namespace pitot {
inline namespace sdk {

// A span and what it points to. Stays where it is.
class TestSpan {
 public:
  TestSpan() = default;
  TestSpan(const TestSpan&) = delete;
  TestSpan& operator=(const TestSpan&) = delete;

  SpanData& data() { return data_; }
  Tags& tags() {
    data_.tags = &tags_;
    return tags_;
  }
  // Copies.
  TestSpan& Set(std::string_view key, AttributeValue value);
  TestSpan& Event(std::string_view name, int64_t time_ns, Attributes attributes = {});
  TestSpan& Link(const TraceId& trace_id, const SpanId& span_id, Attributes attributes = {});

 private:
  std::string_view Keep(std::string_view text) { return texts_.emplace_back(text); }
  std::span<const Attribute> Keep(Attributes attributes);

  SpanData data_;
  Tags tags_;
  std::deque<std::string> texts_;
  std::deque<std::vector<Attribute>> lists_;
  std::vector<Attribute> attributes_;
  std::vector<SpanEventData> events_;
  std::vector<SpanLinkData> links_;
};

struct ExportCase {
  std::string name;  // Of its files in tests/golden/sdk/*/.
  std::deque<TestSpan> spans;

  std::vector<SpanData> all();
};
std::deque<ExportCase> ExportCases();

// Service "shop-agent" in "prod", release "1.4.2".
ExportResource TestResource();

// One small span; `n` tells it from others.
std::vector<SpanData> SmallSpans(int count, int first = 0);

TraceId TestTraceId(uint8_t last);
SpanId TestSpanId(uint8_t last);

// One field of a message.
struct ProtoField {
  uint32_t number = 0;
  int wire_type = 0;
  uint64_t value = 0;      // Types 0, 1 and 5.
  std::string_view bytes;  // Type 2.
};
// Fails the test that asks when `bytes` are no message, or a number is written longer than it must be.
std::vector<ProtoField> ReadProto(std::string_view bytes);

// An ExportTraceServiceRequest, a field a line, by the names of its .proto files.
std::string DumpOtlp(std::string_view request);

}  // namespace sdk
}  // namespace pitot
