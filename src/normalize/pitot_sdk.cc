// Source: sdk/export/wire_span.cc and what the SDK's clients and tools put on their spans.
#include "normalize/pitot_sdk.h"

#include <algorithm>

#include "normalize/value.h"

namespace pitot {
namespace {

using enum Field;

constexpr Rule kRules[] = {
    // Beside gen_ai.operation.name, which has no words for most kinds.
    {"pitot.kind", kKindWord, 5},
    {"pitot.running", kRunning, 5},
    {"pitot.finish_reason", kFinishWord, 5},
    {"pitot.error_category", kErrorCategory, 5},
    // Read as a whole, by ReadExactUsage.
    {"pitot.usage.exact", kMarker, 5},
    {"pitot.usage.input_tokens", kMarker, 5},
    {"pitot.usage.cache_read_tokens", kMarker, 5},
    {"pitot.usage.cache_write_5m_tokens", kMarker, 5},
    {"pitot.usage.cache_write_1h_tokens", kMarker, 5},
    {"pitot.usage.input_audio_tokens", kMarker, 5},
    {"pitot.usage.input_image_tokens", kMarker, 5},
    {"pitot.usage.output_tokens", kMarker, 5},
    {"pitot.usage.reasoning_tokens", kMarker, 5},
    {"pitot.usage.output_audio_tokens", kMarker, 5},
    {"pitot.usage.output_image_tokens", kMarker, 5},
    {"pitot.usage.web_searches", kMarker, 5},
    {"pitot.usage.file_searches", kMarker, 5},
    // What the program was told at the time; prices here are the server's.
    {"pitot.cost_nano_usd", kMarker, 5},
    {"pitot.price_rule", kMarker, 5},
    {"pitot.tokens_per_second", kMarker, 5},
};

constexpr std::string_view kPrefix = "pitot.usage.";

constexpr bool EveryBucketHasARule() {
  for (const std::string_view bucket : kUsageBucketNames) {
    const bool known = std::ranges::any_of(kRules, [bucket](const Rule& rule) {
      return rule.key.starts_with(kPrefix) && rule.key.substr(kPrefix.size()) == bucket;
    });
    if (!known) return false;
  }
  return true;
}
static_assert(EveryBucketHasARule());

}  // namespace

const Dialect kPitotSdkDialect = {"pitot_sdk", kRules, {}, {}};

std::optional<Usage> ReadExactUsage(std::span<const Attr> attributes, DropCounts& drops) {
  Usage usage;
  bool exact = false;
  for (const Attr& attr : attributes) {
    if (!attr.key.starts_with(kPrefix)) continue;
    const std::string_view name = attr.key.substr(kPrefix.size());
    if (name == "exact") {
      exact = AsBool(attr.value).value_or(false);
      continue;
    }
    int64_t* place = nullptr;
    const auto bucket = std::ranges::find(kUsageBucketNames, name);
    if (bucket != kUsageBucketNames.end()) {
      place = &usage.tokens[static_cast<size_t>(bucket - kUsageBucketNames.begin())];
    } else if (name == "web_searches") {
      place = &usage.web_searches;
    } else if (name == "file_searches") {
      place = &usage.file_searches;
    } else {
      continue;
    }
    const std::optional<int64_t> count = AsCount(attr.value);
    if (!count) {
      drops.Add(Drop::kAttrType);
      return std::nullopt;
    }
    *place = *count;
  }
  return exact ? std::optional(usage) : std::nullopt;
}

}  // namespace pitot
