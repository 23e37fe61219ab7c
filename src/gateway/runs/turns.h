// gateway/runs/turns.h
//
// The messages of a request as turns: an answer of the model and what came back on it.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/runs/message_hash.h"
#include "measure/loops.h"
#include "wire/api.h"
#include "wire/request.h"

namespace pitot {

// A tool call of the last answer, kept where the request that brings its result need not repeat it.
struct PendingCall {
  uint64_t id_hash = 0;  // 0: it has no id.
  std::string id;
  std::string name;
  std::string arguments;

  int64_t Bytes() const { return static_cast<int64_t>(id.size() + name.size() + arguments.size()); }
};

// A tool call that came back. Views into the request, or into the pending calls.
struct CallWithResult {
  std::string_view id;
  std::string_view name;
  std::string_view arguments;
  std::string_view result;
  bool is_error = false;
  uint64_t place = 0;  // Where in the conversation it was made.
  LoopTool hashed;
};

struct RunTurn {
  size_t begin = 0;       // Its first message.
  bool answered = false;  // It begins with an answer.
  uint64_t said = 0;      // LoopHashes::Text of the answer.
  std::vector<CallWithResult> tools;
  bool any_call = false;
  uint64_t reply = 0;      // What was said to the answer, beside results. 0: nothing.
  bool user_text = false;  // By a person, or in a person's place: no results came with it.
};

struct TurnSource {
  WireApi api = WireApi::kOther;
  std::span<const WireMessage> messages;
  std::span<const ChainLink> links;  // links[i]: the conversation before messages[i].
  size_t from = 0;                   // Turns begin with this message.
  // Calls made before it, by an answer that said `said`. Null: an answer, if any, is in the messages.
  const std::vector<PendingCall>* pending = nullptr;
  uint64_t said = 0;
};

std::vector<RunTurn> ReadTurns(const TurnSource& source, const MessageHasher& messages,
                               const LoopHashes& hashes);

// Whether a result that is not marked as one says itself that it is an error: OpenAI's APIs have no
// such mark. {"error":...} with something in it, or a short text that begins with "Error", "Exception"
// or a traceback.
bool ReadsAsError(std::string_view result);

// The first message of the last turn that a person began; 0: none after the first message. What an
// agent did before it says nothing of what it does now.
size_t LastUserTurn(std::span<const WireMessage> messages);

// messages[i] with i <= `at`, where the answer that ends just before `at` begins; `at`: none does.
size_t AnswerBefore(std::span<const WireMessage> messages, size_t at);

}  // namespace pitot
