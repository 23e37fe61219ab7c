// normalize/usage_split.h
//
// Token counts as reported, which overlap, taken apart into disjoint buckets. See ARCHITECTURE.md,
// "Usage buckets".
#pragma once

#include <cstdint>
#include <optional>

#include "model/usage.h"

namespace pitot {

struct ReportedUsage {
  std::optional<int64_t> input;
  std::optional<int64_t> output;
  std::optional<int64_t> total;
  std::optional<int64_t> uncached;  // The emitter's own figure of uncached input: exact.
  int64_t cache_read = 0;
  int64_t cache_write = 0;  // With 5m and 1h, or without: the larger counts.
  std::optional<int64_t> cache_write_5m;
  std::optional<int64_t> cache_write_1h;
  int64_t reasoning = 0;
  int64_t input_audio = 0;
  int64_t input_image = 0;
  int64_t cached_audio = 0;  // Parts of input_audio and input_image that were read from the cache.
  int64_t cached_image = 0;
  int64_t output_audio = 0;
  int64_t output_image = 0;
  // How this emitter counts, where that is known; else kUnknown.
  UsageConvention convention = UsageConvention::kUnknown;
  bool reasoning_outside_output = false;  // The emitter adds reasoning to output (Gemini's habit).
  bool is_embedding = false;
};

struct SplitUsage {
  Usage usage;
  UsageConvention convention = UsageConvention::kNone;
  uint8_t flags = 0;  // UsageFlag bits.
};

// REQUIRES: every count is in [0, 2^53].
SplitUsage Split(const ReportedUsage& reported);

}  // namespace pitot
