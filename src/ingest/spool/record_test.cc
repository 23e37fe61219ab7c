#include "ingest/spool/record.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <utility>

#include "base/hash.h"

namespace pitot {
namespace {

// A span with every field set to something of its own, or with few fields set.
Span RandomSpan(std::mt19937_64& random, Arena& arena) {
  const auto chance = [&] { return random() % 2 == 0; };
  const auto text = [&]() -> std::string_view {
    if (!chance()) return {};
    std::string value(random() % 40, '\0');
    for (char& c : value) c = static_cast<char>(random());
    return arena.Copy(value);
  };
  const auto attrs = [&] {
    std::vector<JsonAttr> out(random() % 4);
    for (JsonAttr& attr : out) attr = {text(), text()};
    return arena.CopyArray(out);
  };
  const auto pieces = [&] {
    const std::span<Piece> out = arena.NewArray<Piece>(random() % 3);
    for (Piece& piece : out) {
      if (chance()) {
        piece.hash.bytes = Sha128(std::to_string(random()));
      } else {
        piece.text = text();
      }
    }
    return out;
  };
  Span span;
  for (uint8_t& b : span.trace_id.bytes) b = static_cast<uint8_t>(random());
  for (uint8_t& b : span.span_id.bytes) b = static_cast<uint8_t>(random());
  if (chance()) span.parent_span_id.bytes[3] = 7;
  span.name = text();
  span.kind = static_cast<Kind>(random() % static_cast<uint8_t>(Kind::kEnd));
  span.status = static_cast<SpanStatus>(random() % 5);
  span.finish_reason = static_cast<FinishReason>(random() % 9);
  span.tool_status = static_cast<ToolStatus>(random() % 7);
  span.error_category = static_cast<ErrorCategory>(random() % 15);
  span.source = static_cast<Source>(random() % 6);
  span.price_source = static_cast<PriceSource>(random() % 4);
  span.price_confidence = static_cast<PriceConfidence>(random() % 3);
  span.start_ns = static_cast<int64_t>(random() >> 1);
  span.end_ns = span.start_ns + static_cast<int64_t>(random() % 1'000'000);
  span.user_id = text();
  span.emitter = text();
  span.service_tier = text();
  span.error_type = text();
  span.feature = {text(), chance()};
  span.tags = attrs();
  span.has_usage = chance();
  if (span.has_usage) {
    for (int64_t& n : span.usage.tokens) n = chance() ? static_cast<int64_t>(random() >> 2) : 0;
    span.usage.web_searches = 3;
    span.usage_convention = UsageConvention::kExclusive;
    span.usage_flags = kUsageInconsistent;
  }
  span.usage_rollup = chance();
  if (chance()) span.ttft_ns = -1;
  if (chance()) span.streaming = chance();
  if (chance()) span.temperature = 0.7;
  if (chance()) span.max_tokens = 4096;
  if (chance()) span.raw_total_tokens = 12;
  if (chance()) {
    span.cost = NanoUsd{static_cast<int64_t>(random() >> 1)};
    span.cost_by_bucket[2] = -5;
  }
  if (chance()) span.cost_reported = NanoUsd{17};
  span.estimated = chance();
  span.retry_count = static_cast<int64_t>(random() % 9);
  span.input = pieces();
  span.reasoning = pieces();
  std::vector<SpanEvent> events(random() % 3);
  for (SpanEvent& event : events) event = {static_cast<int64_t>(random() >> 1), text(), attrs()};
  span.events = arena.CopyArray(events);
  std::vector<SpanLink> links(random() % 2);
  for (SpanLink& link : links) link = {span.trace_id, span.span_id, attrs()};
  span.links = arena.CopyArray(links);
  span.attributes = attrs();
  return span;
}

std::string Encode(const std::vector<Span>& spans) {
  RecordWriter writer;
  writer.Start({.project = "p1", .source = Source::kSdk, .keep_days = 30, .recv_ns = 123456789});
  writer.AddPayload(20'000, Hash128{{1, 2, 3}}, "content");
  for (const Span& span : spans) writer.AddSpan(span);
  writer.SetRequestHash(Hash128{{9}}, 5, 2);
  std::string bytes;
  writer.Finish(bytes);
  return bytes;
}

TEST(Record, EveryFieldSurvives) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    Arena arena;
    std::vector<Span> spans;
    for (size_t i = 0; i < random() % 5; ++i) spans.push_back(RandomSpan(random, arena));
    const std::string bytes = Encode(spans);
    Record record;
    ASSERT_TRUE(ReadRecord(bytes, arena, &record).ok());
    EXPECT_EQ(record.header.project, "p1");
    EXPECT_EQ(record.header.recv_ns, 123456789);
    EXPECT_EQ(record.header.accepted, 5);
    ASSERT_EQ(record.spans.size(), spans.size());
    ASSERT_EQ(record.payloads.size(), 1u);
    EXPECT_EQ(record.payloads[0].content, "content");
    // Encoding is a function of the fields: equal bytes mean equal fields.
    EXPECT_EQ(Encode(record.spans), bytes) << "round " << round;
  }
}

TEST(Record, AnyTwoTimesSurvive) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  for (const auto& [start, end] : {std::pair{kMin, kMax}, {kMax, kMin}, {kMax, kMax}, {5, 3}}) {
    Span span;
    span.start_ns = start;
    span.end_ns = end;
    const std::string bytes = Encode({span});
    Arena arena;
    Record record;
    ASSERT_TRUE(ReadRecord(bytes, arena, &record).ok());
    EXPECT_EQ(record.spans[0].start_ns, start);
    EXPECT_EQ(record.spans[0].end_ns, end);
  }
}

