// gateway/outage/degraded.h
//
// The configured answer for when nobody else answers: "The assistant is briefly unavailable." as a
// whole, well-formed answer of the model's API, so that the caller's program goes on. It used no
// tokens and costs nothing.
// Sources: the event order and required members read by @anthropic-ai/sdk 1.10.0, openai 6.49.0
// and @google/genai 2.32.0; the providers' API references.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"
#include "wire/api.h"

namespace pitot {

struct DegradedRequest {
  bool streamed = false;
  bool sse = true;             // False: Gemini without alt=sse, whose stream is a JSON array.
  bool include_usage = false;  // OpenAI: the caller asked for the usage chunk.
  std::string_view model;      // As the request named it.
  std::string_view text;
  std::string_view reason;  // Value of x-pitot-degraded: "upstream_timeout", "breaker_open".
  std::string_view id;      // Makes the answer's ids: "msg_pitot_ID"; the span id is a good one.
  UnixNanos now = 0;
};

// Nothing: the API has no answer in words (embeddings, unknown paths).
std::optional<HttpResponse> DegradedAnswer(WireApi api, const DegradedRequest& request);

}  // namespace pitot
