#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "base/status.h"
#include "decode/decode_test_util.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kIds =
    R"("traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174")";

std::string Request(std::string_view spans) {
  return fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}})", spans);
}

// A span with ids and `fields`.
std::string Span(std::string_view fields = "") {
  return fmt::format("{{{}{}{}}}", kIds, fields.empty() ? "" : ",", fields);
}

struct Decoded {
  absl::StatusOr<RawBatch> batch;
  DropCounts drops;
};

Decoded Traces(const std::string& body, const Limits& limits = {}) {
  DropCounts drops;
  absl::StatusOr<RawBatch> batch = DecodeOtlpTracesJson(body, limits, drops);
  if (batch.ok()) {
    EXPECT_EQ(FindBreach(*batch, limits), "");
  }
  return {std::move(batch), drops};
}

// The span with `fields`; absent when it was refused.
RawSpan Only(const Decoded& decoded) {
  if (!decoded.batch.ok() || decoded.batch->spans.size() != 1) {
    ADD_FAILURE() << decoded.batch.status() << Dump(decoded.drops);
    return {};
  }
  return decoded.batch->spans[0];
}

TEST(OtlpTracesJson, BodiesWithoutSpans) {
  for (const std::string body :
       {"", " \n", "{}", R"({"resourceSpans":[]})", R"({"resourceSpans":null})", "\xEF\xBB\xBF{}",
        R"({"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]})", R"({"resource_spans":[]})"}) {
    const Decoded decoded = Traces(body);
    EXPECT_TRUE(decoded.batch.ok()) << body << decoded.batch.status();
    EXPECT_TRUE(decoded.batch->resources.empty()) << body;
  }
}

