// OpenAI Chat Completions and Embeddings.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "sdk/base/text.h"
#include "sdk/testing/answer.h"
#include "sdk/testing/json_out.h"
#include "wire/estimate.h"
#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

std::string FinishWord(const ScriptedReply& reply) {
  switch (reply.finish) {
    case FinishReason::kLength:
      return "length";
    case FinishReason::kToolUse:
      return "tool_calls";
    case FinishReason::kContentFilter:
      return "content_filter";
    case FinishReason::kNone:
      return reply.tool_calls.empty() ? "stop" : "tool_calls";
    default:
      return "stop";
  }
}

std::string UsageJson(const TokenCounts& counts) {
  const int64_t written = counts.cache_write_5m + counts.cache_write_1h;
  return JsonObject(
      {{"prompt_tokens", JsonNumber(counts.all_input())},
       {"completion_tokens", JsonNumber(counts.all_output())},
       {"total_tokens", JsonNumber(counts.all_input() + counts.all_output())},
       {"prompt_tokens_details", JsonObject({{"cached_tokens", JsonNumber(counts.cache_read)},
                                             {"cache_write_tokens", JsonNumber(written)},
                                             {"audio_tokens", "0"}})},
       {"completion_tokens_details", JsonObject({{"reasoning_tokens", JsonNumber(counts.reasoning)},
                                                 {"audio_tokens", "0"},
                                                 {"accepted_prediction_tokens", "0"},
                                                 {"rejected_prediction_tokens", "0"}})}});
}

std::string Content(const ScriptedReply& reply, std::string_view text) {
  const bool none = !reply.refusal.empty() || (reply.text.empty() && !reply.tool_calls.empty());
  return none ? kJsonNull : Quoted(text);
}

std::string Function(std::string_view name, std::string_view arguments) {
  return JsonObject({{"name", Quoted(name)}, {"arguments", Quoted(arguments)}});
}

std::string WholeMessage(const Asked& asked, const ScriptedReply& reply) {
  std::vector<std::string> calls;
  for (size_t i = 0; i < reply.tool_calls.size(); ++i) {
    const ScriptedToolCall& call = reply.tool_calls[i];
    calls.push_back(JsonObject({{"id", Quoted(ToolCallId(asked, reply, i))},
                                {"type", Quoted("function")},
                                {"function", Function(call.name, call.arguments)}}));
  }
  return JsonObject({{"role", Quoted("assistant")},
                     {"content", Content(reply, reply.text)},
                     {"tool_calls", calls.empty() ? "" : JsonArray(calls)},
                     {"refusal", reply.refusal.empty() ? kJsonNull : Quoted(reply.refusal)},
                     {"annotations", "[]"}});
}

std::string Tier(const ScriptedReply& reply) {
  return Quoted(reply.service_tier.empty() ? "default" : std::string_view(reply.service_tier));
}

// The events of one streamed answer.
class Chunks {
 public:
  Chunks(const Asked& asked, const ScriptedReply& reply, std::vector<std::string>& out)
      : asked_(asked), reply_(reply), out_(out) {}

  void Choice(int64_t index, const std::string& delta, const std::string& finish = kJsonNull) {
    Add(JsonArray({JsonObject({{"index", JsonNumber(index)},
                               {"delta", delta},
                               {"logprobs", kJsonNull},
                               {"finish_reason", finish}})}),
        kJsonNull);
  }
  void Add(const std::string& choices, const std::string& usage) {
    const std::string& model = reply_.model.empty() ? asked_.wire.model : reply_.model;
    out_.push_back(DataEvent(JsonObject({{"id", Quoted(MakeId("chatcmpl-", 29, asked_.number, 1))},
                                         {"object", Quoted("chat.completion.chunk")},
                                         {"created", JsonNumber(kAnswerUnixSeconds)},
                                         {"model", Quoted(model)},
                                         {"service_tier", Tier(reply_)},
                                         {"system_fingerprint", kJsonNull},
                                         {"choices", choices},
                                         {"usage", asked_.wire.include_usage ? usage : ""}})));
  }

 private:
  const Asked& asked_;
  const ScriptedReply& reply_;
  std::vector<std::string>& out_;
};

void StreamChoice(const Asked& asked, const ScriptedReply& reply, int64_t index, Chunks& chunks) {
  chunks.Choice(index, JsonObject({{"role", Quoted("assistant")},
                                   {"content", Content(reply, "")},
                                   {"refusal", kJsonNull}}));
  if (reply.refusal.empty()) {
    for (const std::string_view piece : Pieces(reply.text)) {
      chunks.Choice(index, JsonObject({{"content", Quoted(piece)}}));
    }
  }
  for (const std::string_view piece : Pieces(reply.refusal)) {
    chunks.Choice(index, JsonObject({{"refusal", Quoted(piece)}}));
  }
  for (size_t i = 0; i < reply.tool_calls.size(); ++i) {
    const ScriptedToolCall& call = reply.tool_calls[i];
    const std::string first = JsonObject({{"index", JsonNumber(i)},
                                          {"id", Quoted(ToolCallId(asked, reply, i))},
                                          {"type", Quoted("function")},
                                          {"function", Function(call.name, "")}});
    chunks.Choice(index, JsonObject({{"tool_calls", JsonArray({first})}}));
    for (const std::string_view piece : Pieces(call.arguments)) {
      const std::string more = JsonObject(
          {{"index", JsonNumber(i)}, {"function", JsonObject({{"arguments", Quoted(piece)}})}});
      chunks.Choice(index, JsonObject({{"tool_calls", JsonArray({more})}}));
    }
  }
  chunks.Choice(index, "{}", Quoted(FinishWord(reply)));
}

