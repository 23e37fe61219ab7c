#include "wire/estimate.h"

#include <algorithm>

namespace pitot {
namespace {

// About what media in a body comes to, by its size: a screenshot of 400 KB as base64 is 1,500 tokens.
constexpr int64_t kMediaBytesPerToken = 256;

int64_t EstimateInput(const WireRequest& request, int64_t body_bytes) {
  const int64_t media = std::clamp<int64_t>(request.media_bytes, 0, body_bytes);
  return EstimateTokens(body_bytes - media) + media / kMediaBytesPerToken;
}

}  // namespace

int64_t EstimateTokens(int64_t text_bytes) {
  return text_bytes <= 0 ? 0 : (text_bytes * 2 + 6) / 7;
}

std::optional<int64_t> InputUpperBound(const WireRequest& request, int64_t body_bytes) {
  if (!request.valid || !request.input_unbounded.empty()) return std::nullopt;
  return std::max<int64_t>(body_bytes - request.media_bytes, 0) + request.hidden_tokens_max;
}

EstimatedUsage EstimateUsage(const WireRequest& request, int64_t body_bytes,
                             const WireResult& result) {
  // Not final means estimated, also where it stands: more may have been written than arrived here.
  EstimatedUsage out = {result.usage, !result.usage_final};
  if (result.usage_final) return out;
  Usage& usage = out.usage;
  if (usage.input_total() == 0) {
    usage[UsageBucket::kInput] = EstimateInput(request, body_bytes);
  }
  const int64_t missing = EstimateTokens(result.output_bytes) - usage.output_total();
  if (missing > 0) usage[UsageBucket::kOutput] += missing;
  return out;
}

}  // namespace pitot
