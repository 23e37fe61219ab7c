// Answers made by the gateway itself, as exact wire bytes: tests/golden/outage/NAME.http holds the
// status, the headers and the body. UPDATE_GOLDEN=1 rewrites them; read the difference. The real
// clients read the same files in tests/e2e/gateway/own_answers.test.mjs.
#include "gateway/outage/degraded.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <vector>

#include "base/file.h"
#include "gateway/outage/refusal.h"
#include "http/sse.h"

namespace pitot {
namespace {

namespace json = boost::json;

const std::string kFolder = std::string(PITOT_SOURCE_DIR) + "/tests/golden/outage/";

std::string Text(const HttpResponse& response) {
  std::string out = fmt::format("{}\n", response.status);
  for (size_t i = 0; i < response.headers.size(); ++i) {
    out += fmt::format("{}: {}\n", response.headers[i].name, response.headers[i].value);
  }
  return out + "\n" + response.body;
}

void ExpectGolden(const std::string& name, const HttpResponse& response) {
  const std::string path = fmt::format("{}{}.http", kFolder, name);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteFileAtomic(path, Text(response)).ok());
    return;
  }
  const auto wanted = ReadFile(path);
  ASSERT_TRUE(wanted.ok()) << wanted.status().ToString() << "; UPDATE_GOLDEN=1 writes it";
  EXPECT_EQ(Text(response), *wanted) << path << " differs; UPDATE_GOLDEN=1 rewrites it";
}

constexpr WireApi kAnswering[] = {WireApi::kAnthropicMessages, WireApi::kOpenAiChat,
                                  WireApi::kOpenAiResponses, WireApi::kOpenAiCompletions,
                                  WireApi::kGeminiGenerate};

DegradedRequest Request() {
  return {.model = "model-1",
          .text = "Sorry, \"we\" are\nbriefly down \xF0\x9F\x9B\xA0",
          .reason = "upstream_timeout",
          .id = "b7ad6b7169203331",
          .now = 1'800'000'000 * kNanosPerSecond};
}

TEST(DegradedAnswer, Golden) {
  for (const WireApi api : kAnswering) {
    DegradedRequest request = Request();
    ExpectGolden(fmt::format("degraded_{}", Name(api)), DegradedAnswer(api, request).value());
    request.streamed = true;
    ExpectGolden(fmt::format("degraded_{}_stream", Name(api)),
                 DegradedAnswer(api, request).value());
  }
  DegradedRequest request = Request();
  request.streamed = true;
  request.include_usage = true;
  ExpectGolden("degraded_chat_stream_usage", DegradedAnswer(WireApi::kOpenAiChat, request).value());
  request.sse = false;
  ExpectGolden("degraded_generate_content_array",
               DegradedAnswer(WireApi::kGeminiGenerate, request).value());
}

TEST(DegradedAnswer, NoneWhereWordsAreNoAnswer) {
  for (const WireApi api : {WireApi::kOther, WireApi::kOpenAiEmbeddings, WireApi::kGeminiEmbed}) {
    EXPECT_FALSE(DegradedAnswer(api, Request()).has_value()) << Name(api);
  }
}

// Whatever the configured text and the model's name hold, each event is one JSON value.
TEST(DegradedAnswer, AnyTextIsValid) {
  DegradedRequest request = Request();
  const std::string nasty = "\r\n\n data: [DONE]\n\n\x01\xFF\"\\\xE2\x80\xA8";
  request.text = nasty;
  request.model = nasty;
  for (const WireApi api : kAnswering) {
    for (const bool streamed : {false, true}) {
      request.streamed = streamed;
      const HttpResponse response = DegradedAnswer(api, request).value();
      std::vector<SseEvent> events;
      if (streamed) {
        SseParser parser;
        ASSERT_TRUE(parser.Put(response.body, events).ok());
      } else {
        events.push_back({.data = response.body});
      }
      ASSERT_FALSE(events.empty());
      for (const SseEvent& event : events) {
        if (event.data == "[DONE]") continue;
        boost::system::error_code error;
        json::parse(event.data, error);
        EXPECT_FALSE(error) << Name(api) << ": " << event.data;
      }
    }
  }
}

TEST(Refuse, Golden) {
  const Refusal refusal{
      .reason = RefusalReason::kBudgetExceeded,
      .message =
          "Budget \"daily\" is used up: 50 of 50 USD since 2027-01-15. It resets at "
          "2027-01-16T00:00:00Z; `pitot budget enable daily` opens it before.",
      .details = {{"budget", "\"daily\""},
                  {"scope", "\"global\""},
                  {"limit_usd", "50"},
                  {"spent_usd", "49.98"},
                  {"resets_at", "\"2027-01-16T00:00:00Z\""}},
      .retry_after = std::chrono::hours(16),
      .request_id = "0af7651916cd43dd8448eb211c80319c"};
  for (size_t i = 0; i < static_cast<size_t>(Dialect::kEnd); ++i) {
    const auto dialect = static_cast<Dialect>(i);
    ExpectGolden(fmt::format("refused_{}", Name(dialect)), Refuse(dialect, refusal));
  }
  // A stream that was cut after its first event.
  for (const WireApi api : kAnswering) {
    DegradedRequest request = Request();
    request.streamed = true;
    HttpResponse response = DegradedAnswer(api, request).value();
    const bool gemini = api == WireApi::kGeminiGenerate;
    const std::string_view end = gemini ? "\r\n\r\n" : "\n\n";
    response.body.resize(response.body.find(end) + end.size());
    response.body += RefuseInStream(api, true, refusal);
    response.headers.Remove("x-pitot-degraded");
    ExpectGolden(fmt::format("cut_{}_stream", Name(api)), response);
  }
}

}  // namespace
}  // namespace pitot
