// Runs every tests/golden/loops/*.json, a transcript of an agent, in each provider's shape and in each
// way that clients write; all must come to the same. UPDATE_GOLDEN=1 rewrites what a file expects;
// read the diff. A file:
//
//   {"shows": "what it is for",
//    "apis": ["messages"],                 those it can be told in; without, all
//    "run_id": "s1", "traceparent": true,  what the caller says of the run
//    "mode": "observe", "context_tokens": 1000, "poll_tools": [],  options
//    "events": [...],                      see transcript_test_util.h
//    "expect": {...}}                      the last member
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/runs/transcript_test_util.h"

namespace pitot::testing {
namespace {

namespace json = boost::json;

struct Variant {
  WireApi api;
  ClientStyle style;
  std::string_view name;
};
constexpr Variant kVariants[] = {
    {WireApi::kAnthropicMessages, ClientStyle::kVerbatim, "messages"},
    {WireApi::kAnthropicMessages, ClientStyle::kRewrites, "messages, rewritten"},
    {WireApi::kOpenAiChat, ClientStyle::kVerbatim, "chat"},
    {WireApi::kOpenAiChat, ClientStyle::kRewrites, "chat, rewritten"},
    {WireApi::kOpenAiChat, ClientStyle::kShortIds, "chat, short ids"},
    {WireApi::kOpenAiResponses, ClientStyle::kVerbatim, "responses"},
    {WireApi::kOpenAiResponses, ClientStyle::kRewrites, "responses, rewritten"},
    {WireApi::kOpenAiResponses, ClientStyle::kById, "responses by id"},
    {WireApi::kGeminiGenerate, ClientStyle::kVerbatim, "generate_content"},
    {WireApi::kGeminiGenerate, ClientStyle::kRewrites, "generate_content, rewritten"},
};

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TranscriptPlayer PlayerFor(const json::object& file, const Variant& variant) {
  TranscriptPlayer player;
  player.api = variant.api;
  player.style = variant.style;
  player.options.seed = 42;
  player.options.mode = LoopMode::kEnforce;
  if (file.contains("mode")) player.options.mode = LoopMode::kObserve;
  if (const json::value* tokens = file.if_contains("context_tokens")) {
    player.options.context_tokens = [n = tokens->as_int64()](std::string_view) { return n; };
  }
  if (const json::value* tools = file.if_contains("poll_tools")) {
    player.options.loops.poll_tools = json::value_to<std::vector<std::string>>(*tools);
  }
  player.caller.project = "default";
  player.caller.key = "key-1";
  if (const json::value* id = file.if_contains("run_id")) player.caller.run_id = id->as_string();
  if (file.contains("traceparent")) {
    player.caller.trace_id = TraceId::FromBytes("0123456789abcdef");
    player.caller.parent_span_id = SpanId::FromBytes("01234567");
  }
  return player;
}

class LoopsGolden : public ::testing::TestWithParam<std::string> {};

TEST_P(LoopsGolden, EveryClientIsJudgedAlike) {
  const std::filesystem::path path =
      std::filesystem::path(PITOT_SOURCE_DIR) / "tests/golden/loops" / (GetParam() + ".json");
  const std::string text = ReadFile(path);
  const json::value parsed = json::parse(text);
  const json::object& file = parsed.as_object();
  std::string first;
  for (const Variant& variant : kVariants) {
    if (const json::value* apis = file.if_contains("apis")) {
      if (std::ranges::find(apis->as_array(), json::value(Name(variant.api))) ==
          apis->as_array().end()) {
        continue;
      }
    }
    TranscriptPlayer player = PlayerFor(file, variant);
    const std::string found = json::serialize(player.Play(file.at("events").as_array()));
    if (first.empty()) first = found;
    if (std::getenv("UPDATE_GOLDEN") == nullptr) {
      EXPECT_EQ(found, json::serialize(file.at("expect")))
          << variant.name << ": " << file.at("shows")
          << "\nIf this is right, UPDATE_GOLDEN=1 writes it";
    } else {
      EXPECT_EQ(found, first) << variant.name << " differs from the first variant";
    }
  }
  if (std::getenv("UPDATE_GOLDEN") == nullptr) return;
  const size_t at = text.rfind("\"expect\":");
  ASSERT_NE(at, std::string::npos);
  std::ofstream(path, std::ios::binary) << text.substr(0, at) << "\"expect\": " << first << "}\n";
}

std::vector<std::string> Files() {
  std::vector<std::string> names;
  const auto folder = std::filesystem::path(PITOT_SOURCE_DIR) / "tests/golden/loops";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, LoopsGolden, ::testing::ValuesIn(Files()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace pitot::testing
