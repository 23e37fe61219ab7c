#include "normalize/usage_split.h"

#include <algorithm>

namespace pitot {
namespace {

// Proofs first: numbers that add up in one way only say how they were counted, whoever sent them.
UsageConvention ConventionOf(const ReportedUsage& r, int64_t cache_write) {
  if (r.uncached) return UsageConvention::kExact;
  const int64_t cached = r.cache_read + cache_write;
  const int64_t input = r.input.value_or(0);
  if (cached == 0) return UsageConvention::kInclusive;
  if (input < cached) return UsageConvention::kExclusive;
  // input + output = total proves nothing: some emitters compute it so for either convention.
  if (r.total && *r.total == input + r.output.value_or(0) + cached) {
    return UsageConvention::kExclusive;
  }
  return r.convention == UsageConvention::kUnknown ? UsageConvention::kInclusive : r.convention;
}

bool ReasoningIsOutside(const ReportedUsage& r) {
  if (r.reasoning == 0) return false;
  const int64_t input = r.input.value_or(0);
  const int64_t output = r.output.value_or(0);
  if (r.reasoning_outside_output || r.reasoning > output) return true;
  return r.total && *r.total == input + output + r.reasoning && *r.total != input + output;
}

// Moves up to `tokens` out of `from`; what is not there to move is an inconsistency.
int64_t MoveOut(int64_t tokens, int64_t& from, uint8_t& flags) {
  if (tokens > from) flags |= kUsageInconsistent;
  const int64_t moved = std::min(tokens, from);
  from -= moved;
  return moved;
}

}  // namespace

SplitUsage Split(const ReportedUsage& r) {
  SplitUsage out;
  Usage& usage = out.usage;
  if (!r.input && !r.output && !r.uncached && r.total) {
    // Only a total: for embeddings it is all input; for a model call nobody can tell the prices
    // apart.
    if (r.is_embedding) {
      usage[UsageBucket::kInput] = *r.total;
      out.convention = UsageConvention::kInclusive;
    } else {
      out.convention = UsageConvention::kUnknown;
      out.flags = kUsageTotalOnly;
    }
    return out;
  }

  const int64_t write_1h = r.cache_write_1h.value_or(0);
  const int64_t write = std::max(r.cache_write, r.cache_write_5m.value_or(0) + write_1h);
  if (write > 0 && !r.cache_write_5m && !r.cache_write_1h) out.flags |= kUsageCacheTtlAssumed;
  usage[UsageBucket::kCacheRead] = r.cache_read;
  usage[UsageBucket::kCacheWrite1h] = write_1h;
  usage[UsageBucket::kCacheWrite5m] = write - write_1h;

  out.convention = ConventionOf(r, write);
  int64_t input = 0;
  switch (out.convention) {
    case UsageConvention::kExact:
      input = *r.uncached;
      break;
    case UsageConvention::kExclusive:
      input = r.input.value_or(0);
      break;
    default:
      input = r.input.value_or(0) - r.cache_read - write;
      break;
  }
  if (input < 0) {
    input = 0;
    out.flags |= kUsageInconsistent;
  }
  const int64_t audio = std::max<int64_t>(r.input_audio - r.cached_audio, 0);
  const int64_t image = std::max<int64_t>(r.input_image - r.cached_image, 0);
  usage[UsageBucket::kInputAudio] = MoveOut(audio, input, out.flags);
  usage[UsageBucket::kInputImage] = MoveOut(image, input, out.flags);
  usage[UsageBucket::kInput] = input;

  int64_t output = r.output.value_or(0);
  if (ReasoningIsOutside(r)) {
    usage[UsageBucket::kReasoning] = r.reasoning;
  } else {
    usage[UsageBucket::kReasoning] = MoveOut(r.reasoning, output, out.flags);
  }
  usage[UsageBucket::kOutputAudio] = MoveOut(r.output_audio, output, out.flags);
  usage[UsageBucket::kOutputImage] = MoveOut(r.output_image, output, out.flags);
  usage[UsageBucket::kOutput] = output;
  return out;
}

}  // namespace pitot