TEST(Record, CutAtEveryByteIsAnErrorNeverACrash) {
  std::mt19937_64 random(11);
  Arena arena;
  const std::string bytes = Encode({RandomSpan(random, arena), RandomSpan(random, arena)});
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    Record record;
    EXPECT_FALSE(ReadRecord(std::string_view(bytes).substr(0, cut), arena, &record).ok())
        << "cut at " << cut;
  }
}

TEST(Record, AnotherVersionIsRefused) {
  Arena arena;
  Record record;
  const absl::Status status = ReadRecord("\x02garbage", arena, &record);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_NE(std::string(status.message()).find("version 2"), std::string::npos) << status;
}

TEST(Record, LogsAndPointsSurvive) {
  Arena arena;
  const Attr attr{"k", {.type = AttrType::kInt, .integer = -7}};
  RawResource resource{std::span(&attr, 1)};
  RawScope scope{"s", "1", {}};
  RawLog log;
  log.time_ns = 5;
  log.severity = 17;
  log.event_name = "gen_ai.choice";
  log.body = {.type = AttrType::kJson, .text = "{\"a\":1}"};
  log.attributes = std::span(&attr, 1);
  RecordWriter writer;
  writer.Start({.project = "p", .signal = Signal::kLogs});
  writer.AddLog(log, resource, scope);
  std::string bytes;
  writer.Finish(bytes);
  Record record;
  ASSERT_TRUE(ReadRecord(bytes, arena, &record).ok());
  ASSERT_EQ(record.logs.size(), 1u);
  EXPECT_EQ(record.logs[0].body.text, "{\"a\":1}");
  EXPECT_EQ(record.logs[0].attributes[0].value.integer, -7);
  EXPECT_EQ(record.resources[record.logs[0].resource].attributes[0].key, "k");

  RawPoint point;
  point.metric = "gen_ai.client.token.usage";
  point.type = MetricType::kHistogram;
  point.value = 0.25;
  point.count = 3;
  point.detail = "{}";
  writer.Start({.project = "p", .signal = Signal::kMetrics});
  writer.AddPoint(point, resource, scope);
  bytes.clear();
  writer.Finish(bytes);
  Record again;
  ASSERT_TRUE(ReadRecord(bytes, arena, &again).ok());
  ASSERT_EQ(again.points.size(), 1u);
  EXPECT_EQ(again.points[0].value, 0.25);
  EXPECT_EQ(again.scopes[0].name, "s");
}

}  // namespace
}  // namespace pitot
