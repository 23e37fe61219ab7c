#include "gateway/runs/client_shape_test_util.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

namespace pitot::testing {
namespace json = boost::json;

namespace {

json::array One(const json::object& item) {
  json::array items;
  items.push_back(item);
  return items;
}

json::array AnthropicAnswer(const std::string& text, const std::vector<ClientCall>& calls) {
  json::array content;
  if (!text.empty()) content.push_back(json::object{{"type", "text"}, {"text", text}});
  for (const ClientCall& call : calls) {
    content.push_back(json::object{
        {"type", "tool_use"}, {"id", call.id}, {"name", call.tool}, {"input", call.args}});
  }
  return One({{"role", "assistant"}, {"content", content}});
}

json::array ChatAnswer(const std::string& text, const std::vector<ClientCall>& calls) {
  json::object message = {{"role", "assistant"}, {"content", nullptr}};
  if (!text.empty()) message["content"] = text;
  json::array tools;
  for (const ClientCall& call : calls) {
    const json::object function = {{"name", call.tool}, {"arguments", json::serialize(call.args)}};
    tools.push_back(json::object{{"id", call.id}, {"type", "function"}, {"function", function}});
  }
  if (!tools.empty()) message["tool_calls"] = tools;
  return One(message);
}

json::array ResponsesAnswer(const std::string& text, const std::vector<ClientCall>& calls) {
  json::array items = One({{"type", "reasoning"}, {"id", "rs_1"}, {"summary", json::array()}});
  if (!text.empty()) {
    const json::object part = {
        {"type", "output_text"}, {"text", text}, {"annotations", json::array()}};
    items.push_back(json::object{{"type", "message"},
                                 {"id", "msg_1"},
                                 {"role", "assistant"},
                                 {"status", "completed"},
                                 {"content", One(part)}});
  }
  for (const ClientCall& call : calls) {
    items.push_back(json::object{{"type", "function_call"},
                                 {"id", "fc_" + call.id},
                                 {"call_id", call.id},
                                 {"name", call.tool},
                                 {"status", "completed"},
                                 {"arguments", json::serialize(call.args)}});
  }
  return items;
}

json::array GeminiAnswer(const std::string& text, const std::vector<ClientCall>& calls) {
  json::array parts;
  if (!text.empty()) parts.push_back(json::object{{"text", text}});
  for (const ClientCall& call : calls) {
    json::object part;
    part["functionCall"] = {{"name", call.tool}, {"args", call.args}};
    parts.push_back(part);
  }
  return One({{"role", "model"}, {"parts", parts}});
}

json::object Marked(json::object message) {
  json::value* content = message.if_contains("content");
  if (content != nullptr && content->is_array() && !content->as_array().empty()) {
    content->as_array().back().as_object()["cache_control"] = {{"type", "ephemeral"}};
  }
  return message;
}

// As another JSON writer would have it.

std::string Escaped(const std::string& text) {
  std::string out;
  bool inside = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      out += text.substr(i++, 2);
      continue;
    }
    if (c == '"') inside = !inside;
    if (inside && c == '/') out += '\\';
    out += c;
    if (!inside && (c == ',' || c == ':')) out += ' ';
  }
  return out;
}

}  // namespace

json::array ClientShape::User(const std::string& text) const {
  if (api_ == WireApi::kGeminiGenerate) {
    const json::object part = {{"text", text}};
    return One({{"role", "user"}, {"parts", One(part)}});
  }
  return One({{"role", "user"}, {"content", text}});
}

json::array ClientShape::Answer(const std::string& text,
                                const std::vector<ClientCall>& calls) const {
  switch (api_) {
    case WireApi::kAnthropicMessages:
      return AnthropicAnswer(text, calls);
    case WireApi::kOpenAiChat:
      return ChatAnswer(text, calls);
    case WireApi::kOpenAiResponses:
      return ResponsesAnswer(text, calls);
    default:
      return GeminiAnswer(text, calls);
  }
}

json::array ClientShape::Results(const std::vector<ClientCall>& calls) const {
  json::array items;
  for (const ClientCall& call : calls) {
    const std::string said = (call.error ? "Error: " : "") + call.result;
    json::object item;
    switch (api_) {
      case WireApi::kAnthropicMessages:
        item = {{"type", "tool_result"}, {"tool_use_id", call.id}, {"content", call.result}};
        if (call.error) item["is_error"] = true;
        break;
      case WireApi::kOpenAiChat:
        item = {{"role", "tool"}, {"tool_call_id", call.id}, {"content", said}};
        break;
      case WireApi::kOpenAiResponses:
        item = {{"type", "function_call_output"}, {"call_id", call.id}, {"output", said}};
        break;
      default: {
        json::object response;
        response[call.error ? "error" : "output"] = call.result;
        json::object function = {{"name", call.tool}, {"response", response}};
        item["functionResponse"] = function;
      }
    }
    items.push_back(item);
  }
  if (api_ == WireApi::kAnthropicMessages) return One({{"role", "user"}, {"content", items}});
  if (api_ == WireApi::kGeminiGenerate) return One({{"role", "user"}, {"parts", items}});
  return items;
}

