// Every case of provider_cases.h against tests/golden/sdk/provider/NAME.http: the request, the exact
// bytes that came back, and what src/wire, which the gateway and the clients read answers with, made of
// them. UPDATE_GOLDEN=1 rewrites the files; read the diff.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "sdk/testing/answer.h"
#include "sdk/testing/provider_cases.h"
#include "sdk/testing/raw_client.h"
#include "wire/wire_test_util.h"

namespace pitot {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(PITOT_SOURCE_DIR) / "tests/golden/sdk/provider";
constexpr std::string_view kSeparator = "\n----\n";

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Headers(const ProviderCase& one) {
  AnswerHeaders headers = {{"authorization", "Bearer k"}};
  if (one.name.starts_with("messages")) {
    headers = {{"x-api-key", "k"}, {"anthropic-version", "2023-06-01"}};
  }
  for (const auto& header : one.headers) SetHeader(headers, header);
  std::string out;
  for (const auto& [name, value] : headers) {
    if (!value.empty()) out += name + ": " + value + "\r\n";
  }
  return out;
}

// What the reader that the gateway uses makes of an answer.
std::string Read(const ProviderCase& one, const RawAnswer& answer) {
  const ScriptedRequest request = {
      .method = "POST", .target = one.path, .headers = {}, .body = one.body};
  const Asked asked = ReadAsked(request, 1);
  const WireApi api = asked.api == WireApi::kOther ? WireApi::kOpenAiChat : asked.api;
  const ResponseReader::Options options = {.streamed = asked.wire.streamed,
                                           .status = answer.status};
  return Dump(ReadAnswer(api, options, answer.body));
}

std::string Play(const ProviderCase& one) {
  ScriptedProvider provider;
  if (one.step) provider.add(*one.step);
  RawClient client(provider.port());
  const std::string request = RawRequest(one.path, Headers(one), one.body);
  client.Send(request);
  const RawAnswer answer = client.Receive();
  const bool refused = one.name.find("_refused_") != std::string::npos;
  EXPECT_EQ(provider.steps_left(), refused ? 1u : 0u);
  std::string out = request;
  out += kSeparator;
  out += answer.bytes;
  out += kSeparator;
  out += answer.whole ? "connection: kept\n" : "connection: closed\n";
  if (answer.status != 0) out += Read(one, answer);
  return out;
}

TEST(ScriptedProviderGolden, EveryCase) {
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  std::set<std::string> names;
  for (const ProviderCase& one : ProviderCases()) {
    SCOPED_TRACE(one.name);
    EXPECT_TRUE(names.insert(one.name).second) << "two cases of that name";
    const std::filesystem::path path = kFolder / (one.name + ".http");
    const std::string got = Play(one);
    if (update) {
      std::filesystem::create_directories(kFolder);
      std::ofstream(path, std::ios::binary) << got;
    } else {
      EXPECT_EQ(got, ReadAll(path))
          << "If the new answer is right, run with UPDATE_GOLDEN=1 and read the diff.";
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    EXPECT_TRUE(names.contains(entry.path().stem().string()))
        << entry.path() << " belongs to no case: remove it, or bring the case back";
  }
}

}  // namespace
}  // namespace pitot
