#include "gateway/runs/turns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gateway/runs/message_hash.h"

namespace pitot {
namespace {

const MessageHasher kHasher(7);

std::vector<RunTurn> Turns(WireApi api, const std::string& body) {
  static std::vector<WireRequest> kept;  // The turns are views into them.
  static std::vector<std::string> bodies;
  bodies.reserve(64);
  bodies.push_back(body);
  kept.reserve(64);
  kept.push_back(ReadRequest(api, bodies.back(), true));
  const std::vector<ChainLink> links = kHasher.Chain({}, kept.back().messages);
  static const LoopOptions options;
  static const LoopHashes hashes(options);
  return ReadTurns({.api = api, .messages = kept.back().messages, .links = links}, kHasher, hashes);
}

TEST(Turns, ResultsAreMatchedById) {
  const auto turns = Turns(WireApi::kOpenAiChat, R"({"messages":[
    {"role":"user","content":"go"},
    {"role":"assistant","content":"both","tool_calls":[
      {"id":"a","type":"function","function":{"name":"read","arguments":"{\"p\":1}"}},
      {"id":"b","type":"function","function":{"name":"list","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"b","content":"two"},
    {"role":"tool","tool_call_id":"a","content":"one"},
    {"role":"user","content":"and now?"}]})");
  ASSERT_EQ(turns.size(), 2u);
  EXPECT_FALSE(turns[0].answered);
  EXPECT_TRUE(turns[0].user_text);
  EXPECT_TRUE(turns[1].answered);
  EXPECT_EQ(turns[1].begin, 1u);
  ASSERT_EQ(turns[1].tools.size(), 2u);
  EXPECT_EQ(turns[1].tools[0].name, "list");
  EXPECT_EQ(turns[1].tools[0].result, "two");
  EXPECT_EQ(turns[1].tools[1].name, "read");
  EXPECT_EQ(turns[1].tools[1].arguments, R"({"p":1})");
  EXPECT_FALSE(turns[1].user_text) << "it came with results: a program may have added it";
}

TEST(Turns, WithoutIdsByNameAndOrder) {
  const auto turns = Turns(WireApi::kGeminiGenerate, R"({"contents":[
    {"role":"model","parts":[{"functionCall":{"name":"f","args":{"n":1}}},
      {"functionCall":{"name":"g","args":{"n":2}}},{"functionCall":{"name":"f","args":{"n":3}}}]},
    {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"1"}}},
      {"functionResponse":{"name":"f","response":{"error":"3"}}},
      {"functionResponse":{"name":"g","response":{"output":"2"}}}]}]})");
  ASSERT_EQ(turns.size(), 1u);
  ASSERT_EQ(turns[0].tools.size(), 3u);
  EXPECT_EQ(turns[0].tools[0].arguments, R"({"n":1})");
  EXPECT_EQ(turns[0].tools[1].arguments, R"({"n":3})");
  EXPECT_TRUE(turns[0].tools[1].is_error);
  EXPECT_EQ(turns[0].tools[2].arguments, R"({"n":2})");
}

TEST(Turns, ItemsOfResponsesAreOneAnswer) {
  const auto turns = Turns(WireApi::kOpenAiResponses, R"({"input":[
    {"role":"user","content":"go"},
    {"type":"reasoning","id":"r","summary":[]},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"first"}]},
    {"type":"function_call","call_id":"a","name":"f","arguments":"{}"},
    {"type":"function_call","call_id":"b","name":"g","arguments":"{}"},
    {"type":"function_call_output","call_id":"a","output":"Error: no"},
    {"type":"function_call_output","call_id":"b","output":"{\"error\":null,\"n\":1}"},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"second"}]},
    {"role":"user","content":"more"}]})");
  ASSERT_EQ(turns.size(), 3u);
  ASSERT_EQ(turns[1].tools.size(), 2u);
  EXPECT_TRUE(turns[1].tools[0].is_error) << "it says so itself";
  EXPECT_FALSE(turns[1].tools[1].is_error);
  EXPECT_NE(turns[1].said, 0u);
  EXPECT_TRUE(turns[2].tools.empty());
  EXPECT_TRUE(turns[2].user_text);
}

