// What answers without a script: plausible, and nothing but what was asked.
#include <algorithm>
#include <cctype>

#include "pitot/testing/scripted_provider.h"
#include "sdk/testing/answer.h"
#include "sdk/testing/json_out.h"
#include "wire/estimate.h"
#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr size_t kEchoBytesMax = 400;

// The texts of a message, a content or a part, joined.
std::string TextOf(std::string_view value) {
  if (IsString(value)) return Text(value);
  std::string out;
  const auto add = [&](const std::string& text) {
    if (!out.empty() && !text.empty()) out += ' ';
    out += text;
  };
  if (IsArray(value)) {
    VisitArray(value, [&](std::string_view part) { add(TextOf(part)); });
  } else if (IsObject(value)) {
    const std::string_view text = Member(value, "text");
    add(TextOf(text.empty() ? Member(value, "content") : text));
  }
  return out;
}

// Whole characters only.
std::string_view Shortened(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || byte >= 0x80 || c == '-' || c == '.') {
      word += c;
      continue;
    }
    if (!word.empty()) out.push_back(std::move(word));
    word.clear();
  }
  if (!word.empty()) out.push_back(std::move(word));
  for (std::string& one : out) {
    while (one.size() > 1 && (one.back() == '.' || one.back() == '-')) one.pop_back();
  }
  return out;
}

bool HasDigit(std::string_view word) {
  return std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
}

struct Tool {
  std::string name;
  std::string schema;  // JSON schema of its arguments; empty: none.
};

std::vector<Tool> ToolsOf(std::string_view tools) {
  std::vector<Tool> out;
  VisitArray(tools, [&](std::string_view tool) {
    const std::string_view function = Member(tool, "function");
    const std::string_view from = function.empty() ? tool : function;
    std::string_view schema = Member(from, "input_schema");
    if (schema.empty()) schema = Member(from, "parameters");
    std::string name = Text(Member(from, "name"));
    // Tools that the provider itself runs have no schema.
    if (!name.empty() && !schema.empty()) out.push_back({std::move(name), std::string(schema)});
  });
  return out;
}

// What the request says about tools: none, whichever, or one by name.
struct Choice {
  bool none = false;
  std::string name;
};

Choice ChoiceOf(std::string_view body) {
  const std::string_view choice = Member(body, "tool_choice");
  if (IsString(choice)) return {.none = Text(choice) == "none", .name = ""};
  const std::string_view function = Member(choice, "function");
  return {.none = Text(Member(choice, "type")) == "none",
          .name = Text(Member(function.empty() ? choice : function, "name"))};
}

const Tool& Choose(const std::vector<Tool>& tools, const std::string& wanted,
                   std::string_view asked) {
  constexpr size_t kTellingBytes = 4;
  const std::string text = Lower(asked);
  for (const Tool& tool : tools) {
    if (tool.name == wanted) return tool;
  }
  for (const Tool& tool : tools) {
    std::string name = Lower(tool.name);
    std::ranges::replace(name, '_', ' ');
    for (const std::string& word : Words(name)) {
      if (word.size() >= kTellingBytes && text.find(word) != std::string::npos) return tool;
    }
  }
  return tools.front();
}

// A value of `schema` made of what was said: a number where one is wanted, else a word with a digit, else
// the last word with a capital, else all of it.
std::string ValueFor(std::string_view schema, std::string_view asked) {
  const std::string_view choices = Member(schema, "enum");
  std::string first;
  VisitArray(choices, [&](std::string_view value) {
    if (first.empty()) first = value;
  });
  if (!first.empty()) return first;

  const std::string type = Text(Member(schema, "type"));
  const std::vector<std::string> words = Words(asked);
  if (type == "integer" || type == "number") {
    for (const std::string& word : words) {
      if (HasDigit(word) && IsJson(word) && (type == "number" || Whole(word))) return word;
    }
    return "1";
  }
  if (type == "boolean") return "true";
  if (type == "array") return "[]";
  if (type == "object") return "{}";
  for (const std::string& word : words) {
    if (HasDigit(word)) return Quoted(word);
  }
  for (size_t i = words.size(); i > 1; --i) {
    if (std::isupper(static_cast<unsigned char>(words[i - 1][0])) != 0) return Quoted(words[i - 1]);
  }
  return Quoted(Shortened(asked, kEchoBytesMax));
}

