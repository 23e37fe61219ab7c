// What a stream was pieced together from is what the client sends back.
#include <gtest/gtest.h>

#include <string_view>

#include "gateway/runs/runs.h"

namespace pitot {
namespace {

constexpr UnixNanos kStart = 1'700'000'000 * kNanosPerSecond;
constexpr RunCaller kCaller = {.project = "default", .key = "key-1"};

TEST(Runs, StreamedAnswersAreContinued) {
  const auto continues = [](WireApi api, std::string_view first, std::string_view stream,
                            std::string_view second) {
    Runs runs({.seed = 1});
    const RunCall call = runs.Begin(kCaller, api, ReadRequest(api, first, true), kStart);
    ResponseReader reader(api, {.streamed = true});
    reader.Put(stream);
    reader.Finish();
    EXPECT_TRUE(reader.result().terminal) << Name(api);
    runs.End(call, reader.Take(), std::nullopt, kStart + 1);
    const RunCall next = runs.Begin(kCaller, api, ReadRequest(api, second, true), kStart + 2);
    EXPECT_EQ(next.trace_id, call.trace_id) << Name(api);
    ASSERT_EQ(next.tools.size(), 1u) << Name(api);
    EXPECT_EQ(next.tools[0].name, "read") << Name(api);
    EXPECT_EQ(next.tools[0].arguments, R"({"p":1})") << Name(api);
    EXPECT_EQ(next.tools[0].result, "text") << Name(api);
  };
  continues(
      WireApi::kAnthropicMessages, R"({"messages":[{"role":"user","content":"go"}]})",
      R"(event: message_start
data: {"type":"message_start","message":{"id":"m","role":"assistant","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"I will "}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"read."}}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"read","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"p\":"}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1}"}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}

event: message_stop
data: {"type":"message_stop"}

)",
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"go"}]},{"role":"assistant",)"
      R"("content":[{"type":"text","text":"I will read."},{"type":"tool_use","id":"t1",)"
      R"("name":"read","input":{"p":1}}]},{"role":"user","content":[{"type":"tool_result",)"
      R"("tool_use_id":"t1","content":"text"}]}]})");
  continues(
      WireApi::kOpenAiChat, R"({"messages":[{"role":"user","content":"go"}]})",
      R"(data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"I will"}}]}

data: {"id":"c","choices":[{"index":0,"delta":{"content":" read."}}]}

data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"read","arguments":"{\"p\""}}]}}]}

data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]}

data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

)",
      R"({"messages":[{"role":"user","content":"go"},{"role":"assistant","content":"I will read.",)"
      R"("tool_calls":[{"id":"t1","type":"function","function":{"name":"read",)"
      R"("arguments":"{\"p\":1}"}}]},{"role":"tool","tool_call_id":"t1","content":"text"}]})");
  continues(
      WireApi::kOpenAiResponses, R"({"input":"go"})",
      R"(event: response.created
data: {"type":"response.created","response":{"id":"r","status":"in_progress","output":[]}}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m1","role":"assistant","content":[{"type":"output_text","text":"I will read."}]}}

event: response.output_item.done
data: {"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","id":"f1","call_id":"t1","name":"read","arguments":"{\"p\":1}"}}

event: response.completed
data: {"type":"response.completed","response":{"id":"r","status":"completed","output":[{"type":"message","id":"m1","role":"assistant","content":[{"type":"output_text","text":"I will read."}]},{"type":"function_call","id":"f1","call_id":"t1","name":"read","arguments":"{\"p\":1}"}],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}}

)",
      R"({"input":[{"role":"user","content":"go"},{"type":"message","role":"assistant","content":)"
      R"([{"type":"output_text","text":"I will read."}]},{"type":"function_call","call_id":"t1",)"
      R"("name":"read","arguments":"{\"p\":1}"},{"type":"function_call_output","call_id":"t1",)"
      R"("output":"text"}]})");
  continues(
      WireApi::kGeminiGenerate, R"({"contents":[{"role":"user","parts":[{"text":"go"}]}]})",
      R"(data: {"candidates":[{"content":{"role":"model","parts":[{"text":"I will"}]}}]}

data: {"candidates":[{"content":{"role":"model","parts":[{"text":" read."},{"functionCall":{"name":"read","args":{"p":1}}}]},"finishReason":"STOP"}]}

)",
      R"({"contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"text":)"
      R"("I will read."},{"functionCall":{"name":"read","args":{"p":1}}}]},{"role":"user","parts":)"
      R"([{"functionResponse":{"name":"read","response":{"output":"text"}}}]}]})");
}

}  // namespace
}  // namespace pitot
