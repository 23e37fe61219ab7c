#include "wire/usage_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "wire/json_read.h"

namespace pitot {
namespace {

using Count = std::optional<int64_t>;

// What is null, negative or no number is not reported.
void Set(std::string_view raw, Count* out) {
  const Count count = Whole(raw);
  if (count && *count >= 0) *out = count;
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return text;
}

// Moves up to `tokens` out of `from`; what is not there to move is an inconsistency.
int64_t MoveOut(int64_t tokens, int64_t& from, uint8_t& flags) {
  if (tokens > from) flags |= kUsageInconsistent;
  const int64_t moved = std::min(tokens, from);
  from -= moved;
  return moved;
}

// Dollars as a number -> nano-USD, half up. Nothing for what is no amount.
std::optional<NanoUsd> Dollars(std::string_view raw) {
  const std::optional<double> usd = Number(raw);
  constexpr double kMax = 9e9;
  if (!usd || *usd < 0 || *usd > kMax) return std::nullopt;
  return NanoUsd{std::llround(*usd * 1e9)};
}

// The counts that nearly every OpenAI-like object has, whatever it calls them.
struct OpenAiCounts {
  Count input;
  Count output;
  Count total;
  Count cached;
  Count cache_write;
  Count reasoning;
  Count input_audio;
  Count input_image;
  Count output_audio;
  Count output_image;
  std::optional<NanoUsd> cost;
  std::optional<NanoUsd> upstream_cost;
  bool own_key = false;