std::string ArgumentsFor(std::string_view schema, std::string_view asked) {
  std::vector<std::string> required;
  const std::string_view list = Member(schema, "required");
  VisitArray(list, [&](std::string_view name) { required.push_back(Text(name)); });
  std::string out = "{";
  VisitObject(Member(schema, "properties"), [&](std::string_view name, std::string_view property) {
    if (!list.empty() && std::ranges::find(required, name) == required.end()) return;
    if (out.size() > 1) out += ", ";
    AppendQuoted(name, out);
    out += ": " + ValueFor(property, asked);
  });
  return out + '}';
}

// What was said last by a person, and the results of tools since.
struct LastTurn {
  std::string said;
  std::vector<std::pair<std::string, std::string>> results;  // Name and result.
};

LastTurn ReadTurn(const WireRequest& wire, std::string_view body) {
  LastTurn turn;
  if (IsString(Member(body, "input"))) turn.said = Text(Member(body, "input"));
  std::vector<WireToolCall> calls;
  for (const WireMessage& message : wire.messages) {
    calls.insert(calls.end(), message.calls.begin(), message.calls.end());
    if (message.is_user_text && message.results.empty()) {
      turn = {.said = TextOf(message.raw), .results = {}};
    }
    for (const WireToolResult& result : message.results) {
      const auto call = std::ranges::find(calls, result.id, &WireToolCall::id);
      const std::string name = call != calls.end() ? call->name : result.name;
      const bool json = IsJson(result.result);
      turn.results.emplace_back(
          name, json && !IsObject(result.result) ? TextOf(result.result) : result.result);
    }
  }
  return turn;
}

bool AsksToThink(std::string_view body) {
  const std::string kind = Text(Member(Member(body, "thinking"), "type"));
  return kind == "enabled" || kind == "adaptive" || IsObject(Member(body, "reasoning"));
}

// Ends the text where `tokens_max` are reached, as max_tokens does.
void CutAt(int64_t tokens_max, ScriptedReply& reply) {
  const auto tokens = [](std::string_view text) {
    return EstimateTokens(static_cast<int64_t>(text.size()));
  };
  if (tokens(reply.text) <= tokens_max) return;
  constexpr int64_t kBytes = 7;  // Two tokens; see wire/estimate.h.
  const auto bytes = static_cast<size_t>(std::max<int64_t>(tokens_max * kBytes / 2 - 1, 1));
  reply.text = Shortened(reply.text, bytes);
  reply.finish = FinishReason::kLength;
}

}  // namespace

ScriptedReply ScriptedProvider::echo(const ScriptedRequest& request) {
  const Asked asked = ReadAsked(request, 1);
  const std::string_view body = request.body;
  ScriptedReply reply;
  if (asked.api == WireApi::kOther || !asked.wire.valid) return reply;

  const LastTurn turn = ReadTurn(asked.wire, body);
  if (AsksToThink(body)) reply.reasoning = "The question is: " + turn.said;
  const std::vector<Tool> tools = ToolsOf(asked.wire.tools);
  const Choice choice = ChoiceOf(body);
  if (!turn.results.empty()) {
    for (const auto& [name, result] : turn.results) {
      if (!reply.text.empty()) reply.text += ' ';
      reply.text += "By " + name + ": " + std::string(Shortened(result, kEchoBytesMax));
    }
  } else if (!tools.empty() && !choice.none) {
    const Tool& tool = Choose(tools, choice.name, turn.said);
    reply.tool_calls.push_back(
        {.name = tool.name, .arguments = ArgumentsFor(tool.schema, turn.said)});
  } else {
    reply.text = "You said: " + std::string(Shortened(turn.said, kEchoBytesMax));
  }
  if (asked.wire.max_tokens) CutAt(*asked.wire.max_tokens, reply);
  return reply;
}

}  // namespace sdk
}  // namespace pitot
