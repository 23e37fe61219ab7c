#include <utility>

#include "pitot/anthropic.h"
#include "pitot/openai.h"
#include "sdk/llm/caller.h"
#include "sdk/llm/json_body.h"
#include "wire/include_usage.h"

namespace pitot {
inline namespace sdk {
namespace {

ProviderFacts AnthropicFacts() {
  return {.name = "anthropic",
          .key_variable = "ANTHROPIC_API_KEY",
          .url_variable = "ANTHROPIC_BASE_URL",
          .url = "https://api.anthropic.com",
          .key_header = "x-api-key",
          .key_prefix = "",
          .headers = {{"content-type", "application/json"},
                      {"accept", "application/json"},
                      {"anthropic-version", "2023-06-01"}}};
}

ProviderFacts OpenAiFacts() {
  return {.name = "openai",
          .key_variable = "OPENAI_API_KEY",
          .url_variable = "OPENAI_BASE_URL",
          .url = "https://api.openai.com/v1",
          .key_header = "authorization",
          .key_prefix = "Bearer ",
          .headers = {{"content-type", "application/json"}, {"accept", "application/json"}},
          .idempotency_key = true};
}

}  // namespace

class ObservableAnthropicClient::Impl {
 public:
  explicit Impl(LlmClientOptions options) : caller_(std::move(options), AnthropicFacts()) {}

  LlmReply Messages(std::string_view body, const StreamHandlers* handlers,
                    const LlmCallOptions& call) {
    return caller_.Call({WireApi::kAnthropicMessages, "/v1/messages", body, handlers, call});
  }

 private:
  LlmCaller caller_;
};

ObservableAnthropicClient::ObservableAnthropicClient(LlmClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
ObservableAnthropicClient::~ObservableAnthropicClient() = default;
ObservableAnthropicClient::ObservableAnthropicClient(ObservableAnthropicClient&&) noexcept =
    default;
ObservableAnthropicClient& ObservableAnthropicClient::operator=(
    ObservableAnthropicClient&&) noexcept = default;

LlmReply ObservableAnthropicClient::messages(const AnthropicRequest& request,
                                             const LlmCallOptions& call) {
  return messages_json(request.to_json(), call);
}

LlmReply ObservableAnthropicClient::messages_json(std::string_view body,
                                                  const LlmCallOptions& call) {
  return impl_->Messages(body, nullptr, call);
}

LlmReply ObservableAnthropicClient::messages_stream(const AnthropicRequest& request,
                                                    const StreamHandlers& handlers,
                                                    const LlmCallOptions& call) {
  return messages_stream_json(request.to_json(), handlers, call);
}

LlmReply ObservableAnthropicClient::messages_stream_json(std::string_view body,
                                                         const StreamHandlers& handlers,
                                                         const LlmCallOptions& call) {
  return impl_->Messages(WithStream(body), &handlers, call);
}

class ObservableOpenAiClient::Impl {
 public:
  explicit Impl(LlmClientOptions options) : caller_(std::move(options), OpenAiFacts()) {}

  LlmReply Chat(std::string_view body, const StreamHandlers* handlers, const LlmCallOptions& call) {
    return caller_.Call({WireApi::kOpenAiChat, "/chat/completions", body, handlers, call});
  }
  LlmReply Responses(std::string_view body, const StreamHandlers* handlers,
                     const LlmCallOptions& call) {
    return caller_.Call({WireApi::kOpenAiResponses, "/responses", body, handlers, call});
  }

 private:
  LlmCaller caller_;
};

ObservableOpenAiClient::ObservableOpenAiClient(LlmClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
ObservableOpenAiClient::~ObservableOpenAiClient() = default;
ObservableOpenAiClient::ObservableOpenAiClient(ObservableOpenAiClient&&) noexcept = default;
ObservableOpenAiClient& ObservableOpenAiClient::operator=(ObservableOpenAiClient&&) noexcept =
    default;

LlmReply ObservableOpenAiClient::chat(const ChatRequest& request, const LlmCallOptions& call) {
  return chat_json(request.to_json(), call);
}

LlmReply ObservableOpenAiClient::chat_json(std::string_view body, const LlmCallOptions& call) {
  return impl_->Chat(body, nullptr, call);
}

LlmReply ObservableOpenAiClient::chat_stream(const ChatRequest& request,
                                             const StreamHandlers& handlers,
                                             const LlmCallOptions& call) {
  return chat_stream_json(request.to_json(), handlers, call);
}

LlmReply ObservableOpenAiClient::chat_stream_json(std::string_view body,
                                                  const StreamHandlers& handlers,
                                                  const LlmCallOptions& call) {
  std::string streamed = WithStream(body);
  if (!SaysIncludeUsage(body)) streamed = AskForUsage(streamed).value_or(streamed);
  return impl_->Chat(streamed, &handlers, call);
}

LlmReply ObservableOpenAiClient::responses(const ResponsesRequest& request,
                                           const LlmCallOptions& call) {
  return responses_json(request.to_json(), call);
}

LlmReply ObservableOpenAiClient::responses_json(std::string_view body, const LlmCallOptions& call) {
  return impl_->Responses(body, nullptr, call);
}

LlmReply ObservableOpenAiClient::responses_stream(const ResponsesRequest& request,
                                                  const StreamHandlers& handlers,
                                                  const LlmCallOptions& call) {
  return responses_stream_json(request.to_json(), handlers, call);
}

LlmReply ObservableOpenAiClient::responses_stream_json(std::string_view body,
                                                       const StreamHandlers& handlers,
                                                       const LlmCallOptions& call) {
  return impl_->Responses(WithStream(body), &handlers, call);
}

}  // namespace sdk
}  // namespace pitot
