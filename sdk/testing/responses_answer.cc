// OpenAI Responses.
#include <algorithm>

#include "sdk/testing/answer.h"
#include "sdk/testing/json_out.h"
#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

// Why an answer is incomplete; empty: it is complete.
std::string_view IncompleteReason(const ScriptedReply& reply) {
  if (reply.finish == FinishReason::kLength) return "max_output_tokens";
  if (reply.finish == FinishReason::kContentFilter) return "content_filter";
  return "";
}

std::string UsageJson(const TokenCounts& counts) {
  const int64_t written = counts.cache_write_5m + counts.cache_write_1h;
  return JsonObject(
      {{"input_tokens", JsonNumber(counts.all_input())},
       {"input_tokens_details", JsonObject({{"cached_tokens", JsonNumber(counts.cache_read)},
                                            {"cache_write_tokens", JsonNumber(written)}})},
       {"output_tokens", JsonNumber(counts.all_output())},
       {"output_tokens_details", JsonObject({{"reasoning_tokens", JsonNumber(counts.reasoning)}})},
       {"total_tokens", JsonNumber(counts.all_input() + counts.all_output())}});
}

struct State {
  std::string status;
  std::string output = "[]";
  std::string usage = kJsonNull;
  std::string error = kJsonNull;
};

// What the request said, or what holds where it said nothing.
std::string AsSaid(const Asked& asked, std::string_view key, std::string otherwise) {
  const std::string_view said = Member(asked.request->body, key);
  return said.empty() ? std::move(otherwise) : std::string(said);
}

std::string ResponseJson(const Asked& asked, const ScriptedReply& reply, const State& state) {
  const std::string_view reason = IncompleteReason(reply);
  const bool open = state.status == "in_progress";
  const bool incomplete = state.status == "incomplete";
  const std::string tier = reply.service_tier.empty() ? "default" : reply.service_tier;
  return JsonObject(
      {{"id", Quoted(MakeId("resp_", 48, asked.number, 1))},
       {"object", Quoted("response")},
       {"created_at", JsonNumber(kAnswerUnixSeconds)},
       {"status", Quoted(state.status)},
       {"background", "false"},
       {"completed_at",
        state.status == "completed" ? JsonNumber(kAnswerUnixSeconds + 1) : kJsonNull},
       {"error", state.error},
       {"incomplete_details",
        incomplete ? JsonObject({{"reason", Quoted(reason)}}) : std::string(kJsonNull)},
       {"instructions", AsSaid(asked, "instructions", kJsonNull)},
       {"max_output_tokens", AsSaid(asked, "max_output_tokens", kJsonNull)},
       {"model", Quoted(reply.model.empty() ? asked.wire.model : reply.model)},
       {"output", state.output},
       {"parallel_tool_calls", AsSaid(asked, "parallel_tool_calls", "true")},
       {"previous_response_id", AsSaid(asked, "previous_response_id", kJsonNull)},
       {"reasoning", AsSaid(asked, "reasoning", "{\"effort\":null,\"summary\":null}")},
       {"service_tier", Quoted(open ? "auto" : tier)},
       {"store", AsSaid(asked, "store", "true")},
       {"temperature", AsSaid(asked, "temperature", "1.0")},
       {"text", AsSaid(asked, "text", "{\"format\":{\"type\":\"text\"}}")},
       {"tool_choice", AsSaid(asked, "tool_choice", "\"auto\"")},
       {"tools", AsSaid(asked, "tools", "[]")},
       {"top_p", AsSaid(asked, "top_p", "1.0")},
       {"truncation", AsSaid(asked, "truncation", "\"disabled\"")},
       {"usage", state.usage},
       {"user", kJsonNull},
       {"metadata", AsSaid(asked, "metadata", "{}")}});
}

std::string SummaryPart(std::string_view text) {
  return JsonObject({{"type", Quoted("summary_text")}, {"text", Quoted(text)}});
}

std::string ReasoningItem(const std::string& id, const std::string& summary) {
  return JsonObject({{"id", Quoted(id)}, {"type", Quoted("reasoning")}, {"summary", summary}});
}

std::string MessageItem(const std::string& id, std::string_view status,
                        const std::string& content) {
  return JsonObject({{"id", Quoted(id)},
                     {"type", Quoted("message")},
                     {"status", Quoted(status)},
                     {"content", content},
                     {"role", Quoted("assistant")}});
}

std::string CallItem(const std::string& id, std::string_view status, std::string_view arguments,
                     const std::string& call_id, const std::string& name) {
  return JsonObject({{"id", Quoted(id)},
                     {"type", Quoted("function_call")},
                     {"status", Quoted(status)},
                     {"arguments", Quoted(arguments)},
                     {"call_id", Quoted(call_id)},
                     {"name", Quoted(name)}});
}

// Collects the items of an answer and, if it is streamed, the events that build them.
class Output {
 public:
  Output(const Asked& asked, const ScriptedReply& reply) : asked_(asked), reply_(reply) {}

  void Event(std::string_view type, const std::string& members) {
    const std::string head =
        "{\"type\":" + Quoted(type) + ",\"sequence_number\":" + JsonNumber(events_.size()) + ',';
    events_.push_back(NamedEvent(type, head + members.substr(1)));
  }