// Numbers that look like an embedding of `text` and are always the same: of length 1.
std::vector<float> Embed(std::string_view text, int64_t dimensions) {
  uint64_t state = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::vector<double> raw(static_cast<size_t>(dimensions));
  double square = 0;
  for (double& value : raw) {
    state = state * 6364136223846793005 + 1442695040888963407;
    value = static_cast<double>(static_cast<int64_t>(state >> 40) - (int64_t{1} << 23));
    square += value * value;
  }
  std::vector<float> out;
  for (const double value : raw) out.push_back(static_cast<float>(value / std::sqrt(square)));
  return out;
}

std::string VectorJson(const std::vector<float>& values, bool base64) {
  if (base64) {
    std::string bytes;
    for (const float value : values) {
      const uint32_t bits = std::bit_cast<uint32_t>(value);
      for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift);
    }
    return Quoted(Base64(bytes));
  }
  std::vector<std::string> numbers;
  for (const float value : values) {
    char text[32];
    std::snprintf(text, sizeof text, "%.8f", static_cast<double>(value));
    numbers.emplace_back(text);
  }
  return JsonArray(numbers);
}

// What is to be embedded, one by one: a text, texts, a list of tokens or lists of them.
std::vector<std::string_view> Inputs(std::string_view input) {
  std::vector<std::string_view> out;
  const bool many = VisitArray(input, [&](std::string_view value) { out.push_back(value); });
  if (!many || out.empty() || (!IsString(out[0]) && !IsArray(out[0]))) return {input};
  return out;
}

}  // namespace

void AnswerChat(const Asked& asked, const ScriptedReply& reply, Answer& out) {
  const TokenCounts counts = CountTokens(asked, reply);
  const int64_t choices = std::clamp<int64_t>(asked.wire.choices, 1, 128);
  if (out.streamed) {
    Chunks chunks(asked, reply, out.events);
    for (int64_t i = 0; i < choices; ++i) StreamChoice(asked, reply, i, chunks);
    if (asked.wire.include_usage) chunks.Add("[]", UsageJson(counts));
    out.events.push_back(DataEvent("[DONE]"));
    out.terminal_events = asked.wire.include_usage ? 3 : 2;
    return;
  }
  std::vector<std::string> all;
  for (int64_t i = 0; i < choices; ++i) {
    all.push_back(JsonObject({{"index", JsonNumber(i)},
                              {"message", WholeMessage(asked, reply)},
                              {"logprobs", kJsonNull},
                              {"finish_reason", Quoted(FinishWord(reply))}}));
  }
  out.body = JsonObject({{"id", Quoted(MakeId("chatcmpl-", 29, asked.number, 1))},
                         {"object", Quoted("chat.completion")},
                         {"created", JsonNumber(kAnswerUnixSeconds)},
                         {"model", Quoted(reply.model.empty() ? asked.wire.model : reply.model)},
                         {"choices", JsonArray(all)},
                         {"usage", UsageJson(counts)},
                         {"service_tier", Tier(reply)},
                         {"system_fingerprint", kJsonNull}});
}

void AnswerEmbeddings(const Asked& asked, const ScriptedReply& reply, Answer& out) {
  constexpr int64_t kDimensions = 1536;  // As text-embedding-3-small has it.
  const std::string_view body = asked.request->body;
  const int64_t dimensions =
      std::clamp<int64_t>(Whole(Member(body, "dimensions")).value_or(kDimensions), 1, 3072);
  const bool base64 = Text(Member(body, "encoding_format")) == "base64";
  std::vector<std::string> data;
  for (const std::string_view input : Inputs(Member(body, "input"))) {
    data.push_back(JsonObject({{"object", Quoted("embedding")},
                               {"index", JsonNumber(data.size())},
                               {"embedding", VectorJson(Embed(input, dimensions), base64)}}));
  }
  const std::string tokens = JsonNumber(CountTokens(asked, reply).all_input());
  out.body =
      JsonObject({{"object", Quoted("list")},
                  {"data", JsonArray(data)},
                  {"model", Quoted(reply.model.empty() ? asked.wire.model : reply.model)},
                  {"usage", JsonObject({{"prompt_tokens", tokens}, {"total_tokens", tokens}})}});
}

}  // namespace sdk
}  // namespace pitot
