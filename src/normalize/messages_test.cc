#include "normalize/messages.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace pitot {
namespace {

AttrValue Text(std::string_view text) {
  AttrValue value;
  value.type = AttrType::kString;
  value.text = text;
  return value;
}

std::vector<std::string> Read(std::string_view text, std::string_view role = "user",
                              std::string* finish = nullptr) {
  Arena arena;
  MessageReader reader(arena);
  std::vector<Piece> pieces;
  std::string_view reason;
  reader.ReadMessages(Text(text), role, pieces, &reason);
  if (finish != nullptr) *finish = reason;
  std::vector<std::string> out;
  for (const Piece& piece : pieces) {
    EXPECT_TRUE(IsJson(piece.text)) << text << "\n" << piece.text;
    out.emplace_back(piece.text);
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(Messages, Shapes) {
  const std::string hi = R"({"role":"user","parts":[{"type":"text","content":"hi"}]})";
  const auto is_hi = [&](const char* why, std::string_view text) {
    EXPECT_EQ(Read(text), Texts{hi}) << why;
  };
  is_hi("canonical", "[" + hi + "]");
  is_hi("alone", hi);
  is_hi("plain text", "hi");
  is_hi("spaces, order and escapes",
        R"( [ { "parts" : [ { "content" : "\u0068i" , "type" : "text" } ] , "role" : "user" } ] )");
  is_hi("OpenAI", R"([{"role":"user","content":"hi"}])");
  is_hi("OpenAI parts", R"([{"role":"user","content":[{"type":"text","text":"hi"}]}])");
  is_hi("Bedrock", R"([{"role":"user","content":[{"text":"hi"}]}])");
  is_hi("Gemini", R"([{"role":"user","parts":[{"text":"hi"}]}])");
  is_hi("LangChain role", R"([{"role":"human","content":"hi"}])");
  is_hi("request", R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
  is_hi("JSON in a string", R"("[{\"role\":\"user\",\"content\":\"hi\"}]")");
  is_hi("array of texts", R"(["hi"])");
  is_hi("array of parts", R"([{"type":"text","text":"hi"}])");
  is_hi(
      "nulls and cache marks",
      R"([{"role":"user","name":null,"content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}])");
}

TEST(Messages, AnAnswerAndTheSameMessageResentAreOnePiece) {
  std::string finish;
  const Texts answer = Read(
      R"([{"role":"assistant","parts":[{"type":"text","content":"a"}],"finish_reason":"stop"}])",
      "assistant", &finish);
  const Texts resent = Read(R"([{"role":"assistant","content":"a"}])");
  EXPECT_EQ(answer, resent);
  EXPECT_EQ(finish, "stop");
}

TEST(Messages, ToolCallsOfAllProviders) {
  const std::string call =
      R"({"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"f","arguments":{"a":1}}]})";
  const auto is_call = [&](const char* why, std::string_view text) {
    EXPECT_EQ(Read(text), Texts{call}) << why;
  };
  is_call(
      "GenAI",
      R"([{"role":"assistant","parts":[{"type":"tool_call","name":"f","id":"c1","arguments":{"a": 1}}]}])");
  is_call(
      "OpenAI",
      R"([{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}}]}])");
  is_call(
      "Anthropic",
      R"([{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{"a":1}}]}])");
  is_call(
      "Bedrock",
      R"([{"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"f","input":{"a":1}}}]}])");
  is_call("Gemini",
          R"([{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f","args":{"a":1}}}]}])");
}

TEST(Messages, ToolResultsOfAllProviders) {
  const std::string result =
      R"({"role":"tool","parts":[{"type":"tool_result","id":"c1","result":"21"}]})";
  const auto is_result = [&](const char* why, std::string_view text) {
    EXPECT_EQ(Read(text), Texts{result}) << why;
  };
  is_result(
      "GenAI",
      R"([{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"21"}]}])");
  is_result("OpenAI", R"([{"role":"tool","tool_call_id":"c1","content":"21"}])");
  is_result(
      "Anthropic",
      R"([{"role":"tool","content":[{"type":"tool_result","tool_use_id":"c1","content":"21"}]}])");
}

TEST(Messages, OtherPartsStayAsTheyCame) {
  EXPECT_EQ(
      Read(
          R"([{"role":"user","parts":[{"type":"compaction","x":[1, 2]},{"type":"uri","modality":"image","uri":"u"}],"extra":{"k":1}}])"),
      Texts{
          R"({"role":"user","parts":[{"type":"compaction","x":[1,2]},{"type":"media","modality":"image","uri":"u"}],"extra":{"k":1}})"});
}

TEST(Messages, WhatIsNoMessageIsText) {
  EXPECT_EQ(Read("[1,2]"), Texts{R"({"role":"user","parts":[{"type":"text","content":"[1,2]"}]})"});
  EXPECT_EQ(Read(R"({"question":"?"})"),
            Texts{R"({"role":"user","parts":[{"type":"text","content":"{\"question\":\"?\"}"}]})"});
  EXPECT_EQ(Read("[{\"role\":"),
            Texts{R"({"role":"user","parts":[{"type":"text","content":"[{\"role\":"}]})"});
}

// Whatever comes in, pieces are JSON.
TEST(Messages, AnyTextGivesJson) {
  const std::string seed =
      R"([{"role":"user","content":[{"type":"tool_use","input":"{\"a\":1}"},"x",null]},{"message":{"tool_calls":[{"function":{"name":"f"}}]}}])";
  const std::string_view bytes = "{}[],:\"\\ nu0a";
  std::mt19937 random(5);
  for (int i = 0; i < 50'000; ++i) {
    std::string text = seed;
    for (size_t n = 1 + random() % 6; n > 0; --n) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = bytes[random() % bytes.size()];
      } else {
        text.erase(at, 1 + random() % 20);
      }
      if (text.empty()) text = "[";
    }
    Read(text);
  }
  for (size_t cut = 0; cut <= seed.size(); ++cut) Read(seed.substr(0, cut));
}

}  // namespace
}  // namespace pitot
