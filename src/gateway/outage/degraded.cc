#include "gateway/outage/degraded.h"

#include <fmt/format.h>

#include "http/sse.h"

namespace pitot {
namespace {

// Texts that several events of one answer need, as JSON.
struct Words {
  explicit Words(const DegradedRequest& request)
      : model(QuoteJson(request.model)),
        text(QuoteJson(request.text)),
        id(request.id),
        created(request.now / kNanosPerSecond) {}
  std::string model;
  std::string text;
  std::string_view id;
  int64_t created;

  std::string Id(std::string_view prefix) const {
    return QuoteJson(fmt::format("{}{}", prefix, id));
  }
};

void Event(std::string_view name, std::string_view data, std::string& out) {
  AppendSseEvent(name, "", data, out);
}

// --- Anthropic Messages -------------------------------------------------------------------------

std::string AnthropicMessage(const Words& words, bool whole) {
  return fmt::format(
      R"({{"id":{},"type":"message","role":"assistant","model":{},"content":[{}],)"
      R"("container":null,"stop_reason":{},"stop_sequence":null,"stop_details":null,)"
      R"("usage":{{"input_tokens":0,"cache_creation_input_tokens":0,)"
      R"("cache_read_input_tokens":0,"output_tokens":0}}}})",
      words.Id("msg_pitot_"), words.model,
      whole ? fmt::format(R"({{"type":"text","text":{}}})", words.text) : "",
      whole ? R"("end_turn")" : "null");
}

std::string AnthropicStream(const Words& words) {
  std::string out;
  Event("message_start",
        fmt::format(R"({{"type":"message_start","message":{}}})", AnthropicMessage(words, false)),
        out);
  Event("content_block_start",
        R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
        out);
  Event(
      "content_block_delta",
      fmt::format(
          R"({{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":{}}}}})",
          words.text),
      out);
  Event("content_block_stop", R"({"type":"content_block_stop","index":0})", out);
  Event("message_delta",
        R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,)"
        R"("stop_details":null,"container":null},"usage":{"output_tokens":0}})",
        out);
  Event("message_stop", R"({"type":"message_stop"})", out);
  return out;
}

// --- OpenAI Chat Completions and Completions ----------------------------------------------------

constexpr std::string_view kOpenAiUsage =
    R"({"prompt_tokens":0,"completion_tokens":0,"total_tokens":0})";

std::string ChatCompletion(const Words& words) {
  return fmt::format(
      R"({{"id":{},"object":"chat.completion","created":{},"model":{},"choices":[{{"index":0,)"
      R"("message":{{"role":"assistant","content":{},"refusal":null,"annotations":[]}},)"
      R"("logprobs":null,"finish_reason":"stop"}}],"usage":{}}})",
      words.Id("chatcmpl-pitot-"), words.created, words.model, words.text, kOpenAiUsage);
}

std::string Completion(const Words& words) {
  return fmt::format(
      R"({{"id":{},"object":"text_completion","created":{},"model":{},"choices":[{{"text":{},)"
      R"("index":0,"logprobs":null,"finish_reason":"stop"}}],"usage":{}}})",
      words.Id("cmpl-pitot-"), words.created, words.model, words.text, kOpenAiUsage);
}

// One stream for both: `choices` are the texts between the brackets of each chunk.
std::string OpenAiStream(const Words& words, std::string_view id_prefix, std::string_view object,
                         std::initializer_list<std::string> choices, bool include_usage) {
  std::string out;
  const auto chunk = [&](std::string_view choice, std::string_view usage) {
    Event("",
          fmt::format(R"({{"id":{},"object":"{}","created":{},"model":{},"choices":[{}]{}{}}})",
                      words.Id(id_prefix), object, words.created, words.model, choice,
                      include_usage ? R"(,"usage":)" : "", include_usage ? usage : ""),
          out);
  };
  for (const std::string& choice : choices) chunk(choice, "null");
  if (include_usage) chunk("", kOpenAiUsage);
  Event("", "[DONE]", out);
  return out;
}

std::string ChatStream(const Words& words, bool include_usage) {
  const auto choice = [](std::string_view delta, std::string_view finish) {
    return fmt::format(R"({{"index":0,"delta":{},"logprobs":null,"finish_reason":{}}})", delta,
                       finish);
  };
  return OpenAiStream(
      words, "chatcmpl-pitot-", "chat.completion.chunk",
      {choice(R"({"role":"assistant","content":"","refusal":null})", "null"),
       choice(fmt::format(R"({{"content":{}}})", words.text), "null"), choice("{}", R"("stop")")},
      include_usage);
}

std::string CompletionStream(const Words& words, bool include_usage) {
  const auto choice = [](std::string_view text, std::string_view finish) {
    return fmt::format(R"({{"text":{},"index":0,"logprobs":null,"finish_reason":{}}})", text,
                       finish);
  };
  return OpenAiStream(words, "cmpl-pitot-", "text_completion",
                      {choice(words.text, "null"), choice(R"("")", R"("stop")")}, include_usage);
}

