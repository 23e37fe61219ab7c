// Messages as the gateway reads them off the wire: every shape of every API becomes canonical pieces,
// and an answer is the same piece when it is resent.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "normalize/messages.h"
#include "wire/wire_test_util.h"

namespace pitot {
namespace {

using Texts = std::vector<std::string>;

Texts Read(std::string_view json, std::string_view role) {
  Arena arena;
  MessageReader reader(arena);
  std::vector<Piece> pieces;
  AttrValue value;
  value.type = AttrType::kJson;
  value.text = json;
  reader.ReadMessages(value, role, pieces, nullptr);
  Texts out;
  for (const Piece& piece : pieces) out.emplace_back(piece.text);
  return out;
}

// What an answer becomes, and what its message in a request becomes, message by message.
Texts Resent(WireApi api, std::string_view body) {
  const WireRequest request = ReadRequest(api, body, true);
  EXPECT_TRUE(request.valid) << body;
  Texts out;
  for (const WireMessage& message : request.messages) {
    for (std::string& piece : Read(message.raw, message.role)) out.push_back(std::move(piece));
  }
  return out;
}

TEST(WireMessages, EveryGoldenCaseIsReadAsMessages) {
  for (const WireCase& one : WireCases(std::string(PITOT_SOURCE_DIR) + "/tests/golden/wire")) {
    SCOPED_TRACE(one.path);
    Texts pieces;
    if (one.is_request) {
      const WireRequest request = ReadRequest(one.api, one.body, true);
      for (const WireMessage& message : request.messages) {
        const Texts read = Read(message.raw, message.role);
        EXPECT_EQ(read.size(), 1u) << message.raw;
        pieces.insert(pieces.end(), read.begin(), read.end());
      }
    } else {
      const WireResult result = ReadAnswer(one.api, one.options, one.body);
      if (!result.message_json.empty()) pieces = Read(result.message_json, "assistant");
    }
    for (const std::string& piece : pieces) {
      EXPECT_TRUE(IsJson(piece)) << piece;
      // Not the JSON as text: that is what becomes of a shape nobody knows.
      EXPECT_EQ(piece.find(R"("content":"{\")"), std::string::npos) << piece;
      EXPECT_EQ(piece.find(R"("content":"[{\")"), std::string::npos) << piece;
    }
  }
}

TEST(WireMessages, ResponsesItems) {
  const auto is = [](const char* why, std::string_view item, std::string_view expected) {
    EXPECT_EQ(Read(item, "user"), Texts{std::string(expected)}) << why;
    EXPECT_EQ(Read("[" + std::string(item) + "]", "user"), Texts{std::string(expected)})
        << why << ", in a list";
  };
  is("message",
     R"({"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hi"}]})",
     R"({"role":"assistant","parts":[{"type":"text","content":"Hi"}]})");
  is("function call",
     R"({"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{\"a\": 1}","status":"completed"})",
     R"({"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"f","arguments":{"a":1}}]})");
  is("function call output", R"({"type":"function_call_output","call_id":"c1","output":"21"})",
     R"({"role":"tool","parts":[{"type":"tool_result","id":"c1","result":"21"}]})");
  is("custom tool", R"({"type":"custom_tool_call","call_id":"c2","name":"p","input":"*** x"})",
     R"({"role":"assistant","parts":[{"type":"tool_call","id":"c2","name":"p","arguments":"*** x"}]})");
  is("custom tool output", R"({"type":"custom_tool_call_output","call_id":"c2","output":"ok"})",
     R"({"role":"tool","parts":[{"type":"tool_result","id":"c2","result":"ok"}]})");
  is("reasoning",
     R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a\n"},{"type":"summary_text","text":"b"}],"encrypted_content":"gAAAA"})",
     R"({"role":"assistant","parts":[{"type":"reasoning","content":"a\n\n\nb"}]})");
  is("an item of another kind", R"({"type":"compaction","encrypted_content":"x"})",
     R"({"role":"user","parts":[{"type":"compaction","encrypted_content":"x"}]})");
  is("a call that stays as it came",
     R"({"type":"web_search_call","id":"ws_1","action":{"type":"search","query":"q"}})",
     R"({"role":"assistant","parts":[{"type":"web_search_call","id":"ws_1","action":{"type":"search","query":"q"}}]})");
}

TEST(WireMessages, AnthropicBlocks) {
  const auto is = [](const char* why, std::string_view block, std::string_view part) {
    EXPECT_EQ(Read(R"({"role":"assistant","content":[)" + std::string(block) + "]}", "assistant"),
              Texts{R"({"role":"assistant","parts":[)" + std::string(part) + "]}"})
        << why;
  };
  is("thinking", R"({"type":"thinking","thinking":"hm","signature":"s"})",
     R"({"type":"reasoning","content":"hm","signature":"s"})");
  is("redacted", R"({"type":"redacted_thinking","data":"x"})",
     R"({"type":"redacted_thinking","data":"x"})");
  is("the provider's tool",
     R"({"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"q"}})",
     R"({"type":"tool_call","id":"s1","name":"web_search","arguments":{"query":"q"}})");
  is("its result",
     R"({"type":"web_search_tool_result","tool_use_id":"s1","content":[{"type":"web_search_result","url":"u"}]})",
     R"({"type":"tool_result","id":"s1","result":[{"type":"web_search_result","url":"u"}]})");
  is("a failed result",
     R"({"type":"tool_result","tool_use_id":"t","is_error":true,"content":"no"})",
     R"({"type":"tool_result","id":"t","result":"no","is_error":true})");
}

