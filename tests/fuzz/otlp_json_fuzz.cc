// The first byte chooses the signal ('l' logs, 'm' metrics, else traces), the rest is an OTLP
// request in JSON.
#include "decode/json_source.h"
#include "tests/fuzz/decode_property.h"

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// Calls `each` for the elements of every array that `json` has under `key`.
template <typename Each>
void ForEach(element json, std::string_view key, Each each) {
  object fields;
  if (json.get(fields) != simdjson::SUCCESS) return;
  for (const auto& [name, value] : fields) {
    array items;
    if (name != key || value.get(items) != simdjson::SUCCESS) continue;
    for (const element item : items) each(item);
  }
}

uint64_t CountSpans(std::string_view input) {
  if (input.starts_with("\xEF\xBB\xBF")) input.remove_prefix(3);
  std::string padded(input);
  padded.reserve(padded.size() + pitot::kJsonPadding);
  pitot::JsonSource source;
  element root;
  bool mended = false;
  if (!source.Parse(padded, root, &mended).ok()) return 0;  // Blank.
  uint64_t spans = 0;
  const auto in_scope = [&](element scope) { ForEach(scope, "spans", [&](element) { ++spans; }); };
  ForEach(root, "resourceSpans", [&](element resource) {
    ForEach(resource, "scopeSpans", in_scope);
    ForEach(resource, "instrumentationLibrarySpans", in_scope);
  });
  return spans;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'l':
      pitot::CheckDecode(pitot::DecodeOtlpLogsJson, body, nullptr);
      break;
    case 'm':
      pitot::CheckDecode(pitot::DecodeOtlpMetricsJson, body, nullptr);
      break;
    default:
      pitot::CheckDecode(pitot::DecodeOtlpTracesJson, body, CountSpans);
  }
  return 0;
}