// --- OpenAI Responses ---------------------------------------------------------------------------

std::string ResponsesItem(const Words& words, bool whole) {
  return fmt::format(
      R"({{"id":{},"type":"message","status":"{}","role":"assistant","content":[{}]}})",
      words.Id("msg_pitot_"), whole ? "completed" : "in_progress",
      whole ? fmt::format(R"({{"type":"output_text","annotations":[],"logprobs":[],"text":{}}})",
                          words.text)
            : "");
}

std::string ResponsesResponse(const Words& words, bool whole) {
  return fmt::format(
      R"({{"id":{},"object":"response","created_at":{},"status":"{}","error":null,)"
      R"("incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":{},)"
      R"("output":[{}],"parallel_tool_calls":true,"previous_response_id":null,)"
      R"("reasoning":{{"effort":null,"summary":null}},"store":false,"temperature":null,)"
      R"("text":{{"format":{{"type":"text"}}}},"tool_choice":"auto","tools":[],"top_p":null,)"
      R"("truncation":"disabled","usage":{},"user":null,"metadata":{{}}}})",
      words.Id("resp_pitot_"), words.created, whole ? "completed" : "in_progress", words.model,
      whole ? ResponsesItem(words, true) : "",
      whole ? R"({"input_tokens":0,"input_tokens_details":{"cached_tokens":0},"output_tokens":0,)"
              R"("output_tokens_details":{"reasoning_tokens":0},"total_tokens":0})"
            : "null");
}

std::string ResponsesStream(const Words& words) {
  std::string out;
  int sequence = 0;
  const auto event = [&](std::string_view type, std::string_view members) {
    Event(type,
          fmt::format(R"({{"type":"{}","sequence_number":{},{}}})", type, sequence++, members),
          out);
  };
  const std::string place =
      fmt::format(R"("item_id":{},"output_index":0,"content_index":0,)", words.Id("msg_pitot_"));
  const auto part = [](std::string_view text) {
    return fmt::format(
        R"("part":{{"type":"output_text","annotations":[],"logprobs":[],"text":{}}})", text);
  };
  const std::string begun = fmt::format(R"("response":{})", ResponsesResponse(words, false));
  event("response.created", begun);
  event("response.in_progress", begun);
  event("response.output_item.added",
        fmt::format(R"("output_index":0,"item":{})", ResponsesItem(words, false)));
  event("response.content_part.added", place + part(R"("")"));
  event("response.output_text.delta",
        fmt::format(R"({}"delta":{},"logprobs":[])", place, words.text));
  event("response.output_text.done",
        fmt::format(R"({}"text":{},"logprobs":[])", place, words.text));
  event("response.content_part.done", place + part(words.text));
  event("response.output_item.done",
        fmt::format(R"("output_index":0,"item":{})", ResponsesItem(words, true)));
  event("response.completed", fmt::format(R"("response":{})", ResponsesResponse(words, true)));
  return out;
}

// --- Gemini -------------------------------------------------------------------------------------

std::string GeminiContent(const Words& words) {
  return fmt::format(
      R"({{"candidates":[{{"content":{{"parts":[{{"text":{}}}],"role":"model"}},)"
      R"("finishReason":"STOP","index":0}}],"usageMetadata":{{"promptTokenCount":0,)"
      R"("candidatesTokenCount":0,"totalTokenCount":0}},"modelVersion":{},"responseId":{}}})",
      words.text, words.model, words.Id("pitot-"));
}

std::string Body(WireApi api, const DegradedRequest& request) {
  const Words words(request);
  switch (api) {
    case WireApi::kAnthropicMessages:
      return request.streamed ? AnthropicStream(words) : AnthropicMessage(words, true);
    case WireApi::kOpenAiChat:
      return request.streamed ? ChatStream(words, request.include_usage) : ChatCompletion(words);
    case WireApi::kOpenAiCompletions:
      return request.streamed ? CompletionStream(words, request.include_usage) : Completion(words);
    case WireApi::kOpenAiResponses:
      return request.streamed ? ResponsesStream(words) : ResponsesResponse(words, true);
    case WireApi::kGeminiGenerate: {
      const std::string content = GeminiContent(words);
      if (!request.streamed) return content;
      // Google ends its lines with CR LF.
      return request.sse ? fmt::format("data: {}\r\n\r\n", content) : fmt::format("[{}]", content);
    }
    default:
      return "";
  }
}

}  // namespace

std::optional<HttpResponse> DegradedAnswer(WireApi api, const DegradedRequest& request) {
  HttpResponse response{.body = Body(api, request)};
  if (response.body.empty()) return std::nullopt;
  const bool events = request.streamed && (request.sse || api != WireApi::kGeminiGenerate);
  response.headers.Add("content-type",
                       events ? "text/event-stream; charset=utf-8" : "application/json");
  if (events) response.headers.Add("cache-control", "no-cache");
  response.headers.Add("x-pitot-degraded", request.reason);
  return response;
}

}  // namespace pitot
