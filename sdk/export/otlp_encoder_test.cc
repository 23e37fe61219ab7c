// Random spans -> bytes -> read by other code -> equal; and what receivers answer.
#include "sdk/export/otlp_encoder.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <random>

#include "sdk/export/export_test_util.h"
#include "sdk/export/proto_writer.h"
#include "sdk/export/utf8.h"

namespace pitot {
inline namespace sdk {
namespace {

class RandomSpans {
 public:
  explicit RandomSpans(unsigned seed) : random_(seed) {}

  void Fill(TestSpan& span) {
    SpanData& data = span.data();
    for (uint8_t& byte : data.trace_id.bytes) byte = static_cast<uint8_t>(random_());
    for (uint8_t& byte : data.span_id.bytes) byte = static_cast<uint8_t>(random_());
    if (Chance()) data.parent_span_id.bytes[3] = static_cast<uint8_t>(1 + random_() % 255);
    data.name = Text();
    if (Chance()) data.trace_state = "a=b";
    data.kind = static_cast<Kind>(random_() % static_cast<unsigned>(Kind::kEnd));
    data.status = static_cast<SpanStatus>(random_() % 3);
    data.status_message = Text();
    data.start_ns = static_cast<int64_t>(random_()) << 28;
    data.end_ns = data.start_ns + static_cast<int64_t>(random_() % 1'000'000);
    data.dropped_attributes = random_() % 3;
    data.dropped_events = random_() % 300;
    const unsigned attributes = random_() % 12;
    for (unsigned i = 0; i < attributes; ++i) span.Set("key" + std::to_string(i), Value());
    for (unsigned i = random_() % 4; i > 0; --i) {
      span.Event(Text(), static_cast<int64_t>(random_()), {{"a", Value()}, {"b", Value()}});
    }
    for (unsigned i = random_() % 3; i > 0; --i) {
      span.Link(TestTraceId(static_cast<uint8_t>(random_())), TestSpanId(1), {{"c", Value()}});
    }
  }

 private:
  bool Chance() { return random_() % 2 == 0; }
  // Long ones have lengths of more bytes than one.
  std::string_view Text() {
    std::string text(random_() % 8 == 0 ? random_() % 70'000 : random_() % 200, 'x');
    for (char& c : text) c = static_cast<char>(random_());
    return texts_.emplace_back(std::move(text));
  }
  AttributeValue Value() {
    switch (random_() % 4) {
      case 0:
        return Text();
      case 1:
        return Chance();
      case 2:
        return static_cast<int64_t>((uint64_t{random_()} << 32 | random_()) >> (random_() % 64));
      default:
        return std::bit_cast<double>(uint64_t{random_()} << 32 | random_());
    }
  }

  std::mt19937 random_;
  std::deque<std::string> texts_;
};

std::string Mended(std::string_view text) {
  std::string scratch;
  return std::string(Utf8(text, &scratch));
}

// The fields of a message by their numbers.
std::multimap<uint32_t, ProtoField> Fields(std::string_view bytes) {
  std::multimap<uint32_t, ProtoField> fields;
  for (const ProtoField& field : ReadProto(bytes)) fields.emplace(field.number, field);
  return fields;
}

std::vector<ProtoField> All(const std::multimap<uint32_t, ProtoField>& fields, uint32_t number) {
  std::vector<ProtoField> list;
  for (auto [at, end] = fields.equal_range(number); at != end; ++at) list.push_back(at->second);
  return list;
}

ProtoField One(const std::multimap<uint32_t, ProtoField>& fields, uint32_t number) {
  EXPECT_LE(fields.count(number), 1u) << "field " << number;
  const auto found = fields.find(number);
  return found == fields.end() ? ProtoField() : found->second;
}

void ExpectValue(const AttributeValue& expected, std::string_view any_value) {
  const std::vector<ProtoField> fields = ReadProto(any_value);
  ASSERT_EQ(fields.size(), 1u);
  const ProtoField& got = fields[0];
  switch (expected.type()) {
    case AttributeValue::Type::kString:
      EXPECT_EQ(got.number, 1u);
      EXPECT_EQ(got.bytes, Mended(expected.text()));
      break;
    case AttributeValue::Type::kBool:
      EXPECT_EQ(got.number, 2u);
      EXPECT_EQ(got.value, expected.boolean() ? 1u : 0u);
      break;
    case AttributeValue::Type::kInt:
      EXPECT_EQ(got.number, 3u);
      EXPECT_EQ(static_cast<int64_t>(got.value), expected.integer());
      break;
    case AttributeValue::Type::kDouble:
      EXPECT_EQ(got.number, 4u);
      EXPECT_EQ(got.value, std::bit_cast<uint64_t>(expected.number()));
      break;
    case AttributeValue::Type::kJson:
      ADD_FAILURE();
  }
}

void ExpectAttributes(std::span<const Attribute> expected, const std::vector<ProtoField>& got) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const std::vector<ProtoField> pair = ReadProto(got[i].bytes);
    ASSERT_EQ(pair.size(), 2u);
    EXPECT_EQ(pair[0].bytes, Mended(expected[i].key));
    ExpectValue(expected[i].value, pair[1].bytes);
  }
}

void ExpectSpan(const SpanData& span, std::string_view bytes) {
  const auto fields = Fields(bytes);
  EXPECT_EQ(One(fields, 1).bytes, span.trace_id.view());
  EXPECT_EQ(One(fields, 2).bytes, span.span_id.view());
  EXPECT_EQ(One(fields, 3).bytes, span.trace_state);
  EXPECT_EQ(One(fields, 4).bytes,
            span.parent_span_id.empty() ? std::string_view() : span.parent_span_id.view());
  EXPECT_EQ(One(fields, 5).bytes, Mended(span.name));
  EXPECT_EQ(One(fields, 7).value, static_cast<uint64_t>(span.start_ns));
  EXPECT_EQ(One(fields, 8).value, static_cast<uint64_t>(span.end_ns));
  EXPECT_EQ(One(fields, 10).value, span.dropped_attributes);
  EXPECT_EQ(One(fields, 12).value, span.dropped_events);
  WireAttributes wire;
  ExpectAttributes(wire.Of(span), All(fields, 9));
  const std::vector<ProtoField> events = All(fields, 11);
  ASSERT_EQ(events.size(), span.events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    const auto event = Fields(events[i].bytes);
    EXPECT_EQ(One(event, 1).value, static_cast<uint64_t>(span.events[i].time_ns));
    EXPECT_EQ(One(event, 2).bytes, Mended(span.events[i].name));
    ExpectAttributes(span.events[i].attributes, All(event, 3));
  }
  const std::vector<ProtoField> links = All(fields, 13);
  ASSERT_EQ(links.size(), span.links.size());
  for (size_t i = 0; i < links.size(); ++i) {
    const auto link = Fields(links[i].bytes);
    EXPECT_EQ(One(link, 1).bytes, span.links[i].trace_id.view());
    EXPECT_EQ(One(link, 2).bytes, span.links[i].span_id.view());
    ExpectAttributes(span.links[i].attributes, All(link, 4));
  }
  const auto status = Fields(One(fields, 15).bytes);
  EXPECT_EQ(One(status, 3).value, static_cast<uint64_t>(span.status));  // The same numbers.
  EXPECT_EQ(One(status, 2).bytes,
            span.status == SpanStatus::kError ? Mended(span.status_message) : "");
}

TEST(OtlpEncoder, WhatIsReadIsWhatWasWritten) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    RandomSpans random(seed);
    std::deque<TestSpan> spans;
    OtlpEncoder encoder({}, std::make_unique<WireAttributes>());
    std::string items;
    for (unsigned i = 0; i < 5; ++i) {
      random.Fill(spans.emplace_back());
      encoder.Append(spans.back().data(), items);
    }
    std::string body;
    encoder.Frame(items, body);
    const std::vector<ProtoField> resources = ReadProto(body);
    ASSERT_EQ(resources.size(), 1u);
    const std::vector<ProtoField> scopes = All(Fields(resources[0].bytes), 2);
    ASSERT_EQ(scopes.size(), 1u);
    const std::vector<ProtoField> got = All(Fields(scopes[0].bytes), 2);
    ASSERT_EQ(got.size(), spans.size());
    for (size_t i = 0; i < got.size(); ++i) ExpectSpan(spans[i].data(), got[i].bytes);
    if (HasFailure()) return;
  }
}

