// model/usage.h
//
// Token usage of one model call in disjoint buckets: each token is in exactly one of them, and the
// sum of the input (output) buckets is what the provider bills as input (output). Emitters report
// overlapping numbers; normalize/ takes them apart.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pitot {

enum class UsageBucket : uint8_t {
  kInput,  // Uncached text input.
  kCacheRead,
  kCacheWrite5m,
  kCacheWrite1h,
  kInputAudio,
  kInputImage,
  kOutput,  // Without reasoning.
  kReasoning,
  kOutputAudio,
  kOutputImage,
  kEnd,
};
inline constexpr size_t kUsageBuckets = static_cast<size_t>(UsageBucket::kEnd);

// Column and JSON names, in enum order.
inline constexpr std::array<std::string_view, kUsageBuckets> kUsageBucketNames = {
    "input_tokens",        "cache_read_tokens",  "cache_write_5m_tokens", "cache_write_1h_tokens",
    "input_audio_tokens",  "input_image_tokens", "output_tokens",         "reasoning_tokens",
    "output_audio_tokens", "output_image_tokens"};

struct Usage {
  std::array<int64_t, kUsageBuckets> tokens = {};
  // Server-side tool calls, billed by the call.
  int64_t web_searches = 0;
  int64_t file_searches = 0;

  int64_t& operator[](UsageBucket bucket) { return tokens[static_cast<size_t>(bucket)]; }
  int64_t operator[](UsageBucket bucket) const { return tokens[static_cast<size_t>(bucket)]; }

  int64_t input_total() const {
    int64_t sum = 0;
    for (size_t i = 0; i < static_cast<size_t>(UsageBucket::kOutput); ++i) sum += tokens[i];
    return sum;
  }
  int64_t output_total() const {
    int64_t sum = 0;
    for (size_t i = static_cast<size_t>(UsageBucket::kOutput); i < kUsageBuckets; ++i) {
      sum += tokens[i];
    }
    return sum;
  }
  bool empty() const { return *this == Usage{}; }
  bool operator==(const Usage&) const = default;
};

// How the input count was reported. See ARCHITECTURE.md, "Usage buckets".
enum class UsageConvention : uint8_t { kNone, kExact, kInclusive, kExclusive, kUnknown };

// Marks on how the buckets were obtained, kept on the span so that a figure can be doubted.
enum UsageFlag : uint8_t {
  kUsageCacheTtlAssumed = 1,    // No 5m/1h split was given; writes were put into 5m.
  kUsageInconsistent = 2,       // Parts exceeded the total and were clamped.
  kUsageTotalOnly = 4,          // Only a total was given for a model call; buckets are empty.
  kUsageAbsurd = 8,             // A bucket exceeded limits.usage_tokens and usage was refused.
  kUsageCountedByGateway = 16,  // The gateway saw the same call, in another trace; that counts.
};

}  // namespace pitot
