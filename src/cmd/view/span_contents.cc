#include "cmd/view/span_contents.h"

#include <fmt/format.h>

#include "cmd/view/json_slice.h"

namespace pitot {
namespace {

std::string Member(std::string_view object, std::string_view name) {
  return JsonAsText(JsonMember(object, name));
}

// Text as it is, tool calls as calls, anything else as JSON.
std::string PartText(std::string_view part) {
  const auto has = [&](std::string_view name) { return !JsonMember(part, name).empty(); };
  const std::string type = Member(part, "type");
  if (type == "text" && has("content")) return Member(part, "content");
  if (type == "reasoning" && has("content")) return "(thinks) " + Member(part, "content");
  if (type == "tool_call") {
    return fmt::format("calls {}({})", Member(part, "name"), Member(part, "arguments"));
  }
  if (type == "tool_result" && has("result")) return "result " + Member(part, "result");
  return JsonAsText(part);
}

void AddPiece(std::string_view name, std::string_view piece, std::vector<SpanText>& texts) {
  const std::string_view missing = JsonMember(piece, "missing_payload");
  if (!missing.empty() && missing != "null") {
    texts.push_back({std::string(name), "(not in the store any more)"});
    return;
  }
  const std::vector<std::string_view> parts = JsonElements(JsonMember(piece, "parts"));
  if (parts.empty()) {
    texts.push_back({name == "tool_definitions" ? "tools" : std::string(name), JsonAsText(piece)});
    return;
  }
  const std::string role = Member(piece, "role");
  const std::string label = name == "input" && !role.empty() ? role : std::string(name);
  for (const std::string_view part : parts) texts.push_back({label, PartText(part)});
}

}  // namespace

std::vector<SpanText> SpanContents(std::string_view body) {
  std::vector<SpanText> texts;
  for (const std::string_view name :
       {"system", "tool_definitions", "input", "reasoning", "output"}) {
    for (const std::string_view piece : JsonElements(JsonMember(body, name))) {
      AddPiece(name, piece, texts);
    }
  }
  return texts;
}

}  // namespace pitot
