// wire/blocks.h
//
// The smallest pieces that requests and answers of an API share: a block of Anthropic content, a tool
// call of chat, an item of Responses, a part of Gemini. Pure; views into the text read.
#pragma once

#include <string>
#include <string_view>

#include "wire/request.h"

namespace pitot {

struct AnthropicBlock {
  std::string type;
  std::string_view id;
  std::string_view name;
  std::string_view input;
  std::string_view text;  // Of text, thinking and compaction blocks: a JSON string.
  std::string_view tool_use_id;
  std::string_view content;
  bool is_error = false;

  void Read(std::string_view raw);
  // A tool's call or result, the provider's own tools included: those stand in answers side by side.
  bool is_call() const { return type.ends_with("tool_use"); }
  bool is_result() const { return type.ends_with("tool_result"); }
  WireToolCall Call() const;
  WireToolResult Result() const;
};

// An element of tool_calls, of a message or a stream's delta.
struct ChatToolCall {
  std::string_view index;
  std::string_view id;
  std::string_view type;       // "function", "custom"; empty in later deltas.
  std::string_view name;       // JSON strings.
  std::string_view arguments;  // Custom tools: their input.

  void Read(std::string_view raw);
};

// Items of Responses, of input and output alike.
struct ResponsesItem {
  std::string type;  // "message" where it names none but has a role.
  std::string_view role;
  std::string_view content;
  std::string_view id;
  std::string_view call_id;
  std::string_view name;
  std::string_view status;
  std::string_view raw;

  void Read(std::string_view raw);
  // Calls that the model made: of functions and custom tools, and of tools that a client or OpenAI
  // runs. Those OpenAI runs have their result in the same item.
  bool is_call() const;
  bool is_result() const;
  bool is_hosted_call() const;
  WireToolCall Call() const;
  WireToolResult Result() const;
};

// A JSON value as a tool's result: what a string means, the text of text blocks, else the JSON.
std::string ResultText(std::string_view raw);

}  // namespace pitot
