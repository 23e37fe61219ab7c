// sdk/llm/client_test_util.h
//
// For tests: what calls of the scripted provider have in common.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "pitot/anthropic.h"
#include "pitot/openai.h"
#include "pitot/testing/scripted_provider.h"

namespace pitot {

inline constexpr std::string_view kKey = "sk-very-secret-key";

inline LlmClientOptions OptionsOf(const ScriptedProvider& provider, std::string_view path = "") {
  return {.api_key = std::string(kKey),
          .base_url = provider.url() + std::string(path),
          .backoff_first = std::chrono::milliseconds(1),
          .backoff_max = std::chrono::milliseconds(2)};
}

inline AnthropicRequest Hello() {
  return {.model = "claude-sonnet-4-5", .messages = {{"user", "Hi"}}};
}
inline ChatRequest HelloChat() { return {.model = "gpt-4o-mini", .messages = {{"user", "Hi"}}}; }

// The error of a call that must fail.
template <typename Call>
LlmError ErrorOf(Call call) {
  try {
    call();
  } catch (const LlmError& error) {
    return error;
  }
  ADD_FAILURE() << "the call succeeded";
  return LlmError("", {});
}

}  // namespace pitot
