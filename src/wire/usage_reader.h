// wire/usage_reader.h
//
// A provider's usage object -> disjoint buckets. Called with every usage object of an answer: fields
// that are there overwrite, those that are null or missing stay, nothing is added up: counts in
// streams are cumulative. Field facts: the providers' SDK types; see docs/gateway.md. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/response.h"

namespace pitot {

class AnthropicUsage {
 public:
  void Read(std::string_view raw);
  // `cache_ttl`: what the request asked for, for writes that name no ttl.
  void Write(std::string_view cache_ttl, WireResult& result) const;

 private:
  Usage Split(std::string_view cache_ttl, uint8_t& flags) const;

  std::optional<int64_t> input_;
  std::optional<int64_t> output_;
  std::optional<int64_t> cache_read_;
  std::optional<int64_t> cache_write_;
  std::optional<int64_t> write_5m_;
  std::optional<int64_t> write_1h_;
  std::optional<int64_t> thinking_;
  std::optional<int64_t> web_searches_;
  std::string iterations_;
  std::string service_tier_;
  std::string speed_;
};

// Chat, completions, embeddings and Responses, and those who speak like them. Each object is whole.
void ReadOpenAiUsage(std::string_view raw, WireResult& result);

class GeminiUsage {
 public:
  void Read(std::string_view raw);
  void Write(WireResult& result) const;

 private:
  struct Modalities {
    int64_t audio = 0;
    int64_t image = 0;
  };
  static Modalities ReadModalities(std::string_view raw);

  std::optional<int64_t> prompt_;
  std::optional<int64_t> cached_;
  std::optional<int64_t> candidates_;
  std::optional<int64_t> thoughts_;
  std::optional<int64_t> tool_prompt_;
  std::optional<int64_t> total_;
  Modalities prompt_parts_;
  Modalities tool_parts_;
  Modalities cached_parts_;
  Modalities output_parts_;
  std::string tier_;
};

}  // namespace pitot
