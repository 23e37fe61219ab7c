// wire/request.h
//
// What a request to a provider asks for: read once from its body, without changing or copying it.
// Sources: the providers' API references and SDK types; see docs/gateway.md for what is read where.
// Pure. Never fails: a body that is not what its path says has `valid` false and the rest as read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/api.h"

namespace pitot {

// A tool call that the model made, or the result that was sent back, as found in the messages. Tools
// that the provider runs count too: call and result then stand in the same answer.
struct WireToolCall {
  std::string id;  // Empty where the API has none (Gemini): matched by name and order.
  std::string name;
  std::string arguments;  // JSON text as the model wrote it.
};
struct WireToolResult {
  std::string id;
  std::string name;    // Where the API repeats it.
  std::string result;  // Text, or JSON of the result's blocks.
  bool is_error = false;
};

struct WireMessage {
  std::string role;  // As sent; Responses items without one: "assistant" for calls and reasoning,
                     // "tool" for results, else "user".
  std::string_view raw;  // The message's JSON, a view into the body.
  std::vector<WireToolCall> calls;
  std::vector<WireToolResult> results;
  // A person (or program) said something: not only tool results, nor the <system-reminder> that coding
  // agents put beside them.
  bool is_user_text = false;
  std::string text;  // Of assistant messages: their text, parts joined.
};

struct WireRequest {
  bool valid = false;
  std::string model;      // Of the body; Gemini's is in the path and set by the caller.
  bool streamed = false;  // As the body says; Gemini's path says it, and the caller knows.
  std::optional<int64_t> max_tokens;  // Of output, reasoning included, for one choice.
  int64_t choices = 1;                // n, candidateCount; embeddings: 1.
  std::optional<double> temperature;
  std::string service_tier;  // As asked: "flex", "priority", "batch"; Anthropic speed "fast".
  std::string user;          // Anthropic metadata.user_id, OpenAI user (safety_identifier).

  // OpenAI chat and completions: stream_options.include_usage as asked. Where to put it, see
  // include_usage.h.
  bool include_usage = false;

  // Why the body's size does not bound its input tokens: "previous_response_id", "conversation",
  // "file input", "image url", "cachedContent", "server tool web_search", ...; empty: it does.
  std::string input_unbounded;
  bool server_tools = false;
  // Bytes of the body that are images or other media in base64: their tokens are not bytes / 4.
  int64_t media_bytes = 0;
  // The most tokens that the body stands for without spelling them out: images, schemas of predefined
  // tools, the provider's own framing. See estimate.h.
  int64_t hidden_tokens_max = 0;
  // Bytes of a predicted output (OpenAI): what is rejected of it is billed as output, beyond max_tokens.
  int64_t prediction_bytes = 0;
  std::string cache_ttl;  // The longest cache_control ttl asked for: "5m", "1h", or empty.

  std::string previous_response_id;  // Responses.
  bool background = false;           // Responses: usage comes with a later GET.

  // JSON value of the system prompt or instructions; empty: none. Chat has them among the messages.
  std::string_view system;
  std::string_view tools;  // JSON value of the tool definitions; empty: none.
  std::vector<WireMessage> messages;
};

// `body` must outlive the result. `want_messages` false: figures only (fast).
WireRequest ReadRequest(WireApi api, std::string_view body, bool want_messages);

}  // namespace pitot
