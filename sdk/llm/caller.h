// sdk/llm/caller.h
//
// What the clients of all providers do alike: a call with its span, attempts, figures and records.
// Thread-safety: any thread; a call stays in its own.
#pragma once

#include <string>
#include <string_view>

#include "pitot/llm_client.h"
#include "sdk/llm/length_warning.h"
#include "sdk/net/http_client.h"
#include "sdk/net/url.h"
#include "wire/api.h"

namespace pitot {
inline namespace sdk {

struct ProviderFacts {
  std::string_view name;          // "anthropic"
  std::string_view key_variable;  // "ANTHROPIC_API_KEY"
  std::string_view url_variable;  // "ANTHROPIC_BASE_URL"
  std::string_view url;           // Its own.
  // How the key is sent: a header and what precedes the key in it.
  std::string_view key_header;
  std::string_view key_prefix;
  HeaderList headers;            // With every request.
  bool idempotency_key = false;  // One for all attempts of a call.
};

class LlmCaller {
 public:
  struct Work {
    WireApi api = WireApi::kOther;
    std::string_view path;  // Behind the base URL.
    std::string_view body;
    const StreamHandlers* handlers = nullptr;  // Null: nobody listens to pieces.
    const LlmCallOptions& call;
  };

  // Throws std::invalid_argument naming option, value and limit.
  LlmCaller(LlmClientOptions options, const ProviderFacts& facts);

  LlmReply Call(const Work& work);

 private:
  friend class LlmCall;

  LlmClientOptions options_;
  Url base_;  // options_.base_url in parts.
  HeaderList headers_;
  bool idempotency_key_ = false;
  HttpClient http_;
  LengthWarning length_warning_;
};

}  // namespace sdk
}  // namespace pitot