TEST(WireMessages, GeminiParts) {
  const auto is = [](const char* why, std::string_view part, std::string_view expected) {
    EXPECT_EQ(Read(R"({"role":"model","parts":[)" + std::string(part) + "]}", "model"),
              Texts{R"({"role":"assistant","parts":[)" + std::string(expected) + "]}"})
        << why;
  };
  is("thought", R"({"text":"hm","thought":true})", R"({"type":"reasoning","content":"hm"})");
  is("call", R"({"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"c2ln"})",
     R"({"type":"tool_call","name":"f","arguments":{"a":1}})");
  is("result", R"({"functionResponse":{"name":"f","response":{"output":2}}})",
     R"({"type":"tool_result","name":"f","result":{"output":2}})");
  is("picture", R"({"inlineData":{"mimeType":"image/png","data":"AA"}})",
     R"({"type":"media","mime":"image/png","data":"AA"})");
  is("file", R"({"fileData":{"fileUri":"gs://x","mimeType":"video/mp4"}})",
     R"({"type":"media","mime":"video/mp4","uri":"gs://x"})");
}

TEST(WireMessages, ChatForms) {
  EXPECT_EQ(
      Read(
          R"({"role":"assistant","content":null,"refusal":null,"annotations":[],"tool_calls":[{"id":"c","type":"custom","custom":{"name":"p","input":"x"}}]})",
          "assistant"),
      Texts{
          R"({"role":"assistant","parts":[{"type":"tool_call","id":"c","name":"p","arguments":"x"}]})"});
  EXPECT_EQ(
      Read(
          R"({"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{\"a\":1}"}})",
          "assistant"),
      Texts{
          R"({"role":"assistant","parts":[{"type":"tool_call","name":"f","arguments":{"a":1}}]})"});
  EXPECT_EQ(
      Read(R"({"role":"assistant","content":"Yes","reasoning":"hm"})", "assistant"),
      Texts{
          R"({"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"Yes"}]})"});
}

TEST(WireMessages, AnAnswerResentIsTheSamePiece) {
  struct Row {
    WireApi api;
    const char* golden;
    std::string request;
  };
  const Row rows[] = {
      {WireApi::kAnthropicMessages, "anthropic_stream_tools",
       R"({"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"Let me look at 中.","signature":"EqoBCkgIARABGAIi"},{"type":"text","text":"Okay, \"both\" 😀 then:\n"},{"type":"tool_use","id":"toolu_01T1x1fJ34qAmk2tNTrN7Up6","name":"Read","input":{"file_path":"/a/b.txt"}},{"type":"tool_use","id":"toolu_02","name":"List","input":{}}]}]})"},
      {WireApi::kOpenAiChat, "chat_stream_tools",
       R"({"messages":[{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"read","arguments":"{\"a\":1}"}},{"id":"call_2","type":"function","function":{"name":"list","arguments":"{}"}}]}]})"},
      {WireApi::kOpenAiResponses, "responses_stream",
       R"({"input":[{"type":"reasoning","summary":[{"type":"summary_text","text":"Think"}],"encrypted_content":"x"},{"role":"assistant","content":"Hi you"},{"type":"function_call","call_id":"call_1","name":"get","arguments":"{\"a\":1}"}]})"},
      {WireApi::kGeminiGenerate, "gemini_array",
       R"({"contents":[{"role":"model","parts":[{"text":"Hello ]}"}]}]})"},
  };
  const auto cases = WireCases(std::string(PITOT_SOURCE_DIR) + "/tests/golden/wire");
  for (const Row& row : rows) {
    SCOPED_TRACE(row.golden);
    const std::string name = "/" + std::string(row.golden) + ".test";
    const auto found =
        std::ranges::find_if(cases, [&](const WireCase& one) { return one.path.ends_with(name); });
    ASSERT_NE(found, cases.end());
    const WireResult answer = ReadAnswer(row.api, found->options, found->body);
    EXPECT_EQ(Read(answer.message_json, "assistant"), Resent(row.api, row.request));
  }
}

}  // namespace
}  // namespace pitot
