#include "wire/include_usage.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/request.h"

namespace pitot {
namespace {

TEST(AskForUsage, AddsWhatIsMissingAndNothingElse) {
  const auto asks = [](const char* why, std::string_view body, std::string_view expected) {
    const auto got = AskForUsage(body);
    ASSERT_TRUE(got) << why;
    EXPECT_EQ(*got, expected) << why;
    EXPECT_TRUE(ReadRequest(WireApi::kOpenAiChat, *got, false).include_usage) << why;
    EXPECT_EQ(AskForUsage(*got), std::nullopt) << why << ": asked twice";
  };
  asks("no options", R"({"model":"m","stream":true})",
       R"({"stream_options":{"include_usage":true},"model":"m","stream":true})");
  asks("white space and escapes stay", "{ \"m\" : \"\\u00e9\\/\" ,\n \"stream\" : true }\n",
       "{\"stream_options\":{\"include_usage\":true}, \"m\" : \"\\u00e9\\/\" ,\n \"stream\" : true "
       "}\n");
  asks("options null", R"({"stream":true,"stream_options":null})",
       R"({"stream":true,"stream_options":{"include_usage":true}})");
  asks("options empty", R"({"stream":true,"stream_options":{ }})",
       R"({"stream":true,"stream_options":{"include_usage":true }})");
  asks("other options", R"({"stream_options":{"include_obfuscation":false},"stream":true})",
       R"({"stream_options":{"include_usage":true,"include_obfuscation":false},"stream":true})");
  // Noveum/ai-gateway #30: honouring an explicit false left most streams unmetered.
  asks("said no", R"({"stream":true,"stream_options":{"include_usage":false,"x":1}})",
       R"({"stream":true,"stream_options":{"include_usage":true,"x":1}})");
  asks("null", R"({"stream":true,"stream_options":{"include_usage": null}})",
       R"({"stream":true,"stream_options":{"include_usage": true}})");
  asks("the last of two counts", R"({"stream":false,"stream":true})",
       R"({"stream_options":{"include_usage":true},"stream":false,"stream":true})");
}

TEST(AskForUsage, LeavesAlone) {
  for (const std::string_view body : {
           R"({"stream":true,"stream_options":{"include_usage":true}})",
           R"({"model":"m"})",
           R"({"stream":false})",
           R"({"stream":"true"})",
           R"({"messages":[{"stream":true}]})",
           R"(["stream",true])",
           R"({"stream":true)",
           R"({"stream":true} x)",
           R"()",
           R"(stream)",
       }) {
    EXPECT_EQ(AskForUsage(body), std::nullopt) << body;
  }
}

constexpr std::string_view kText =
    "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n";
constexpr std::string_view kUsage =
    "data: "
    "{\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n";
constexpr std::string_view kDone = "data: [DONE]\n\n";

std::string Filtered(std::string_view stream, size_t piece) {
  UsageEventFilter filter;
  std::string out;
  while (!stream.empty()) {
    filter.Put(stream.substr(0, piece), out);
    stream.remove_prefix(std::min(piece, stream.size()));
  }
  filter.Finish(out);
  return out;
}

// Every cut of `stream` gives `expected`.
void ExpectFiltered(const std::string& stream, const std::string& expected, const char* why) {
  for (size_t piece = 1; piece <= stream.size() + 1; ++piece) {
    ASSERT_EQ(Filtered(stream, piece), expected) << why << ", in pieces of " << piece;
  }
}

// quotio #460: clients that never asked got an event without choices and broke.
TEST(UsageEventFilter, TakesOutTheEventThatIsUsageAlone) {
  const std::string text(kText);
  const std::string usage(kUsage);
  const std::string done(kDone);
  ExpectFiltered(text + usage + done, text + done, "in the middle");
  ExpectFiltered(text + usage, text, "at the end");
  ExpectFiltered(text + usage.substr(0, usage.size() - 2), text, "without its empty line");
  ExpectFiltered(usage, "", "alone");
  std::string crlf;
  for (const char c : text + usage + done) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  std::string crlf_expected;
  for (const char c : text + done) crlf_expected += c == '\n' ? "\r\n" : std::string(1, c);
  ExpectFiltered(crlf, crlf_expected, "with CR LF");
  ExpectFiltered("event: chunk\nid: 7\n" + usage + text, text, "with other fields");
  ExpectFiltered("data: {\"choices\":[],\ndata: \"usage\":{\"prompt_tokens\":1}}\n\n" + done, done,
                 "over two lines");
}

TEST(UsageEventFilter, KeepsAllElseByteForByte) {
  const auto keeps = [](const char* why, const std::string& stream) {
    ExpectFiltered(stream, stream, why);
  };
  keeps("comments", ": OPENROUTER PROCESSING\n\n" + std::string(kText));
  keeps("a comment beside it", ": note\n" + std::string(kUsage));
  keeps("usage beside choices",
        "data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":1}}\n\n");
  keeps("usage null", "data: {\"choices\":[],\"usage\":null}\n\n");
  keeps("Azure's first event", "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n");
  keeps("moderation", "data: {\"choices\":[],\"usage\":{},\"moderation\":{\"input\":1}}\n\n");
  keeps("an error", "data: {\"choices\":[],\"usage\":{},\"error\":{\"message\":\"x\"}}\n\n");
  keeps("no JSON", "data: {\"choices\":[],\"usage\":{}\n\n");
  keeps("empty lines", "\n\n\r\n\n" + std::string(kText) + "\n");
  keeps("cut off", std::string(kText) + "data: {\"choices\":[{\"del");
  keeps("CR alone", "data: a\r\rdata: b\r\r");
}

// bifrost #2048: events held back and then sent in one burst.
TEST(UsageEventFilter, AnEventGoesOnAsSoonAsItIsWhole) {
  UsageEventFilter filter;
  std::string out;
  filter.Put(kText, out);
  EXPECT_EQ(out, kText);
  filter.Put(kText.substr(0, 10), out);
  EXPECT_EQ(out, kText) << "not whole yet";
  filter.Put(kText.substr(10), out);
  EXPECT_EQ(out, std::string(kText) + std::string(kText));
}

TEST(UsageEventFilter, ALargeEventPassesAsItComes) {
  UsageEventFilter filter;
  std::string out;
  std::string sent = "data: " + std::string(100'000, 'x');
  filter.Put(sent, out);
  EXPECT_EQ(out.size(), sent.size());
  std::string rest = std::string(5'000, 'y') + "\n\n" + std::string(kUsage) + std::string(kText);
  for (const char c : rest) filter.Put(std::string_view(&c, 1), out);
  filter.Finish(out);
  EXPECT_EQ(out, sent + std::string(5'000, 'y') + "\n\n" + std::string(kText));
}

}  // namespace
}  // namespace pitot
