// normalize/messages.h
//
// Messages of any shape -> pieces. One message is one piece, the canonical JSON
//   {"role":"user","name":"...","parts":[{"type":"text","content":"..."}, ...]}
// with fields in this order, so that a message gives the same bytes whether it was an answer or is
// resent as history, and whichever way its client escapes. Part types: text{content},
// reasoning{content}, tool_call{id,name,arguments}, tool_result{id,result},
// media{modality,mime,uri|data|file_id}; parts of other types stay as they came. Fields that are
// not named here follow in the source's order; what belongs to the answer or the request and not to the
// message does not: ids and status of messages and items, finish_reason, index, logprobs,
// cache_control, encrypted reasoning, empty lists.
// Shapes read: OpenTelemetry GenAI (parts), OpenAI chat (content, tool_calls, function_call) and
// Responses (items: each is a message), Anthropic, Bedrock and Gemini blocks, plain text. Text that is
// not JSON is one message: bad JSON never fails a span.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/arena.h"
#include "model/attr.h"
#include "model/span.h"
#include "wire/json_text.h"

namespace pitot {

// Reusable; keep one for a batch. Thread-safety: none. Pieces live in the arena.
class MessageReader {
 public:
  explicit MessageReader(Arena& arena) : arena_(arena) {}

  // Appends the messages in `value`: an array of messages, one message, an array of parts or text.
  // `role` is for those that name none. `finish`, unless null, gets the first finish reason found.
  void ReadMessages(const AttrValue& value, std::string_view role, std::vector<Piece>& out,
                    std::string_view* finish);

  // Appends one message made of attributes of a span event: content, role, tool_calls, message, ...
  void ReadEvent(std::span<const Attr> attributes, std::string_view role, std::vector<Piece>& out,
                 std::string_view* finish);

  // Appends the parts in `value` as one message of `role`.
  void ReadParts(const AttrValue& value, std::string_view role, std::vector<Piece>& out);

  // Appends a tool's arguments or result, or tool definitions: canonical JSON, else the text
  // itself.
  void ReadValue(const AttrValue& value, std::vector<Piece>& out);

 private:
  using Members = std::vector<JsonMember>;

  bool TryMessages(std::string_view json, std::string_view role, std::vector<Piece>& out,
                   std::string_view* finish);
  void WriteMessage(const Members& members, std::string_view role, std::vector<Piece>& out,
                    std::string_view* finish);
  void WriteItem(const Members& item, std::string_view raw, std::string_view role,
                 std::vector<Piece>& out);
  void WriteThoughts(const Members& item);
  void StartMessage(std::string_view role);
  void EndMessage(std::vector<Piece>& out);
  void WriteText(std::string_view text, std::string_view role, std::vector<Piece>& out);
  void WriteContent(const Members& members, std::string_view raw, bool tool_result);
  void WriteBlocks(std::string_view raw);
  void WritePart(std::string_view raw);
  void WriteTypedPart(const Members& members, std::string_view type, std::string_view raw);
  void WriteUnwrapped(std::string_view raw);
  void OpenPart(std::string_view type);
  void Comma();
  std::string_view Json(const AttrValue& value);
  std::string_view ToPiece();

  Arena& arena_;
  std::string buffer_;
  std::string unquoted_;
  Members message_;
  Members wrapped_;
  Members part_;
  Members inner_;
};

}  // namespace pitot