TEST(OtlpTracesJson, RefusesBodies) {
  const auto refused = [](const std::string& body, std::string_view words) {
    const Decoded decoded = Traces(body);
    EXPECT_EQ(decoded.batch.status().code(), absl::StatusCode::kInvalidArgument) << body;
    EXPECT_THAT(std::string(Message(decoded.batch.status())), HasSubstr(std::string(words)));
    EXPECT_EQ(Dump(decoded.drops), "") << body;
  };
  refused("[]", "the body is an array");
  refused("{", "byte 1: the text ends too early");
  refused(R"({"resourceSpans":[}})", "byte 18: a value was expected");
  refused(R"({"a":1} x)", "byte 8: something follows");
  refused(R"({"a":"x)", "a string without end");
  refused("{\"a\":\"\n\"}", "byte 6: a control character");
  refused(R"({"resourceSpans":{}})", "resourceSpans is an object, an array was expected");
  refused(R"({"resourceSpans":[{"scopeSpans":[{},{"spans":7}]}]})",
          "resourceSpans[0].scopeSpans[1].spans is a number");
  refused(R"({"resourceSpans":[{"resource":{"attributes":{"a":1}}}]})",
          "resourceSpans[0].resource.attributes is an object");
  refused(R"({"resourceLogs":[{}]})", "\"resourceSpans\" was expected");
  refused(R"({"resource_spans":[{}]})", "\"resourceSpans\" was expected");
  refused(std::string(20'000, '['), "nested too deep");
}

TEST(OtlpTracesJson, OneMalformedSpanCostsItselfOnly) {
  const auto refused = [](std::string_view span, std::string_view words,
                          Drop drop = Drop::kSpanMalformed) {
    const Decoded decoded = Traces(Request(Span() + "," + std::string(span) + "," + Span()));
    ASSERT_TRUE(decoded.batch.ok()) << span << decoded.batch.status();
    EXPECT_EQ(decoded.batch->spans.size(), 2u) << span;
    EXPECT_EQ(decoded.drops[drop], 1u) << span << Dump(decoded.drops);
    EXPECT_EQ(decoded.drops.first_refusal, "span 1" + std::string(words));
  };
  refused("5", ": the span is a number, an object was expected");
  refused(Span(R"("name":"n","attributes":{"a":1})"),
          " \"n\": attributes is an object, an array was expected");
  refused(Span(R"("attributes":[{},{"key":"k","value":{"intValue":"12x"}}])"),
          ": attributes[1].value.intValue: \"12x\" is no signed 64-bit integer");
  refused(Span(R"("attributes":[{"key":"k","value":{"intValue":"9223372036854775808"}}])"),
          ": attributes[0].value.intValue: \"9223372036854775808\" is no signed 64-bit integer");
  refused(Span(R"("attributes":[{"key":"k","value":{"intValue":123456789012345678901}}])"),
          ": attributes[0].value.intValue: \"123456789012345678901\" is no signed 64-bit integer");
  refused(Span(R"("attributes":[{"key":"k","value":{"intValue":1.5}}])"),
          ": attributes[0].value.intValue: 1.5 is no signed 64-bit integer");
  refused(Span(R"("attributes":[{"key":"k","value":{"doubleValue":1e999}}])"),
          ": attributes[0].value.doubleValue: \"1e999\" is no 64-bit number");
  refused(Span(R"("attributes":[{"key":"k","value":{"arrayValue":{"values":[{"boolValue":1}]}}}])"),
          ": attributes[0].value.arrayValue.values[0].boolValue is a number, a bool was expected");
  refused(Span(R"("attributes":[{"key":"k","value":{"bytesValue":"?"}}])"),
          ": attributes[0].value.bytesValue is no base64");
  refused(Span(R"("startTimeUnixNano":-5)"),
          ": startTimeUnixNano: -5 is no unsigned 64-bit integer");
  refused(Span(R"("startTimeUnixNano":"9223372036854775808")"),
          ": startTimeUnixNano is 9223372036854775808, beyond the year 2262");
  refused(Span(R"("events":[{},{"timeUnixNano":"x"}])"),
          ": events[1].timeUnixNano: \"x\" is no unsigned 64-bit integer");
  refused(Span(R"("kind":"SPAN_KIND_GUEST")"),
          ": kind: \"SPAN_KIND_GUEST\" is no signed 64-bit integer");
  refused(R"({"traceId":"00","spanId":"eee19b7ec3c1b174"})",
          ": traceId has 2 characters, 32 hex digits are needed", Drop::kSpanIdInvalid);
  refused(R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"zzz19b7ec3c1b174"})",
          ": spanId is \"zzz19b7ec3c1b174\", hex digits are needed", Drop::kSpanIdInvalid);
  refused(R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"0000000000000000"})",
          ": spanId is all zero", Drop::kSpanIdInvalid);
  refused(R"({"traceId":"5b8efff798038103d269b633813fc60c"})",
          ": spanId has 0 characters, 16 hex digits are needed", Drop::kSpanIdInvalid);
}

TEST(OtlpTracesJson, Values) {
  const auto reads = [](std::string_view any, std::string_view alone, std::string_view nested) {
    const Decoded decoded = Traces(Request(Span(fmt::format(
        R"("attributes":[{{"key":"a","value":{0}}},{{"key":"n","value":{{"arrayValue":{{"values":[{0}]}}}}}}])",
        any))));
    const RawSpan span = Only(decoded);
    ASSERT_EQ(span.attributes.size(), 2u) << any;
    EXPECT_EQ(Dump(span.attributes[0].value), alone) << any;
    EXPECT_EQ(Dump(span.attributes[1].value), "json [" + std::string(nested) + "]") << any;
  };
  reads("{}", "empty", "null");
  reads(R"({"stringValue":"\u00e4\n\"","other":1})", "string \"\u00e4\\x0a\\\"\"",
        "\"\u00e4\\n\\\"\"");
  reads(R"({"stringValue":null})", "empty", "null");
  reads(R"({"boolValue":false})", "bool false", "false");
  reads(R"({"boolValue":"true"})", "bool true", "true");
  reads(R"({"intValue":9007199254740993})", "int 9007199254740993", "9007199254740993");
  reads(R"({"intValue":"-9223372036854775808"})", "int -9223372036854775808",
        "-9223372036854775808");
  reads(R"({"intValue":5.0})", "int 5", "5");
  reads(R"({"doubleValue":3})", "double 3", "3.0");
  reads(R"({"doubleValue":"0.25"})", "double 0.25", "0.25");
  reads(R"({"doubleValue":1e-999})", "double 0", "0.0");
  reads(R"({"doubleValue":"NaN"})", "double nan", "\"NaN\"");
  reads(R"({"doubleValue":"-Infinity"})", "double -inf", "\"-Infinity\"");
  reads(R"({"doubleValue":123456789012345678901234567890})", "double 1.2345678901234568e+29",
        "1.2345678901234568e+29");
  reads(R"({"bytesValue":"/+8="})", "bytes ffef", "\"/+8=\"");
  reads(R"({"bytesValue":"_-8"})", "bytes ffef", "\"/+8=\"");
  reads(R"({"arrayValue":{}})", "json []", "[]");
  reads(R"({"arrayValue":{"values":[{"intValue":1},{}]}})", "json [1,null]", "[1,null]");
  reads(R"({"kvlistValue":{"values":[{"key":"b","value":{"intValue":1}},{"key":"c"}]}})",
        "json {\"b\":1,\"c\":null}", "{\"b\":1,\"c\":null}");
  reads(R"({"intValue":1,"stringValue":"last"})", "string \"last\"", "\"last\"");
}

