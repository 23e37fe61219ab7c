// The first byte chooses the signal, the rest is an OTLP request on the protobuf wire.
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include "tests/fuzz/decode_property.h"

namespace {

constexpr uint32_t kBytesField1 = 1 << 3 | 2;
constexpr uint32_t kBytesField2 = 2 << 3 | 2;

// Spans of a request whose nesting is sound: only such are accepted.
uint64_t CountSpans(std::string_view input) {
  uint64_t spans = 0;
  protozero::pbf_reader request(input.data(), input.size());
  for (; request.next(); request.skip()) {
    if (request.tag_and_type() != kBytesField1) continue;
    protozero::pbf_reader resource = protozero::pbf_reader(request).get_message();
    for (; resource.next(); resource.skip()) {
      if (resource.tag_and_type() != kBytesField2) continue;
      protozero::pbf_reader scope = protozero::pbf_reader(resource).get_message();
      for (; scope.next(); scope.skip()) spans += scope.tag_and_type() == kBytesField2;
    }
  }
  return spans;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      pitot::CheckDecode(pitot::DecodeOtlpTracesProto, body, CountSpans);
      break;
    case 1:
      pitot::CheckDecode(pitot::DecodeOtlpLogsProto, body, nullptr);
      break;
    default:
      pitot::CheckDecode(pitot::DecodeOtlpMetricsProto, body, nullptr);
  }
  return 0;
}
