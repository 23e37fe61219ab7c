#include "gateway/runs/transcript_test_util.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <set>

#include "wire/request.h"
#include "wire/response.h"

namespace pitot::testing {
namespace {

namespace json = boost::json;

constexpr int64_t kAnswerNs = 2 * kNanosPerSecond;
constexpr int64_t kToolNs = 300 * kNanosPerMilli;
constexpr int64_t kPersonMs = 20'000;

std::string String(const json::object& object, std::string_view key, std::string_view none = "") {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? std::string(none) : std::string(value->as_string());
}

int64_t Number(const json::object& object, std::string_view key, int64_t none) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? none : value->to_number<int64_t>();
}

json::value Substitute(const json::value& value, int64_t i) {
  if (const json::string* text = value.if_string()) {
    std::string out(*text);
    for (size_t at; (at = out.find("$i")) != std::string::npos;) {
      out.replace(at, 2, std::to_string(i));
    }
    return json::value(out);
  }
  if (const json::array* array = value.if_array()) {
    json::array out;
    for (const json::value& item : *array) out.push_back(Substitute(item, i));
    return out;
  }
  if (const json::object* object = value.if_object()) {
    json::object out;
    for (const auto& [key, item] : *object) out[key] = Substitute(item, i);
    return out;
  }
  return value;
}

struct Call {
  std::string id;
  std::string tool;
  json::value args;
  std::string result;
  bool error = false;
};

// One API's way to write.
class Shape {
 public:
  Shape(WireApi api, ClientStyle style) : api_(api), style_(style) {}

  json::array User(const std::string& text) const {
    if (api_ == WireApi::kGeminiGenerate) {
      const json::object part = {{"text", text}};
      return One({{"role", "user"}, {"parts", One(part)}});
    }
    return One({{"role", "user"}, {"content", text}});
  }