TEST(OtlpTracesJson, FieldsInTheirSeveralSpellings) {
  std::deque<Decoded> owners;  // Of what the spans refer to.
  const auto span = [&](std::string_view fields) {
    return Only(owners.emplace_back(Traces(Request(Span(fields)))));
  };
  EXPECT_EQ(span(R"("kind":3)").otel_kind, 3);
  EXPECT_EQ(span(R"("kind":"SPAN_KIND_CLIENT")").otel_kind, 3);
  EXPECT_EQ(span(R"("kind":"3")").otel_kind, 3);
  EXPECT_EQ(span(R"("kind":-1)").otel_kind, 255);
  EXPECT_EQ(span(R"("status":{"code":"STATUS_CODE_ERROR","message":"m"})").status_code, 2);
  EXPECT_EQ(span(R"("status":{"code":2,"message":"m"})").status_message, "m");
  EXPECT_EQ(span(R"("endTimeUnixNano":"1544712660000000001")").end_ns, 1544712660000000001);
  EXPECT_EQ(span(R"("endTimeUnixNano":1544712660000000001)").end_ns, 1544712660000000001);
  EXPECT_EQ(span(R"("name":"a","name":"b")").name, "b") << "duplicate keys: the last wins";
  EXPECT_EQ(span(R"("name":null,"kind":null,"attributes":null,"status":null)").name, "");
  EXPECT_EQ(span(R"("start_time_unix_nano":5)").start_ns, 0) << "unknown keys are ignored";
  EXPECT_EQ(span(R"("parentSpanId":"EEE19B7EC3C1B174")").parent_span_id,
            span(R"("parentSpanId":"eee19b7ec3c1b174")").parent_span_id);
  EXPECT_TRUE(span(R"("parentSpanId":"")").parent_span_id.empty());
}

TEST(OtlpTracesJson, MendsAndNotes) {
  const Decoded parent = Traces(Request(Span(R"("parentSpanId":"abc")")));
  EXPECT_TRUE(Only(parent).parent_span_id.empty());
  EXPECT_EQ(parent.drops[Drop::kParentIdInvalid], 1u);
  const Decoded times = Traces(Request(Span(R"("startTimeUnixNano":9,"endTimeUnixNano":"8")")));
  EXPECT_EQ(Only(times).end_ns, 9);
  EXPECT_EQ(times.drops[Drop::kEndBeforeStart], 1u);
  const Decoded utf8 = Traces(Request(Span("\"name\":\"a\xff\"")));
  EXPECT_EQ(Only(utf8).name, "a\uFFFD");
  EXPECT_EQ(utf8.drops[Drop::kTextMended], 1u);
  const Decoded half =
      Traces(Request(Span(R"("name":"a\ud83d","status":{"message":"\ud83d\ude00"})")));
  EXPECT_EQ(Only(half).name, "a\uFFFD") << "half of a surrogate pair";
  EXPECT_EQ(Only(half).status_message, "\U0001F600");
  const Decoded twice = Traces(Request(Span(R"("attributes":[{"key":"a"},{"key":"a"}])")));
  EXPECT_EQ(Only(twice).attributes.size(), 1u);
  EXPECT_EQ(twice.drops[Drop::kAttrDuplicateKey], 1u);
}