std::vector<Written> ClientShape::Write(const json::array& messages) const {
  std::vector<Written> out;
  for (const json::value& message : messages) {
    out.push_back({message, json::serialize(message), ""});
    if (style_ == ClientStyle::kRewrites) {
      out.back().rewritten = Escaped(json::serialize(Rewritten(message.as_object())));
    }
  }
  return out;
}

std::string ClientShape::Body(const std::vector<Written>& history, const std::string& previous,
                              int64_t request) const {
  const bool rewrite = style_ == ClientStyle::kRewrites && request % 2 == 1;
  const bool mark = style_ == ClientStyle::kRewrites && api_ == WireApi::kAnthropicMessages;
  std::string messages;
  for (const Written& message : history) {
    if (!messages.empty()) messages += ',';
    if (mark && &message == &history.back()) {
      messages += json::serialize(
          Marked(rewrite ? Rewritten(message.value.as_object()) : message.value.as_object()));
    } else {
      messages += rewrite ? message.rewritten : message.verbatim;
    }
  }
  const std::string time = fmt::format("The time is {}.", request);
  const std::string head = R"({"model":"test-model","max_tokens":1000)";
  switch (api_) {
    case WireApi::kAnthropicMessages:
      return fmt::format(R"({},"system":"{}","messages":[{}]}})", head, time, messages);
    case WireApi::kOpenAiChat:
      return fmt::format(R"({},"messages":[{{"role":"system","content":"{}"}},{}]}})", head, time,
                         messages);
    case WireApi::kOpenAiResponses:
      return fmt::format(
          R"({}{},"input":[{}]}})", head,
          previous.empty() ? "" : fmt::format(R"(,"previous_response_id":"{}")", previous),
          messages);
    default:
      return fmt::format(R"({},"contents":[{}]}})", head, messages);
  }
}

std::string ClientShape::AnswerBody(const json::array& items, const std::string& id,
                                    const std::string& stop, int64_t input) const {
  json::object body = {{"id", id}, {"model", "test-model"}};
  switch (api_) {
    case WireApi::kAnthropicMessages:
      body["type"] = "message";
      body["role"] = "assistant";
      body["content"] = items.at(0).at("content");
      body["stop_reason"] = stop.empty() ? "end_turn" : stop;
      body["usage"] = {{"input_tokens", input}, {"output_tokens", 10}};
      break;
    case WireApi::kOpenAiChat: {
      json::object message = items.at(0).as_object();
      message["refusal"] = nullptr;
      const json::object choice = {{"index", 0}, {"message", message}, {"finish_reason", "stop"}};
      body["object"] = "chat.completion";
      body["choices"] = One(choice);
      body["usage"] = {
          {"prompt_tokens", input}, {"completion_tokens", 10}, {"total_tokens", input + 10}};
      break;
    }
    case WireApi::kOpenAiResponses:
      body["object"] = "response";
      body["status"] = "completed";
      body["output"] = items;
      body["usage"] = {
          {"input_tokens", input}, {"output_tokens", 10}, {"total_tokens", input + 10}};
      break;
    default: {
      const json::object candidate = {{"content", items.at(0)}, {"finishReason", "STOP"}};
      body = {{"responseId", id}, {"modelVersion", "test-model"}};
      body["candidates"] = One(candidate);
      body["usageMetadata"] = {{"promptTokenCount", input},
                               {"candidatesTokenCount", 10},
                               {"totalTokenCount", input + 10}};
    }
  }
  return json::serialize(body);
}

// Members the other way round, null members, texts as blocks.
json::object ClientShape::Rewritten(const json::object& message) const {
  json::object out;
  std::vector<std::pair<std::string, json::value>> members;
  for (const auto& [key, value] : message) members.emplace_back(key, value);
  std::ranges::reverse(members);
  for (auto& [key, value] : members) {
    const bool text = key == "content" && value.is_string() && message.at("role") == "user";
    if (text) {
      const char* type = api_ == WireApi::kOpenAiResponses ? "input_text" : "text";
      value = One({{"type", type}, {"text", value}});
    }
    if (key == "status" || (key == "id" && api_ == WireApi::kOpenAiResponses)) continue;
    out[key] = value;
  }
  if (api_ != WireApi::kGeminiGenerate) out["unused"] = nullptr;
  return out;
}

}  // namespace pitot::testing
