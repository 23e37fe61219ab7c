// wire/answer.h
//
// What an API's reader has to do; response.cc does the rest: frames, bounds, errors.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "wire/response.h"

namespace pitot {

// What readers share. Texts are kept escaped, as they came, and cost one append a frame.
struct AnswerState {
  WireResult result;
  bool want_content = true;
  int64_t capture_bytes = 0;
  int64_t captured = 0;
  std::string cache_ttl;
  bool meaningful = false;

  // Counts escaped text of the model; appends it to `out`, unless null, while there is room.
  void Add(std::string_view inside, std::string* out);
  // Appends JSON text (a block, an item), or a piece of it, while there is room. False: there is none,
  // or no content is wanted.
  bool Keep(std::string_view raw, std::string* out);
};

class AnswerReader {
 public:
  virtual ~AnswerReader() = default;

  // The data of an event (an element of Gemini's array), an object.
  virtual void TakeFrame(std::string_view event, std::string_view data) = 0;
  // A member of a body that is not a stream. `cut`: `raw` is its beginning only.
  virtual void TakeMember(std::string_view key, std::string_view raw, bool cut) = 0;
  // No more will come: writes text, reasoning, tool_calls and message_json.
  virtual void Finish() = 0;
};

std::unique_ptr<AnswerReader> NewAnthropicAnswer(AnswerState& state);
// Chat and completions.
std::unique_ptr<AnswerReader> NewChatAnswer(AnswerState& state);
std::unique_ptr<AnswerReader> NewResponsesAnswer(AnswerState& state);
std::unique_ptr<AnswerReader> NewGeminiAnswer(AnswerState& state);
// Embeddings of OpenAI and Gemini: figures only.
std::unique_ptr<AnswerReader> NewEmbeddingsAnswer(AnswerState& state);

// An `error` member, an error event's data or a whole error body, in any provider's form.
void ReadError(Dialect dialect, int status, std::string_view raw, WireError& error);

}  // namespace pitot
