// Answers of providers: wherever a body is cut, the same comes out; figures need no content; what is kept
// is bounded; a message put together is JSON. The first byte says which API and how.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "wire/estimate.h"
#include "wire/json_text.h"
#include "wire/response.h"

namespace {

using pitot::ResponseReader;
using pitot::WireApi;
using pitot::WireResult;

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

WireResult Read(WireApi api, const ResponseReader::Options& options, std::string_view body,
                size_t piece_bytes) {
  ResponseReader reader(api, options);
  while (!body.empty()) {
    reader.Put(body.substr(0, piece_bytes));
    body.remove_prefix(std::min(piece_bytes, body.size()));
  }
  reader.Finish();
  return reader.Take();
}

bool SameCalls(const WireResult& a, const WireResult& b) {
  return std::ranges::equal(a.tool_calls, b.tool_calls, [](const auto& x, const auto& y) {
    return x.id == y.id && x.name == y.name && x.arguments == y.arguments;
  });
}

bool SameFigures(const WireResult& a, const WireResult& b) {
  return a.has_usage == b.has_usage && a.usage_final == b.usage_final && a.usage == b.usage &&
         a.usage_flags == b.usage_flags && a.model == b.model && a.response_id == b.response_id &&
         a.service_tier == b.service_tier && a.finish_raw == b.finish_raw && a.finish == b.finish &&
         a.terminal == b.terminal && a.output_bytes == b.output_bytes &&
         a.iterations.size() == b.iterations.size() && a.error.type == b.error.type &&
         a.error.category == b.error.category && a.error.message == b.error.message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto api = static_cast<WireApi>(data[0] % static_cast<uint8_t>(WireApi::kEnd));
  ResponseReader::Options options;
  options.streamed = (data[0] & 0x10) != 0;
  options.status = (data[0] & 0x20) != 0 ? 500 : 200;
  if ((data[0] & 0x40) != 0) options.cache_ttl = "1h";

  const WireResult whole = Read(api, options, body, body.size() + 1);
  for (const size_t piece : {1, 5}) {
    const WireResult cut = Read(api, options, body, piece);
    Check(SameFigures(cut, whole) && SameCalls(cut, whole));
    Check(cut.text == whole.text && cut.reasoning == whole.reasoning);
    Check(cut.message_json == whole.message_json && cut.capture_cut == whole.capture_cut);
  }
  for (const int64_t tokens : whole.usage.tokens) Check(tokens >= 0);
  Check(whole.output_bytes >= 0);
  Check(whole.message_json.empty() || pitot::IsJson(whole.message_json));

  options.want_content = false;
  const WireResult figures = Read(api, options, body, body.size() + 1);
  Check(SameFigures(figures, whole) && figures.message_json.empty() && figures.text.empty());

  options.want_content = true;
  options.capture_bytes = 16;
  const WireResult little = Read(api, options, body, body.size() + 1);
  Check(little.text.size() + little.reasoning.size() <= 16);
  Check(little.message_json.empty() || pitot::IsJson(little.message_json));

  const auto estimate = pitot::EstimateUsage(pitot::WireRequest{}, 100, whole);
  Check(estimate.usage.output_total() >= whole.usage.output_total());
  return 0;
}
