#include "sdk/llm/caller.h"

#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "pitot/version.h"
#include "sdk/llm/endpoint.h"
#include "sdk/llm/llm_call.h"
#include "sdk/net/request_head.h"

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::milliseconds;

std::string FromEnvironment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? "" : value;
}

// Keys that are read from files end with a line break.
std::string TrimEnd(std::string text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
  return text;
}

void CheckRange(std::string_view option, int64_t value, int64_t min, int64_t max,
                std::string_view unit) {
  if (value >= min && value <= max) return;
  throw std::invalid_argument(std::string(option) + " is " + std::to_string(value) +
                              std::string(unit) + "; it must be " + std::to_string(min) + " to " +
                              std::to_string(max) + std::string(unit));
}

void CheckOptions(const LlmClientOptions& options) {
  constexpr int64_t kDayMs = milliseconds(std::chrono::hours(24)).count();
  CheckRange("retries_max", options.retries_max, 0, 10, "");
  CheckRange("backoff_first", options.backoff_first.count(), 1, kDayMs, " ms");
  CheckRange("backoff_max", options.backoff_max.count(), options.backoff_first.count(), kDayMs,
             " ms");
  CheckRange("retry_after_max", options.retry_after_max.count(), 0, kDayMs, " ms");
  CheckRange("timeout", options.timeout.count(), 1, kDayMs, " ms");
  CheckRange("connect_timeout", options.connect_timeout.count(), 1, kDayMs, " ms");
  CheckRange("idle_timeout", options.idle_timeout.count(), 1, kDayMs, " ms");
  if (options.response_bytes_max == 0) {
    throw std::invalid_argument("response_bytes_max is 0; it must be at least 1");
  }
}

void CheckHeaders(const HeaderList& headers) {
  for (const auto& [name, value] : headers) {
    if (IsHeaderName(name) && IsHeaderValue(value)) continue;
    // Never the value: it may be a secret.
    throw std::invalid_argument("header '" + name +
                                "' has a character that no header can have, in name or value");
  }
}

bool SaysWhoCalls(const HeaderList& headers) {
  for (const auto& [name, value] : headers) {
    for (const std::string_view known : {"authorization", "api-key", "x-api-key", "x-pitot-key"}) {
      if (EqualNoCase(name, known)) return true;
    }
  }
  return false;
}

}  // namespace

LlmCaller::LlmCaller(LlmClientOptions options, const ProviderFacts& facts)
    : options_(std::move(options)),
      idempotency_key_(facts.idempotency_key),
      http_({.ca_file = options_.ca_file}),
      length_warning_(options_.on_length) {
  CheckOptions(options_);
  if (options_.provider.empty()) options_.provider = facts.name;
  if (options_.base_url.empty()) options_.base_url = FromEnvironment(facts.url_variable);
  if (options_.base_url.empty()) options_.base_url = facts.url;
  const std::optional<Url> base = ParseUrl(options_.base_url);
  if (!base || !base->user_info.empty()) {
    throw std::invalid_argument("base_url (or " + std::string(facts.url_variable) +
                                ") is not an http or https URL without user and password: '" +
                                ShownUrl(options_.base_url) + "'");
  }
  base_ = *base;
  if (options_.api_key.empty()) options_.api_key = FromEnvironment(facts.key_variable);
  options_.api_key = TrimEnd(std::move(options_.api_key));
  headers_ = facts.headers;
  headers_.emplace_back("user-agent", "pitot-sdk/" + std::string(kSdkVersion));
  if (!options_.api_key.empty()) {
    headers_.emplace_back(facts.key_header, std::string(facts.key_prefix) + options_.api_key);
  } else if (IsProvidersHost(base_) && !SaysWhoCalls(options_.headers)) {
    throw std::invalid_argument("api_key is empty, and " + std::string(facts.key_variable) +
                                " is not set; " + base_.host + " asks for one");
  }
  Overlay(options_.headers, headers_);
  CheckHeaders(headers_);
}

LlmReply LlmCaller::Call(const Work& work) {
  CheckHeaders(work.call.headers);
  return LlmCall(*this, work).Run();
}

}  // namespace sdk
}  // namespace pitot
