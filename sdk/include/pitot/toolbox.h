// pitot/toolbox.h
//
// The tools of an agent: told to the model, called as it asks, answered in its provider's words.
//
//   pitot::Toolbox tools;
//   tools.add({.name = "weather", .description = "The weather in a city, today.", .schema = kCitySchema},
//             [](const pitot::ToolArguments& arguments) { return look_up(arguments.text("city")); });
//
//   request: "tools": tools.anthropic_json()
//   while (!reply.tool_calls.empty()) {
//     request.messages.push_back(pitot::LlmMessage::raw(reply.message_json));
//     request.messages.push_back(pitot::LlmMessage::raw(tools.answer_anthropic(reply.tool_calls)));
//     reply = client.messages(request);
//   }
//
// Thread-safety: add() before others use it; everything else from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pitot/llm_client.h"
#include "pitot/tool.h"

namespace pitot {
inline namespace sdk {

struct ToolDefinition {
  std::string name;
  std::string description = {};
  // JSON Schema of the arguments; the model reads it, and arguments are checked against it.
  std::string schema = R"({"type":"object"})";

  std::string anthropic_json() const;  // {"name", "description", "input_schema"}
  std::string openai_json() const;  // {"type":"function","function":{...}}, for chat completions.
};

// What is told to the model of one call.
struct ToolOutcome {
  std::string call_id;
  std::string name;
  ToolStatus status = ToolStatus::kNone;
  std::string text;  // The result; of a failure what went wrong, so that the model can mend it.

  bool ok() const { return status == ToolStatus::kSuccess; }
  std::string anthropic_json() const;  // A tool_result block.
  std::string openai_json() const;     // A message of role tool.
};

class Toolbox {
 public:
  Toolbox() = default;

  using Work = std::function<std::string(const ToolArguments&)>;
  // Throws std::invalid_argument: no name, a name given twice, a schema that cannot be read.
  // Of `options`, schema, call_id and stats are the toolbox's.
  Toolbox& add(ToolDefinition definition, Work work, ToolOptions options = {});

  // JSON arrays: the "tools" of a request.
  std::string anthropic_json() const;
  std::string openai_json() const;

  // Calls the tool. What it throws is in the outcome (and on its span); a tool that does not exist is
  // invalid_args.
  ToolOutcome run(const LlmToolCall& call) const;

  // Calls them all, in order. What is to be sent after the model's message, by LlmMessage::raw: one
  // message of role user with all results, as Anthropic takes it; or an array of one message a result,
  // as OpenAI's chat completions take them.
  std::string answer_anthropic(std::span<const LlmToolCall> calls) const;
  std::string answer_openai(std::span<const LlmToolCall> calls) const;

  ToolStats& stats() const { return *stats_; }

 private:
  struct Entry {
    ToolDefinition definition;
    Work work;
    ToolOptions options;
  };
  std::vector<Entry> entries_;
  std::unique_ptr<ToolStats> stats_ = std::make_unique<ToolStats>();
};

}  // namespace sdk
}  // namespace pitot