  void Reasoning() {
    const std::string id = MakeId("rs_", 48, asked_.number, 2);
    const std::string at = JsonNumber(items_.size());
    const auto in_part = [&](std::string_view key, std::string value) {
      return JsonObject({{"item_id", Quoted(id)},
                         {"output_index", at},
                         {"summary_index", "0"},
                         {key, std::move(value)}});
    };
    Added(ReasoningItem(id, "[]"));
    Event("response.reasoning_summary_part.added", in_part("part", SummaryPart("")));
    for (const std::string_view piece : Pieces(reply_.reasoning)) {
      Event("response.reasoning_summary_text.delta", in_part("delta", Quoted(piece)));
    }
    Event("response.reasoning_summary_text.done", in_part("text", Quoted(reply_.reasoning)));
    Event("response.reasoning_summary_part.done", in_part("part", SummaryPart(reply_.reasoning)));
    Done(ReasoningItem(id, JsonArray({SummaryPart(reply_.reasoning)})));
  }

  // The text, or the refusal in its place.
  void Message() {
    const bool refused = !reply_.refusal.empty();
    const std::string& said = refused ? reply_.refusal : reply_.text;
    const std::string id = MakeId("msg_", 48, asked_.number, 3);
    const std::string at = JsonNumber(items_.size());
    const auto part = [&](std::string_view text) {
      if (refused) return JsonObject({{"type", Quoted("refusal")}, {"refusal", Quoted(text)}});
      return JsonObject({{"type", Quoted("output_text")},
                         {"annotations", "[]"},
                         {"logprobs", "[]"},
                         {"text", Quoted(text)}});
    };
    const auto in_part = [&](std::string_view key, std::string value, bool logprobs) {
      return JsonObject({{"item_id", Quoted(id)},
                         {"output_index", at},
                         {"content_index", "0"},
                         {key, std::move(value)},
                         {"logprobs", logprobs && !refused ? "[]" : ""}});
    };
    const std::string name = refused ? "refusal" : "output_text";
    Added(MessageItem(id, "in_progress", "[]"));
    Event("response.content_part.added", in_part("part", part(""), false));
    for (const std::string_view piece : Pieces(said)) {
      Event("response." + name + ".delta", in_part("delta", Quoted(piece), true));
    }
    Event("response." + name + ".done", in_part(refused ? "refusal" : "text", Quoted(said), true));
    Event("response.content_part.done", in_part("part", part(said), false));
    const bool cut = !IncompleteReason(reply_).empty();
    Done(MessageItem(id, cut ? "incomplete" : "completed", JsonArray({part(said)})));
  }

  void Call(size_t index) {
    const ScriptedToolCall& call = reply_.tool_calls[index];
    const std::string id = MakeId("fc_", 48, asked_.number, 200 + index);
    const std::string call_id = ToolCallId(asked_, reply_, index);
    const std::string at = JsonNumber(items_.size());
    Added(CallItem(id, "in_progress", "", call_id, call.name));
    for (const std::string_view piece : Pieces(call.arguments)) {
      Event("response.function_call_arguments.delta",
            JsonObject({{"item_id", Quoted(id)}, {"output_index", at}, {"delta", Quoted(piece)}}));
    }
    Event("response.function_call_arguments.done",
          JsonObject({{"item_id", Quoted(id)},
                      {"name", Quoted(call.name)},
                      {"output_index", at},
                      {"arguments", Quoted(call.arguments)}}));
    Done(CallItem(id, "completed", call.arguments, call_id, call.name));
  }

  std::vector<std::string> TakeEvents() { return std::move(events_); }
  std::string items() const { return JsonArray(items_); }

 private:
  void Added(const std::string& item) {
    Event("response.output_item.added",
          JsonObject({{"output_index", JsonNumber(items_.size())}, {"item", item}}));
  }
  void Done(std::string item) {
    Event("response.output_item.done",
          JsonObject({{"output_index", JsonNumber(items_.size())}, {"item", item}}));
    items_.push_back(std::move(item));
  }

  const Asked& asked_;
  const ScriptedReply& reply_;
  std::vector<std::string> events_;
  std::vector<std::string> items_;
};

}  // namespace

void AnswerResponses(const Asked& asked, const ScriptedReply& reply, Answer& out) {
  const auto response = [&](const State& state) {
    return JsonObject({{"response", ResponseJson(asked, reply, state)}});
  };
  Output output(asked, reply);
  output.Event("response.created", response({.status = "in_progress"}));
  output.Event("response.in_progress", response({.status = "in_progress"}));
  if (!reply.reasoning.empty()) output.Reasoning();
  if (!reply.text.empty() || !reply.refusal.empty()) output.Message();
  for (size_t i = 0; i < reply.tool_calls.size(); ++i) output.Call(i);

  const bool incomplete = !IncompleteReason(reply).empty();
  const State end = {.status = incomplete ? "incomplete" : "completed",
                     .output = output.items(),
                     .usage = UsageJson(CountTokens(asked, reply))};
  if (!out.streamed) {
    out.body = ResponseJson(asked, reply, end);
    return;
  }
  output.Event(incomplete ? "response.incomplete" : "response.completed", response(end));
  out.events = output.TakeEvents();
  out.terminal_events = 1;
}

std::string FailedEvent(const Asked& asked, const ScriptedReply& reply, const ScriptedError& error,
                        size_t sequence) {
  const std::string& code = error.failure.code;
  const std::string& message = error.failure.message;
  State state = {.status = "failed"};
  state.error =
      JsonObject({{"code", Quoted(code.empty() ? "server_error" : std::string_view(code))},
                  {"message", Quoted(message.empty() ? "The model failed to answer."
                                                     : std::string_view(message))}});
  const std::string json = JsonObject({{"type", Quoted("response.failed")},
                                       {"sequence_number", JsonNumber(sequence)},
                                       {"response", ResponseJson(asked, reply, state)}});
  return NamedEvent("response.failed", json);
}

}  // namespace sdk
}  // namespace pitot
