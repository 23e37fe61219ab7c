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

class Session {
 public:
  explicit Session(TranscriptPlayer& player)
      : player_(player), shape_(player.api, player.style), runs_(player.options) {}

  struct Agent {
    std::string id;
    std::string parent;
    std::vector<Written> history;
    std::string previous;  // kById: the last response, and what came since.
    std::vector<Written> since;
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
      agent.history = shape_.Write(shape_.User(String(event, "compact")));
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

  void Clear(std::vector<Written>& history) const {
    for (Written& message : history) {
      json::value* content = message.value.as_object().if_contains("content");
      if (content == nullptr || !content->is_array()) continue;
      for (json::value& block : content->as_array()) {
        json::object& object = block.as_object();
        if (object.contains("tool_use_id")) object["content"] = "[cleared]";
      }
      json::array one;
      one.push_back(message.value);
      message = shape_.Write(one).front();
    }
  }

  void Append(Agent& agent, const json::array& items) {
    for (const Written& item : shape_.Write(items)) {
      agent.history.push_back(item);
      agent.since.push_back(item);
    }
  }

  std::vector<ClientCall> Calls(const json::object& event) {
    std::vector<ClientCall> calls;
    const json::value* list = event.if_contains("calls");
    if (list == nullptr) return calls;
    for (const json::value& value : list->as_array()) {
      const json::object& object = value.as_object();
      ClientCall call;
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
    const std::vector<ClientCall> calls = Calls(event);
    const json::array items = shape_.Answer(String(event, paused ? "pause" : "say"), calls);
    const std::string id = fmt::format("resp_0123456789_{}", requests_);
    ResponseReader reader(player_.api, {});
    reader.Put(
        shape_.AnswerBody(items, id, paused ? "pause_turn" : "", Number(event, "input", 100)));
    reader.Finish();
    const double usd =
        event.contains("cost_usd") ? event.at("cost_usd").to_number<double>() : 0.001;
    runs_.End(call, reader.Take(), NanoUsd{static_cast<int64_t>(usd * 1e9)}, now_);
    Append(agent, items);
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
  const ClientShape shape_;
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