TEST(OtlpTracesJson, DeepValuesBecomeNull) {
  std::string any = R"({"intValue":1})";
  for (int i = 0; i < 400; ++i) any = R"({"arrayValue":{"values":[)" + any + "]}}";
  const std::string body = Request(Span(R"("attributes":[{"key":"k","value":)" + any + "}]"));
  const Decoded decoded = Traces(body, {.depth = 3});
  EXPECT_EQ(Only(decoded).attributes[0].value.text, "[[[null]]]");
  EXPECT_EQ(decoded.drops[Drop::kAttrDepth], 1u);
  EXPECT_EQ(Only(Traces(body, {.depth = 512})).attributes[0].value.text.size(), 801u);
}

TEST(OtlpTracesJson, OldNamesOfScopes) {
  const Decoded decoded = Traces(fmt::format(
      R"({{"resourceSpans":[{{"instrumentationLibrarySpans":[{{"instrumentationLibrary":{{"name":"old"}},"spans":[{}]}}]}}]}})",
      Span()));
  EXPECT_EQ(decoded.batch->scopes[Only(decoded).scope].name, "old");
}

TEST(OtlpTracesJson, LimitsHold) {
  const Limits limits{.payload_bytes = 1024, .attributes = 16, .events = 16};
  std::string attributes, events;
  for (int i = 0; i < 20; ++i) {
    attributes += fmt::format("{}{{\"key\":\"k{}\"}}", i > 0 ? "," : "", i);
    events += i > 0 ? ",{}" : "{}";
  }
  const Decoded decoded =
      Traces(Request(Span(fmt::format(R"("name":"{}","attributes":[{}],"events":[{}],"links":[{}])",
                                      std::string(2000, 'x'), attributes, events, events))),
             limits);
  const RawSpan span = Only(decoded);
  EXPECT_EQ(span.attributes.size(), 16u);
  EXPECT_EQ(span.events.size(), 16u);
  EXPECT_EQ(span.links.size(), 16u);
  EXPECT_THAT(std::string(span.name), HasSubstr("x\u2026[cut by pitot: 2000 bytes, kept 1024]"));
  EXPECT_EQ(decoded.drops[Drop::kAttrLimit], 4u);
  EXPECT_EQ(decoded.drops[Drop::kEventLimit], 8u);
  EXPECT_EQ(decoded.drops[Drop::kPayloadTruncated], 1u);
}

const std::string& FullRequest() {
  static const std::string body =
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},)"
      R"("scopeSpans":[{"scope":{"name":"x","version":"1"},"spans":[)" +
      Span(
          R"("name":"n\n","kind":1,"startTimeUnixNano":"1000","endTimeUnixNano":2000,"status":{},)"
          R"("attributes":[{"key":"k","value":{"arrayValue":{"values":[{"doubleValue":-1.5e3}]}}}],)"
          R"("events":[{"name":"e","timeUnixNano":"1500"}],"links":[{"traceId":"00"}])") +
      "]}]}]}";
  return body;
}

TEST(OtlpJson, CutAtEveryByteGivesAStatus) {
  const std::string& body = FullRequest();
  for (size_t cut = 0; cut <= body.size(); ++cut) {
    EXPECT_EQ(Traces(body.substr(0, cut)).batch.ok(), cut == 0 || cut == body.size())
        << "cut at " << cut;
  }
}

TEST(OtlpJson, RandomDamageNeverBreaksAPromise) {
  std::mt19937 random(1);
  for (int round = 0; round < 10'000; ++round) {
    std::string damaged = FullRequest();
    for (uint32_t i = 0; i <= random() % 3; ++i) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const Decoded decoded = Traces(damaged);  // Traces() checks the batch.
    if (!decoded.batch.ok()) {
      EXPECT_FALSE(Message(decoded.batch.status()).empty());
    }
  }
}

}  // namespace
}  // namespace pitot
