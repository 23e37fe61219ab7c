// Anthropic Messages.
#include <algorithm>

#include "sdk/testing/answer.h"
#include "sdk/testing/json_out.h"

namespace pitot {
inline namespace sdk {
namespace {

std::string StopReason(const ScriptedReply& reply) {
  switch (reply.finish) {
    case FinishReason::kLength:
      return "max_tokens";
    case FinishReason::kToolUse:
      return "tool_use";
    case FinishReason::kContentFilter:
    case FinishReason::kRefusal:
      return "refusal";
    case FinishReason::kOther:
      return "pause_turn";
    default:
      break;
  }
  if (!reply.refusal.empty()) return "refusal";
  return reply.tool_calls.empty() ? "end_turn" : "tool_use";
}

std::string StopDetails(const ScriptedReply& reply) {
  if (StopReason(reply) != "refusal") return kJsonNull;
  return JsonObject({{"type", Quoted("refusal")},
                     {"category", kJsonNull},
                     {"explanation", reply.refusal.empty() ? kJsonNull : Quoted(reply.refusal)}});
}

std::string ServerToolUse(const TokenCounts& counts) {
  if (counts.web_searches == 0) return kJsonNull;
  return JsonObject(
      {{"web_search_requests", JsonNumber(counts.web_searches)}, {"web_fetch_requests", "0"}});
}

std::string OutputDetails(const TokenCounts& counts) {
  if (counts.reasoning == 0) return kJsonNull;
  return JsonObject({{"thinking_tokens", JsonNumber(counts.reasoning)}});
}

// `output_tokens`, and whether the answer is still to come.
std::string UsageJson(const ScriptedReply& reply, const TokenCounts& counts, bool opening) {
  return JsonObject(
      {{"input_tokens", JsonNumber(counts.input)},
       {"cache_creation_input_tokens", JsonNumber(counts.cache_write_5m + counts.cache_write_1h)},
       {"cache_read_input_tokens", JsonNumber(counts.cache_read)},
       {"cache_creation",
        JsonObject({{"ephemeral_5m_input_tokens", JsonNumber(counts.cache_write_5m)},
                    {"ephemeral_1h_input_tokens", JsonNumber(counts.cache_write_1h)}})},
       {"output_tokens",
        JsonNumber(opening ? std::min<int64_t>(counts.all_output(), 1) : counts.all_output())},
       {"output_tokens_details", opening ? kJsonNull : OutputDetails(counts)},
       {"server_tool_use", opening ? kJsonNull : ServerToolUse(counts)},
       {"service_tier",
        Quoted(reply.service_tier.empty() ? "standard" : std::string_view(reply.service_tier))},
       {"inference_geo", kJsonNull},
       {"speed", kJsonNull}});
}

// The counts of the end: all of the call, and without the split of cache writes by age.
std::string DeltaUsageJson(const TokenCounts& counts) {
  return JsonObject(
      {{"input_tokens", JsonNumber(counts.input)},
       {"cache_creation_input_tokens", JsonNumber(counts.cache_write_5m + counts.cache_write_1h)},
       {"cache_read_input_tokens", JsonNumber(counts.cache_read)},
       {"output_tokens", JsonNumber(counts.all_output())},
       {"output_tokens_details", OutputDetails(counts)},
       {"server_tool_use", ServerToolUse(counts)}});
}

std::string MessageJson(const Asked& asked, const ScriptedReply& reply, const std::string& content,
                        const std::string& usage, bool opening) {
  return JsonObject({{"model", Quoted(reply.model.empty() ? asked.wire.model : reply.model)},
                     {"id", Quoted(MakeId("msg_01", 22, asked.number, 1))},
                     {"type", Quoted("message")},
                     {"role", Quoted("assistant")},
                     {"content", content},
                     {"stop_reason", opening ? kJsonNull : Quoted(StopReason(reply))},
                     {"stop_sequence", kJsonNull},
                     {"stop_details", opening ? kJsonNull : StopDetails(reply)},
                     {"container", kJsonNull},
                     {"usage", usage}});
}

std::string Signature(const Asked& asked) { return MakeId("Eq", 62, asked.number, 2) + "=="; }

std::string ToolUse(const Asked& asked, const ScriptedReply& reply, size_t index,
                    const std::string& input) {
  return JsonObject({{"type", Quoted("tool_use")},
                     {"id", Quoted(ToolCallId(asked, reply, index))},
                     {"name", Quoted(reply.tool_calls[index].name)},
                     {"input", input},
                     {"caller", JsonObject({{"type", Quoted("direct")}})}});
}

std::string ContentJson(const Asked& asked, const ScriptedReply& reply) {
  std::vector<std::string> blocks;
  if (!reply.reasoning.empty()) {
    blocks.push_back(JsonObject({{"type", Quoted("thinking")},
                                 {"thinking", Quoted(reply.reasoning)},
                                 {"signature", Quoted(Signature(asked))}}));
  }
  if (!reply.text.empty()) {
    blocks.push_back(JsonObject({{"type", Quoted("text")}, {"text", Quoted(reply.text)}}));
  }
  for (size_t i = 0; i < reply.tool_calls.size(); ++i) {
    blocks.push_back(ToolUse(asked, reply, i, ArgumentsJson(reply.tool_calls[i])));
  }
  return JsonArray(blocks);
}

// Appends the events of one answer, block by block.
class Events {
 public:
  explicit Events(std::vector<std::string>& out) : out_(out) {}

  void Add(std::string_view type, std::initializer_list<JsonPair> members) {
    std::string json = JsonObject(members);
    std::string head = "{\"type\":" + Quoted(type);
    if (json.size() > 2) head += ',';
    out_.push_back(NamedEvent(type, head + json.substr(1)));
  }
  void Start(const std::string& block) {
    Add("content_block_start", {{"index", JsonNumber(index_)}, {"content_block", block}});
  }
  void Delta(std::string_view type, std::string_view key, std::string_view value) {
    Add("content_block_delta",
        {{"index", JsonNumber(index_)},
         {"delta", JsonObject({{"type", Quoted(type)}, {key, Quoted(value)}})}});
  }
  void Stop() { Add("content_block_stop", {{"index", JsonNumber(index_++)}}); }

 private:
  std::vector<std::string>& out_;
  size_t index_ = 0;
};

void StreamBlocks(const Asked& asked, const ScriptedReply& reply, Events& events) {
  if (!reply.reasoning.empty()) {
    events.Start(JsonObject(
        {{"type", Quoted("thinking")}, {"thinking", Quoted("")}, {"signature", Quoted("")}}));
    for (const std::string_view piece : Pieces(reply.reasoning)) {
      events.Delta("thinking_delta", "thinking", piece);
    }
    events.Delta("signature_delta", "signature", Signature(asked));
    events.Stop();
  }
  if (!reply.text.empty()) {
    events.Start(JsonObject({{"type", Quoted("text")}, {"text", Quoted("")}}));
    for (const std::string_view piece : Pieces(reply.text)) {
      events.Delta("text_delta", "text", piece);
    }
    events.Stop();
  }
  for (size_t i = 0; i < reply.tool_calls.size(); ++i) {
    events.Start(ToolUse(asked, reply, i, "{}"));
    events.Delta("input_json_delta", "partial_json", "");
    for (const std::string_view piece : Pieces(reply.tool_calls[i].arguments)) {
      events.Delta("input_json_delta", "partial_json", piece);
    }
    events.Stop();
  }
}

}  // namespace

void AnswerMessages(const Asked& asked, const ScriptedReply& reply, Answer& out) {
  const TokenCounts counts = CountTokens(asked, reply);
  if (!out.streamed) {
    out.body = MessageJson(asked, reply, ContentJson(asked, reply), UsageJson(reply, counts, false),
                           false);
    return;
  }
  Events events(out.events);
  events.Add("message_start",
             {{"message", MessageJson(asked, reply, "[]", UsageJson(reply, counts, true), true)}});
  events.Add("ping", {});
  StreamBlocks(asked, reply, events);
  events.Add("message_delta", {{"delta", JsonObject({{"stop_reason", Quoted(StopReason(reply))},
                                                     {"stop_sequence", kJsonNull},
                                                     {"stop_details", StopDetails(reply)},
                                                     {"container", kJsonNull}})},
                               {"usage", DeltaUsageJson(counts)}});
  events.Add("message_stop", {});
  out.terminal_events = 2;
}

}  // namespace sdk
}  // namespace pitot