  // As the provider sends it, and the client resends it.
  json::array Answer(const std::string& text, const std::vector<Call>& calls) const {
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

  json::array Results(const std::vector<Call>& calls) const {
    json::array items;
    for (const Call& call : calls) {
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

  std::string Body(const json::array& history, const std::string& previous, int64_t request) const {
    json::array messages = history;
    const bool rewrite = style_ == ClientStyle::kRewrites && request % 2 == 1;
    if (rewrite) {
      for (json::value& message : messages) message = Rewritten(message.as_object());
    }
    if (api_ == WireApi::kAnthropicMessages && style_ == ClientStyle::kRewrites) Mark(messages);
    json::object body = {{"model", "test-model"}, {"max_tokens", 1000}};
    switch (api_) {
      case WireApi::kAnthropicMessages:
        body["system"] = fmt::format("Be useful. The time is {}.", request);
        body["messages"] = messages;
        break;
      case WireApi::kOpenAiChat:
        messages.insert(
            messages.begin(),
            json::object{{"role", "system"}, {"content", fmt::format("The time is {}.", request)}});
        body["messages"] = messages;
        break;
      case WireApi::kOpenAiResponses:
        body["input"] = messages;
        if (!previous.empty()) body["previous_response_id"] = previous;
        break;
      default:
        body["contents"] = messages;
    }
    std::string text = json::serialize(body);
    if (rewrite) text = Escaped(text);
    return text;
  }

  std::string AnswerBody(const json::array& items, const std::string& id, const std::string& stop,
                         int64_t input) const {
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

 private:
  static json::array One(const json::object& item) {
    json::array items;
    items.push_back(item);
    return items;
  }

  static json::array AnthropicAnswer(const std::string& text, const std::vector<Call>& calls) {
    json::array content;
    if (!text.empty()) content.push_back(json::object{{"type", "text"}, {"text", text}});
    for (const Call& call : calls) {
      content.push_back(json::object{
          {"type", "tool_use"}, {"id", call.id}, {"name", call.tool}, {"input", call.args}});
    }
    return One({{"role", "assistant"}, {"content", content}});
  }

  static json::array ChatAnswer(const std::string& text, const std::vector<Call>& calls) {
    json::object message = {{"role", "assistant"}, {"content", nullptr}};
    if (!text.empty()) message["content"] = text;
    json::array tools;
    for (const Call& call : calls) {
      const json::object function = {{"name", call.tool},
                                     {"arguments", json::serialize(call.args)}};
      tools.push_back(json::object{{"id", call.id}, {"type", "function"}, {"function", function}});
    }
    if (!tools.empty()) message["tool_calls"] = tools;
    return One(message);
  }

  static json::array ResponsesAnswer(const std::string& text, const std::vector<Call>& calls) {
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
    for (const Call& call : calls) {
      items.push_back(json::object{{"type", "function_call"},
                                   {"id", "fc_" + call.id},
                                   {"call_id", call.id},
                                   {"name", call.tool},
                                   {"status", "completed"},
                                   {"arguments", json::serialize(call.args)}});
    }
    return items;
  }

  static json::array GeminiAnswer(const std::string& text, const std::vector<Call>& calls) {
    json::array parts;
    if (!text.empty()) parts.push_back(json::object{{"text", text}});
    for (const Call& call : calls) {
      json::object part;
      part["functionCall"] = {{"name", call.tool}, {"args", call.args}};
      parts.push_back(part);
    }
    return One({{"role", "model"}, {"parts", parts}});
  }

  // Members the other way round, null members, texts as blocks.
  json::object Rewritten(const json::object& message) const {
    json::object out;
    std::vector<std::pair<std::string, json::value>> members;
    for (const auto& [key, value] : message) members.emplace_back(key, value);
    std::ranges::reverse(members);
    for (auto& [key, value] : members) {
      const bool text = key == "content" && value.is_string() && String(message, "role") == "user";
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

  static void Mark(json::array& messages) {
    json::object& last = messages.back().as_object();
    json::value* content = last.if_contains("content");
    if (content == nullptr || !content->is_array() || content->as_array().empty()) return;
    content->as_array().back().as_object()["cache_control"] = {{"type", "ephemeral"}};
  }

  // As another JSON writer would have it.
  static std::string Escaped(const std::string& text) {
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

  const WireApi api_;
  const ClientStyle style_;
};

class Session {
 public:
  explicit Session(TranscriptPlayer& player)
      : player_(player), shape_(player.api, player.style), runs_(player.options) {}

  struct Agent {
    std::string id;
    std::string parent;
    json::array history;
    std::string previous;  // kById: the last response, and what came since.
    json::array since;
  };

  void Events(const json::array& events, Agent& agent) {
    for (const json::value& value : events) Event(value.as_object(), agent);
  }

  json::object Result() const {
    json::object out;
    out["traces"] = traces_.size();
    out["steps"] = steps_;
    out["tools"] = tools_.size();
    out["agents"] = agents_;
    out["findings"] = findings_;
    out["blocked"] = blocked_;
    EXPECT_EQ(tools_.size(), tools_given_) << "a tool call was given out twice";
    return out;
  }

 private:
  void Event(const json::object& event, Agent& agent) {
    if (event.contains("repeat")) {
      for (int64_t i = 0; i < Number(event, "repeat", 0); ++i) {
        Events(Substitute(event.at("events"), i).as_array(), agent);
      }
    } else if (event.contains("agent")) {
      Agent other = {String(event, "agent"), String(event, "parent"), {}, "", {}};
      const bool stopped = std::exchange(stopped_, false);
      Events(event.at("events").as_array(), other);
      stopped_ = stopped;
    } else if (event.contains("user")) {
      now_ += Number(event, "after_ms", kPersonMs) * kNanosPerMilli;
      Append(agent, shape_.User(String(event, "user")));
      stopped_ = false;
    } else if (event.contains("compact")) {
      agent.history = shape_.User(String(event, "compact"));
      agent.since = agent.history;
      agent.previous.clear();
    } else if (event.contains("clear_results")) {
      Clear(agent.history);
    } else if (event.contains("idle_s")) {
      now_ += Number(event, "idle_s", 0) * kNanosPerSecond;
    } else if (event.contains("resume")) {
      EXPECT_TRUE(runs_.Resume(player_.calls.back().trace_id));
      stopped_ = false;
    } else if (event.contains("fail")) {
      fails_ = Number(event, "fail", 1);
    } else if (!stopped_) {
      Step(event, agent);
    }
  }

  static void Clear(json::array& history) {
    for (json::value& message : history) {
      json::value* content = message.as_object().if_contains("content");
      if (content == nullptr || !content->is_array()) continue;
      for (json::value& block : content->as_array()) {
        json::object& object = block.as_object();
        if (object.contains("tool_use_id")) object["content"] = "[cleared]";
      }
    }
  }

  void Append(Agent& agent, const json::array& items) {
    for (const json::value& item : items) {
      agent.history.push_back(item);
      agent.since.push_back(item);
    }
  }

  std::vector<Call> Calls(const json::object& event) {
    std::vector<Call> calls;
    const json::value* list = event.if_contains("calls");
    if (list == nullptr) return calls;
    for (const json::value& value : list->as_array()) {
      const json::object& object = value.as_object();
      Call call;
      call.id = player_.style == ClientStyle::kShortIds
                    ? fmt::format("call_{}", calls.size())
                    : fmt::format("call_0123456789_{}", ++call_ids_);
      call.tool = String(object, "tool");
      call.args = object.contains("args") ? object.at("args") : json::object();
      call.result = String(object, "result");
      call.error = object.contains("error");
      calls.push_back(std::move(call));
    }
    return calls;
  }

  // One model call with what its SDK tries again. False: it was stopped.
  void Step(const json::object& event, Agent& agent) {
    const bool by_id = player_.style == ClientStyle::kById;
    const std::string body =
        shape_.Body(by_id ? agent.since : agent.history, agent.previous, requests_++);
    RunCaller caller = player_.caller;
    caller.agent_id = agent.id;
    caller.parent_agent_id = agent.parent;
    const int64_t fails = std::exchange(fails_, 0);
    for (int64_t attempt = 0; attempt <= fails; ++attempt) {
      caller.sdk_retry_count = attempt;
      const WireRequest request = ReadRequest(player_.api, body, true);
      ASSERT_TRUE(request.valid) << body;
      const RunCall call = runs_.Begin(caller, player_.api, request, now_);
      Note(call);
      if (call.blocked) {
        stopped_ = true;
        runs_.End(call, {}, std::nullopt, now_);
        return;
      }
      now_ += kAnswerNs;
      if (attempt < fails) {
        WireResult failed;
        failed.error = {"overloaded_error", "", "busy", ErrorCategory::kOverloaded};
        runs_.End(call, failed, std::nullopt, now_);
        continue;
      }
      Answer(call, event, agent);
    }
  }

  void Answer(const RunCall& call, const json::object& event, Agent& agent) {
    const bool paused = event.contains("pause");
    const std::vector<Call> calls = Calls(event);
    const json::array items = shape_.Answer(String(event, paused ? "pause" : "say"), calls);
    const std::string id = fmt::format("resp_0123456789_{}", requests_);
    ResponseReader reader(player_.api, {});
    reader.Put(
        shape_.AnswerBody(items, id, paused ? "pause_turn" : "", Number(event, "input", 100)));
    reader.Finish();
    const double usd =
        event.contains("cost_usd") ? event.at("cost_usd").to_number<double>() : 0.001;
    runs_.End(call, reader.Take(), NanoUsd{static_cast<int64_t>(usd * 1e9)}, now_);
    for (const json::value& item : items) agent.history.push_back(item);
    agent.since.clear();
    if (player_.style == ClientStyle::kById) agent.previous = id;
    if (calls.empty()) return;
    now_ += kToolNs;
    Append(agent, shape_.Results(calls));
  }

  void Note(const RunCall& call) {
    traces_.insert(call.trace_id);
    steps_ = std::max(steps_, call.step);
    for (const SeenTool& tool : call.tools) {
      tools_.insert({call.trace_id, tool.span_id});
      ++tools_given_;
      EXPECT_LE(tool.start_ns, tool.end_ns);
      EXPECT_FALSE(tool.name.empty());
    }
    for (const RunAgent& agent : call.agents) agents_ += agent.opened;
    for (const LoopFinding& finding : call.findings) {
      findings_.push_back(json::value(
          fmt::format("{}:{} {}", finding.step, Name(finding.detector), Name(finding.level))));
      EXPECT_FALSE(finding.reason.empty());
    }
    if (call.blocked) blocked_.push_back(call.step);
    player_.calls.push_back(call);
  }

  TranscriptPlayer& player_;
  const Shape shape_;
  Runs runs_;
  UnixNanos now_ = 1'700'000'000 * kNanosPerSecond;
  int64_t requests_ = 0;
  int64_t call_ids_ = 0;
  int64_t fails_ = 0;
  bool stopped_ = false;
  std::set<TraceId> traces_;
  std::set<std::pair<TraceId, SpanId>> tools_;
  size_t tools_given_ = 0;
  int64_t steps_ = 0;
  int64_t agents_ = 0;
  json::array findings_;
  json::array blocked_;
};

}  // namespace

json::object TranscriptPlayer::Play(const json::array& events) {
  calls.clear();
  Session session(*this);
  Session::Agent agent = {
      std::string(caller.agent_id), std::string(caller.parent_agent_id), {}, "", {}};
  session.Events(events, agent);
  return session.Result();
}

}  // namespace pitot::testing
