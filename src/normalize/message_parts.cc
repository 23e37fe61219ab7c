#include "normalize/message_parts.h"

#include <algorithm>

namespace pitot {
namespace {

constexpr PartRow kParts[] = {
    {{"text", "input_text", "output_text"}, "text", {{{"content", {"content", "text"}}}}},
    {{"reasoning", "thinking"},
     "reasoning",
     {{{"content", {"content", "thinking", "text", "reasoning"}}}}},
    {{"tool_call", "tool_use", "function_call", "tool-call", "toolCall", "custom_tool_call"},
     "tool_call",
     {{{"id", {"call_id", "id", "toolUseId", "toolCallId", "tool_call_id"}},
       {"name", {"name", "toolName"}},
       {"arguments", {"arguments", "input", "args"}, true}}}},
    {{"tool_call_response", "tool_result", "function_call_output", "tool-result"},
     "tool_result",
     {{{"id", {"call_id", "id", "tool_use_id", "toolUseId", "tool_call_id"}},
       {"name", {"name", "toolName"}},
       {"result", {"response", "result", "content", "output"}, true}}}},
    {{"blob"},
     "media",
     {{{"modality", {"modality"}},
       {"mime", {"mime_type", "mimeType"}},
       {"data", {"content", "data"}}}}},
    {{"uri"},
     "media",
     {{{"modality", {"modality"}},
       {"mime", {"mime_type", "mimeType"}},
       {"uri", {"uri", "fileUri", "file_uri"}}}}},
    {{"file"},
     "media",
     {{{"modality", {"modality"}}, {"mime", {"mime_type"}}, {"file_id", {"file_id"}}}}},
};

constexpr WrapperRow kWrappers[] = {
    {"toolUse", "tool_call"},      {"toolResult", "tool_call_response"},
    {"functionCall", "tool_call"}, {"functionResponse", "tool_call_response"},
    {"function", "tool_call"},     {"custom", "tool_call"},
    {"inlineData", "blob"},        {"fileData", "uri"},
};

}  // namespace

const PartRow* FindPart(std::string_view type) {
  for (const PartRow& row : kParts) {
    if (!type.empty() && std::ranges::find(row.types, type) != row.types.end()) return &row;
  }
  // Tools that Anthropic runs, and the outputs of all that OpenAI's models call.
  if (type.ends_with("_tool_use")) return FindPart("tool_use");
  const bool result = type.ends_with("_tool_result") || type.ends_with("_call_output");
  return result ? FindPart("tool_result") : nullptr;
}

std::span<const WrapperRow> PartWrappers() { return kWrappers; }

}  // namespace pitot
