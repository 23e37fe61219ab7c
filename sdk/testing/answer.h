// sdk/testing/answer.h
//
// From what was asked and what the script says to the bytes of the answer, in each provider's format.
// Pure: no clock, no socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pitot/testing/scripted_provider.h"
#include "wire/api.h"
#include "wire/request.h"

namespace pitot {
inline namespace sdk {

using AnswerHeaders = std::vector<std::pair<std::string, std::string>>;

// The clock on every answer: 2026-11-20 12:00:00 UTC.
inline constexpr int64_t kAnswerUnixSeconds = 1'795'176'000;
inline constexpr std::string_view kAnswerDate = "Fri, 20 Nov 2026 12:00:00 GMT";

// A request as its path makes it out. Views into the request, which must outlive it.
struct Asked {
  const ScriptedRequest* request = nullptr;
  WireApi api = WireApi::kOther;
  Dialect dialect = Dialect::kOpenAi;
  WireRequest wire;
  uint64_t number = 1;  // Of the answer, from 1: what ids and limits are made of.
};

Asked ReadAsked(const ScriptedRequest& request, uint64_t number);

// Why the provider would refuse it, whatever it says.
std::optional<ScriptedError> Refusal(const Asked& asked, std::string_view api_key);

// An answer but for its framing.
struct Answer {
  int status = 200;
  AnswerHeaders headers;
  std::string body;
  bool streamed = false;
  std::vector<std::string> events;  // As they go on the wire; the body when streamed.
  size_t terminal_events = 0;       // The last of these tell the end.
};

// What `usage` comes to for this request and reply: nothing is unset.
struct TokenCounts {
  int64_t input = 0;  // Uncached.
  int64_t cache_read = 0;
  int64_t cache_write_5m = 0;
  int64_t cache_write_1h = 0;
  int64_t output = 0;  // Without reasoning.
  int64_t reasoning = 0;
  int64_t web_searches = 0;

  int64_t all_input() const { return input + cache_read + cache_write_5m + cache_write_1h; }
  int64_t all_output() const { return output + reasoning; }
};
TokenCounts CountTokens(const Asked& asked, const ScriptedReply& reply);

// By the API of `asked`. REQUIRES: it is one of the four.
Answer MakeAnswer(const Asked& asked, const ScriptedReply& reply);
Answer MakeAnswer(const Asked& asked, const ScriptedError& error);
// The event that tells of an error in a stream. `sequence`: events before it (Responses).
std::string ErrorEvent(const Asked& asked, const ScriptedError& error, size_t sequence);
// Responses: `response.failed` of the answer that `reply` would have become.
std::string FailedEvent(const Asked& asked, const ScriptedReply& reply, const ScriptedError& error,
                        size_t sequence);

// One of each API; used by MakeAnswer.
void AnswerMessages(const Asked& asked, const ScriptedReply& reply, Answer& out);
void AnswerChat(const Asked& asked, const ScriptedReply& reply, Answer& out);
void AnswerResponses(const Asked& asked, const ScriptedReply& reply, Answer& out);
void AnswerEmbeddings(const Asked& asked, const ScriptedReply& reply, Answer& out);

// `prefix` and `length` characters that look random and are those of this answer. `salt` tells several
// of an answer apart.
std::string MakeId(std::string_view prefix, size_t length, uint64_t number, uint64_t salt);
std::string ToolCallId(const Asked& asked, const ScriptedReply& reply, size_t index);
// JSON of an object; what is none stays as it came, in quotes.
std::string ArgumentsJson(const ScriptedToolCall& call);
// `text` as deltas carry it: about a word each, at most 64, never cut inside a character.
std::vector<std::string_view> Pieces(std::string_view text);

// "event: TYPE\ndata: JSON\n\n" and "data: JSON\n\n".
std::string NamedEvent(std::string_view type, std::string_view json);
std::string DataEvent(std::string_view json);

// Each provider's headers. `remaining_none`: at a rate limit.
AnswerHeaders ProviderHeaders(const Asked& asked, bool remaining_none);
// Replaces the header of that name in any case, or adds it.
void SetHeader(AnswerHeaders& headers, const std::pair<std::string, std::string>& header);

}  // namespace sdk
}  // namespace pitot