TEST(Turns, LastUserTurn) {
  const auto last = [](const std::string& messages) {
    const std::string body = R"({"messages":[)" + messages + "]}";
    return LastUserTurn(ReadRequest(WireApi::kAnthropicMessages, body, true).messages);
  };
  const std::string user = R"({"role":"user","content":"u"})";
  const std::string says = R"({"role":"assistant","content":"a"})";
  const std::string calls =
      R"({"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]})";
  const std::string result =
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]})";
  EXPECT_EQ(last(user), 0u);
  EXPECT_EQ(last(user + "," + says), 0u);
  EXPECT_EQ(last(user + "," + says + "," + user), 2u);
  EXPECT_EQ(last(user + "," + calls + "," + result), 0u);
  EXPECT_EQ(last(user + "," + says + "," + user + "," + calls + "," + result), 2u);
  EXPECT_EQ(last(user + "," + calls + "," + result + "," + user), 0u) << "beside results";
}

TEST(Turns, ReadsAsError) {
  const auto yes = [](std::string_view text) { EXPECT_TRUE(ReadsAsError(text)) << text; };
  yes("Error: no such file");
  yes("  error: exit code 1");
  yes("Traceback (most recent call last):\n  File");
  yes(R"({"error":"no such file"})");
  yes(R"({"ok":false,"error":{"code":1}})");
  const auto no = [](std::string_view text) { EXPECT_FALSE(ReadsAsError(text)) << text; };
  no("");
  no("errors were counted: 0");
  no(R"({"error":null})");
  no(R"({"error":""})");
  no(R"({"errors":["x"]})");
  no("Error: " + std::string(3000, 'x'));
}

TEST(MessageHasher, ClientsWriteTheSameMessageInManyWays) {
  const auto chain = [](WireApi api, const std::string& body) {
    const WireRequest request = ReadRequest(api, body, true);
    EXPECT_TRUE(request.valid) << body;
    return kHasher.Chain({}, request.messages).back().hash();
  };
  const auto chat = [&](const std::string& messages) {
    return chain(WireApi::kOpenAiChat, R"({"messages":[)" + messages + "]}");
  };
  const std::string base = R"({"role":"user","content":"hi"},{"role":"assistant","content":"ho"})";
  EXPECT_EQ(chat(base),
            chat(R"({"role":"system","content":"It is 9:31."},{"content":"hi","role":"user"},)"
                 R"({"role":"assistant","content":[{"type":"text","text":"ho "}],"refusal":null,)"
                 R"("annotations":[]})"));
  EXPECT_NE(chat(base), chat(R"({"role":"user","content":"hi"},{"role":"user","content":"ho"})"));
  EXPECT_NE(chat(base),
            chat(R"({"role":"user","content":"hi"},{"role":"assistant","content":"he"})"));
  EXPECT_NE(chat(base),
            chat(R"({"role":"assistant","content":"ho"},{"role":"user","content":"hi"})"));

  const auto responses = [&](const std::string& input) {
    return chain(WireApi::kOpenAiResponses, R"({"input":)" + input + "}");
  };
  EXPECT_EQ(responses(R"("hi")"), responses(R"([{"role":"user","content":"hi"}])"));
  EXPECT_EQ(responses(R"("hi")"), responses(R"([{"type":"message","role":"user","content":[)"
                                            R"({"type":"input_text","text":"hi"}]}])"));
}

TEST(MessageHasher, RemembersWithoutMistakingOneForAnother) {
  const std::string long_text(500, 'x');
  WireMessage message;
  message.role = "user";
  for (int round = 0; round < 2; ++round) {
    std::vector<uint64_t> hashes;
    for (int i = 0; i < 1000; ++i) {
      const std::string raw =
          R"({"role":"user","content":")" + long_text + std::to_string(i) + R"("})";
      message.raw = raw;
      hashes.push_back(kHasher.Of(message));
    }
    std::ranges::sort(hashes);
    EXPECT_EQ(std::adjacent_find(hashes.begin(), hashes.end()), hashes.end()) << "round " << round;
  }
}

}  // namespace
}  // namespace pitot