  void Read(std::string_view raw);
  void ReadInputDetails(std::string_view raw);
  void ReadOutputDetails(std::string_view raw);
};

void OpenAiCounts::ReadInputDetails(std::string_view raw) {
  VisitObject(raw, [this](std::string_view key, std::string_view value) {
    if (key == "cached_tokens") Set(value, &cached);
    if (key == "cache_write_tokens") Set(value, &cache_write);
    if (key == "audio_tokens") Set(value, &input_audio);
    if (key == "image_tokens") Set(value, &input_image);
  });
}

void OpenAiCounts::ReadOutputDetails(std::string_view raw) {
  VisitObject(raw, [this](std::string_view key, std::string_view value) {
    if (key == "reasoning_tokens") Set(value, &reasoning);
    if (key == "audio_tokens") Set(value, &output_audio);
    if (key == "image_tokens") Set(value, &output_image);
  });
}

void OpenAiCounts::Read(std::string_view raw) {
  Count cached_aside;
  VisitObject(raw, [&](std::string_view key, std::string_view value) {
    if (key == "prompt_tokens" || key == "input_tokens") Set(value, &input);
    if (key == "completion_tokens" || key == "output_tokens") Set(value, &output);
    if (key == "total_tokens") Set(value, &total);
    if (key == "prompt_tokens_details" || key == "input_tokens_details") ReadInputDetails(value);
    if (key == "completion_tokens_details" || key == "output_tokens_details") {
      ReadOutputDetails(value);
    }
    // DeepSeek, Moonshot, and proxies that keep Anthropic's names.
    if (key == "prompt_cache_hit_tokens" || key == "cached_tokens" ||
        key == "cache_read_input_tokens") {
      Set(value, &cached_aside);
    }
    if (key == "cache_creation_input_tokens") Set(value, &cache_write);
    // OpenRouter: what it charges, and what the caller's own key was charged elsewhere.
    if (key == "cost") cost = Dollars(value);
    if (key == "is_byok") own_key = value == "true";
    if (key == "cost_details") upstream_cost = Dollars(Member(value, "upstream_inference_cost"));
  });
  if (!cached) cached = cached_aside;
}

// Output and reasoning. Some count reasoning beside the completion and in the total only.
void SplitOutput(const OpenAiCounts& counts, WireResult& result) {
  Usage& usage = result.usage;
  int64_t output = counts.output.value_or(0);
  const int64_t reasoning = counts.reasoning.value_or(0);
  const int64_t gap = counts.total.value_or(0) - counts.input.value_or(0) - output;
  if (gap > 0 && counts.total && (counts.input || counts.output)) {
    if (gap != reasoning) result.usage_flags |= kUsageInconsistent;
    const int64_t inside = gap == reasoning ? 0 : std::min(reasoning, output);
    usage[UsageBucket::kReasoning] = gap + inside;
    output -= inside;
  } else {
    usage[UsageBucket::kReasoning] = MoveOut(reasoning, output, result.usage_flags);
  }
  usage[UsageBucket::kOutputAudio] =
      MoveOut(counts.output_audio.value_or(0), output, result.usage_flags);
  usage[UsageBucket::kOutputImage] =
      MoveOut(counts.output_image.value_or(0), output, result.usage_flags);
  usage[UsageBucket::kOutput] = output;
}

}  // namespace

void AnthropicUsage::Read(std::string_view raw) {
  VisitObject(raw, [this](std::string_view key, std::string_view value) {
    if (key == "input_tokens") Set(value, &input_);
    if (key == "output_tokens") Set(value, &output_);
    if (key == "cache_read_input_tokens") Set(value, &cache_read_);
    if (key == "cache_creation_input_tokens") Set(value, &cache_write_);
    if (key == "iterations" && IsArray(value)) iterations_ = value;
    if (key == "service_tier" && IsString(value)) service_tier_ = Text(value);
    if (key == "speed" && IsString(value)) speed_ = Text(value);
    if (key == "cache_creation") {
      VisitObject(value, [this](std::string_view ttl, std::string_view count) {
        if (ttl == "ephemeral_5m_input_tokens") Set(count, &write_5m_);
        if (ttl == "ephemeral_1h_input_tokens") Set(count, &write_1h_);
      });
    }
    if (key == "output_tokens_details") {
      if (const auto member = Member(value, "thinking_tokens"); !member.empty()) {
        Set(member, &thinking_);
      }
    }
    if (key == "server_tool_use") {
      if (const auto member = Member(value, "web_search_requests"); !member.empty()) {
        Set(member, &web_searches_);
      }
    }
  });
}

Usage AnthropicUsage::Split(std::string_view cache_ttl, uint8_t& flags) const {
  Usage usage;
  usage[UsageBucket::kInput] = input_.value_or(0);
  usage[UsageBucket::kCacheRead] = cache_read_.value_or(0);
  const int64_t named = write_5m_.value_or(0) + write_1h_.value_or(0);
  const int64_t written = cache_write_.value_or(named);
  if (named > written) flags |= kUsageInconsistent;
  int64_t write_1h = std::min(write_1h_.value_or(0), written);
  int64_t write_5m = std::min(write_5m_.value_or(0), written - write_1h);
  // What a later event added comes without a split: as the request asked.
  if (const int64_t rest = written - write_1h - write_5m; rest > 0) {
    if (cache_ttl != "5m") flags |= kUsageCacheTtlAssumed;
    (cache_ttl == "1h" ? write_1h : write_5m) += rest;
  }
  usage[UsageBucket::kCacheWrite1h] = write_1h;
  usage[UsageBucket::kCacheWrite5m] = write_5m;
  int64_t output = output_.value_or(0);
  usage[UsageBucket::kReasoning] = MoveOut(thinking_.value_or(0), output, flags);
  usage[UsageBucket::kOutput] = output;
  usage.web_searches = web_searches_.value_or(0);
  return usage;
}

void AnthropicUsage::Write(std::string_view cache_ttl, WireResult& result) const {
  result.has_usage = input_ || output_;
  result.usage_flags = 0;
  result.usage = Split(cache_ttl, result.usage_flags);
  result.raw_input_tokens = input_;
  result.raw_output_tokens = output_;
  result.service_tier = speed_ == "fast" ? speed_ : service_tier_;
  result.iterations.clear();
  if (iterations_.empty()) return;
  Usage sum;
  VisitArray(iterations_, [&](std::string_view raw) {
    AnthropicUsage one;
    one.Read(raw);
    WireIteration iteration = {Text(Member(raw, "type")), Text(Member(raw, "model")),
                               one.Split(cache_ttl, result.usage_flags)};
    for (size_t i = 0; i < kUsageBuckets; ++i) sum.tokens[i] += iteration.usage.tokens[i];
    result.iterations.push_back(std::move(iteration));
  });
  if (result.iterations.empty()) return;
  // The top level lacks compaction and names one model only: the iterations are the bill. Thinking
  // and searches are reported at the top only.
  int64_t& output = sum[UsageBucket::kOutput];
  sum[UsageBucket::kReasoning] += MoveOut(thinking_.value_or(0), output, result.usage_flags);
  sum.web_searches = result.iterations[0].usage.web_searches = web_searches_.value_or(0);
  result.usage = sum;
}

void ReadOpenAiUsage(std::string_view raw, WireResult& result) {
  OpenAiCounts counts;
  counts.Read(raw);
  result.usage_json = raw;
  if (counts.cost && counts.own_key && counts.upstream_cost) {
    counts.cost->value += counts.upstream_cost->value;
  }
  if (counts.cost) result.cost_reported = counts.cost;
  if (!counts.input && !counts.output && !counts.total) return;

  result.has_usage = true;
  result.usage_flags = 0;
  result.usage.tokens = {};
  result.raw_input_tokens = counts.input;
  result.raw_output_tokens = counts.output;
  result.raw_total_tokens = counts.total;
  if (!counts.input && !counts.output) {
    result.usage_flags = kUsageTotalOnly;
    return;
  }
  Usage& usage = result.usage;
  int64_t input = counts.input.value_or(0);
  const int64_t cached = counts.cached.value_or(0);
  const int64_t written = counts.cache_write.value_or(0);
  if (cached + written <= input) {
    input -= cached + written;
  } else {
    result.usage_flags |= kUsageInconsistent;  // This one counts the cache beside its input.
  }
  usage[UsageBucket::kCacheRead] = cached;
  usage[UsageBucket::kCacheWrite5m] = written;
  // How much of the audio was cached is not said: the text is taken to be cached first.
  usage[UsageBucket::kInputAudio] = std::min(counts.input_audio.value_or(0), input);
  input -= usage[UsageBucket::kInputAudio];
  usage[UsageBucket::kInputImage] = std::min(counts.input_image.value_or(0), input);
  usage[UsageBucket::kInput] = input - usage[UsageBucket::kInputImage];
  SplitOutput(counts, result);
}

GeminiUsage::Modalities GeminiUsage::ReadModalities(std::string_view raw) {
  Modalities out;
  VisitArray(raw, [&out](std::string_view element) {
    const std::string_view modality = Inside(Member(element, "modality"));
    const int64_t count = std::max<int64_t>(Whole(Member(element, "tokenCount")).value_or(0), 0);
    if (modality == "AUDIO") out.audio += count;
    if (modality == "IMAGE") out.image += count;
  });
  return out;
}

void GeminiUsage::Read(std::string_view raw) {
  VisitObject(raw, [this](std::string_view key, std::string_view value) {
    if (key == "promptTokenCount") Set(value, &prompt_);
    if (key == "cachedContentTokenCount") Set(value, &cached_);
    if (key == "candidatesTokenCount" || key == "responseTokenCount") Set(value, &candidates_);
    if (key == "thoughtsTokenCount") Set(value, &thoughts_);
    if (key == "toolUsePromptTokenCount") Set(value, &tool_prompt_);
    if (key == "totalTokenCount") Set(value, &total_);
    if (key == "promptTokensDetails") prompt_parts_ = ReadModalities(value);
    if (key == "toolUsePromptTokensDetails") tool_parts_ = ReadModalities(value);
    if (key == "cacheTokensDetails") cached_parts_ = ReadModalities(value);
    if (key == "candidatesTokensDetails" || key == "responseTokensDetails") {
      output_parts_ = ReadModalities(value);
    }
    if ((key == "trafficType" || key == "serviceTier") && IsString(value)) {
      tier_ = Lower(Text(value));
    }
  });
}

void GeminiUsage::Write(WireResult& result) const {
  if (!tier_.empty()) result.service_tier = tier_;
  if (!prompt_ && !candidates_ && !total_) return;
  result.has_usage = true;
  result.usage_flags = 0;
  result.raw_input_tokens = prompt_;
  result.raw_output_tokens = candidates_;
  result.raw_total_tokens = total_;
  uint8_t& flags = result.usage_flags;
  Usage& usage = result.usage;
  usage.tokens = {};
  if (!prompt_ && !candidates_) {
    flags = kUsageTotalOnly;
    return;
  }
  int64_t input = prompt_.value_or(0) + tool_prompt_.value_or(0);
  const int64_t counted = input + candidates_.value_or(0) + thoughts_.value_or(0);
  usage[UsageBucket::kCacheRead] = MoveOut(cached_.value_or(0), input, flags);
  const int64_t audio = prompt_parts_.audio + tool_parts_.audio - cached_parts_.audio;
  const int64_t image = prompt_parts_.image + tool_parts_.image - cached_parts_.image;
  usage[UsageBucket::kInputAudio] = MoveOut(std::max<int64_t>(audio, 0), input, flags);
  usage[UsageBucket::kInputImage] = MoveOut(std::max<int64_t>(image, 0), input, flags);
  usage[UsageBucket::kInput] = input;
  usage[UsageBucket::kReasoning] = thoughts_.value_or(0);
  if (total_ && *total_ > counted) {
    usage[UsageBucket::kReasoning] += *total_ - counted;
    flags |= kUsageInconsistent;
  }
  int64_t output = candidates_.value_or(0);
  usage[UsageBucket::kOutputAudio] = MoveOut(output_parts_.audio, output, flags);
  usage[UsageBucket::kOutputImage] = MoveOut(output_parts_.image, output, flags);
  usage[UsageBucket::kOutput] = output;
}

}  // namespace pitot