TEST(OtlpEncoder, NothingIsAnEmptyRequest) {
  const OtlpEncoder encoder(ResourceAttributes(TestResource()), std::make_unique<WireAttributes>());
  std::string body = "before";
  encoder.Frame({}, body);
  EXPECT_EQ(body, "");
}

std::string PartialSuccess(int64_t rejected, std::string_view message) {
  std::string body;
  ProtoWriter writer(body);
  const size_t partial = writer.Begin(1);
  writer.Varint(1, static_cast<uint64_t>(rejected));
  writer.Bytes(2, message);
  writer.End(partial);
  return body;
}

TEST(OtlpAnswer, Reads) {
  EXPECT_TRUE(ReadOtlpAnswer("").readable);
  EXPECT_EQ(ReadOtlpAnswer("").rejected, 0u);
  const std::string body = PartialSuccess(3, "no room");
  EXPECT_TRUE(ReadOtlpAnswer(body).readable);
  EXPECT_EQ(ReadOtlpAnswer(body).rejected, 3u);
  EXPECT_EQ(ReadOtlpAnswer(body).message, "no room");
}

TEST(OtlpAnswer, SurvivesAnything) {
  const std::string body = PartialSuccess(300, std::string(200, 'm'));
  for (size_t cut = 1; cut < body.size(); ++cut) {
    EXPECT_FALSE(ReadOtlpAnswer(std::string_view(body).substr(0, cut)).readable)
        << "cut at " << cut;
  }
  std::mt19937 random(3);
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes(random() % 40, ' ');
    for (char& c : bytes) c = static_cast<char>(random() % 4 == 0 ? random() : random() % 32);
    static_cast<void>(ReadOtlpAnswer(bytes));
    EXPECT_TRUE(IsUtf8(ReadRpcStatusMessage(bytes)));
  }
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
