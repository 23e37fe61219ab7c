// The loads of the benchmarks are what they were: figures of different days are of the same bytes.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/status.h"
#include "decode/decode.h"
#include "tests/bench/ingest/agent_load.h"
#include "tests/bench/ingest/span_load.h"

namespace pitot {
namespace {

constexpr uint64_t kBaseUnixSeconds = 1'763'600'000;

template <typename Load>
std::vector<std::string> AllRequests(Load& load) {
  std::vector<std::string> bodies;
  for (std::string body = load.NextRequest(); !body.empty(); body = load.NextRequest()) {
    bodies.push_back(std::move(body));
  }
  return bodies;
}

uint32_t Checksum(const std::vector<std::string>& bodies) {
  uint32_t crc = 0;
  for (const std::string& body : bodies) crc = Crc32c(body, crc);
  return crc;
}

RawBatch Decode(const std::string& body) {
  DropCounts drops;
  absl::StatusOr<RawBatch> batch = DecodeOtlpTracesProto(body, Limits{}, drops);
  EXPECT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(drops.counts, DropCounts{}.counts) << drops.first_refusal;
  return batch.ok() ? *std::move(batch) : RawBatch();
}

std::string_view TextOf(const RawSpan& span, std::string_view key) {
  for (const Attr& attr : span.attributes) {
    if (attr.key == key) return attr.value.text;
  }
  return {};
}

TEST(SpanLoad, IsTheSameOnEveryMachine) {
  SpanLoad load({.spans = 3210,
                 .spans_per_request = 77,
                 .seed = 9,
                 .base_unix_s = kBaseUnixSeconds,
                 .spread_s = 12.5});
  const std::vector<std::string> bodies = AllRequests(load);
  EXPECT_EQ(bodies.size(), 42u);
  EXPECT_EQ(Checksum(bodies), 0xf41ed1a9u)
      << "the load changed: no figure measured before can be compared with one measured now";
}

TEST(SpanLoad, DecodesWithoutLosses) {
  SpanLoad load({.spans = 1000, .spans_per_request = 300, .base_unix_s = kBaseUnixSeconds});
  size_t spans = 0;
  for (const std::string& body : AllRequests(load)) spans += Decode(body).spans.size();
  EXPECT_EQ(spans, 1000u);
}

TEST(AgentLoad, IsTheSameOnEveryMachine) {
  AgentLoad load({.conversations = 3, .turns = 5, .seed = 1, .base_unix_s = kBaseUnixSeconds});
  const std::vector<std::string> bodies = AllRequests(load);
  EXPECT_EQ(bodies.size(), 15u);
  EXPECT_EQ(Checksum(bodies), 0x802c33d6u)
      << "the load changed: no figure measured before can be compared with one measured now";
}

TEST(AgentLoad, EachCallResendsWhatTheOneBeforeSaw) {
  AgentLoad load({.conversations = 1, .turns = 20, .seed = 4, .base_unix_s = kBaseUnixSeconds});
  std::string before;
  size_t calls = 0;
  size_t spans = 0;
  for (const std::string& body : AllRequests(load)) {
    const RawBatch batch = Decode(body);
    spans += batch.spans.size();
    for (const RawSpan& span : batch.spans) {
      const std::string_view input = TextOf(span, "gen_ai.input.messages");
      if (input.empty()) continue;
      ++calls;
      EXPECT_TRUE(input.starts_with(before)) << "call " << calls;
      before = input.substr(0, input.size() - 1);  // Without the closing bracket.
    }
  }
  EXPECT_EQ(calls, 20u);
  EXPECT_EQ(spans, load.spans());
}

}  // namespace
}  // namespace pitot
