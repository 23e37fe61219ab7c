#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>

#include "base/hash.h"
#include "base/status.h"
#include "decode/decode_test_util.h"
#include "decode/instant.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;

struct Decoded {
  absl::StatusOr<RawBatch> batch;
  DropCounts drops;
};

Decoded Lines(const std::string& chunk, uint64_t first_line = 1) {
  DropCounts drops;
  absl::StatusOr<RawBatch> batch = DecodeJsonLines(chunk, Limits{}, drops, first_line);
  EXPECT_EQ(FindBreach(*batch, Limits{}), "");
  return {std::move(batch), drops};
}

std::string Line(std::string_view fields) {
  return fmt::format(R"({{"span_id":"s","trace_id":"t","start":1700000000{}{}}})",
                     fields.empty() ? "" : ",", fields);
}

// The span of a line with `fields`.
RawSpan Only(const Decoded& decoded) {
  if (decoded.batch->spans.size() != 1) {
    ADD_FAILURE() << Dump(decoded.drops);
    return {};
  }
  return decoded.batch->spans[0];
}

TEST(JsonLines, LineEndsBlankLinesAndMarks) {
  const std::string line = Line("");
  EXPECT_EQ(Lines("").batch->spans.size(), 0u);
  EXPECT_EQ(Lines("\n \r\n\t\n").batch->spans.size(), 0u);
  EXPECT_EQ(Lines("\xEF\xBB\xBF" + line + "\r\n\r\n" + line + "\n" + line).batch->spans.size(), 3u);
}

TEST(JsonLines, ABadLineCostsItselfOnly) {
  const auto refused = [](const std::string& bad, std::string_view words,
                          Drop drop = Drop::kSpanMalformed) {
    const Decoded decoded = Lines(Line("") + "\n\n" + bad + "\n" + Line(""), 10);
    EXPECT_EQ(decoded.batch->spans.size(), 2u) << bad;
    EXPECT_EQ(decoded.drops[drop], 1u) << bad;
    EXPECT_THAT(decoded.drops.first_refusal, HasSubstr("line 12: " + std::string(words)));
  };
  refused("x", "broken JSON at byte 0: a value was expected");
  refused("{} {}", "broken JSON at byte 3: something follows the value");
  refused("[]", "the line is an array, an object was expected");
  refused("{\"span_id\":\"s\",\"trace_id\":\"t\"}", "start is missing");
  refused(R"({"span_id":"s","start":1})", "trace_id is missing", Drop::kSpanIdInvalid);
  refused(R"({"trace_id":"t","start":1})", "span_id is missing", Drop::kSpanIdInvalid);
  refused(Line(R"("status":"broken")"), "status is none of ok, error, unset, running");
  refused(Line(R"("end":"yesterday")"), "end is neither RFC 3339 nor a Unix time");
  refused(Line(R"("duration_ms":-1)"), "duration_ms is -1");
  refused(Line(R"("attrs":[])"), "attrs is an array, an object was expected");
  refused(Line(R"("error":{"message":1})"), "error.message is a number, a string was expected");
}

TEST(JsonLines, Ids) {
  const RawSpan hex = Only(Lines(
      R"({"span_id":"EEE19B7EC3C1B174","trace_id":"5b8efff798038103d269b633813fc60c","start":1})"));
  EXPECT_EQ(hex.span_id.bytes[0], 0xee);
  EXPECT_EQ(hex.trace_id.bytes[15], 0x0c);
  const RawSpan words =
      Only(Lines(R"({"span_id":7,"parent_id":"6","trace_id":"run-1","start":1})"));
  EXPECT_EQ(words.trace_id.bytes, Sha128("run-1"));
  EXPECT_EQ(std::memcmp(words.span_id.bytes.data(), Sha128("7").data(), 8), 0);
  EXPECT_EQ(std::memcmp(words.parent_span_id.bytes.data(), Sha128("6").data(), 8), 0);
}

TEST(JsonLines, Times) {
  const auto span = [](std::string_view fields) {
    return Only(Lines(fmt::format(R"({{"span_id":"s","trace_id":"t",{}}})", fields)));
  };
  constexpr int64_t kStart = 1'700'000'000'000'000'000;
  EXPECT_EQ(span(R"("start":1700000000)").start_ns, kStart);
  EXPECT_EQ(span(R"("start":"1700000000")").start_ns, kStart);
  EXPECT_EQ(span(R"("start":1700000000000)").start_ns, kStart);
  EXPECT_EQ(span(R"("start":1700000000000000)").start_ns, kStart);
  EXPECT_EQ(span(R"("start":1700000000000000001)").start_ns, kStart + 1);
  EXPECT_EQ(span(R"("start":1700000000.123456)").start_ns, kStart + 123'456'000);
  EXPECT_EQ(span(R"("start":"2023-11-14T22:13:20Z")").start_ns, kStart);
  EXPECT_EQ(span(R"("start":1700000000,"duration_ms":1.5)").end_ns, kStart + 1'500'000);
  EXPECT_EQ(span(R"("start":1700000000,"end":1700000001)").end_ns, kStart + 1'000'000'000);
  EXPECT_EQ(span(R"("start":1700000000,"end":1700000001,"duration_ms":0)").end_ns, kStart);
  EXPECT_EQ(span(R"("start":1700000000)").end_ns, kStart);
  EXPECT_EQ(span(R"("start":1700000000,"end":1600000000)").end_ns, kStart) << "clamped";
}

TEST(JsonLines, StatusAndError) {
  std::deque<Decoded> owners;  // Of what the spans refer to.
  const auto span = [&](std::string_view fields) {
    return Only(owners.emplace_back(Lines(Line(fields))));
  };
  EXPECT_EQ(span(R"("status":"ok")").status_code, 1);
  EXPECT_EQ(span(R"("status":"error")").status_code, 2);
  EXPECT_EQ(span(R"("status":"unset")").status_code, 0);
  EXPECT_TRUE(span(R"("status":"running","duration_ms":5)").running);
  EXPECT_EQ(span(R"("status":"running","duration_ms":5)").end_ns, 1'700'000'000'000'000'000);
  EXPECT_EQ(span(R"("error":null)").status_code, 0);
  EXPECT_EQ(span(R"("error":false)").status_code, 0);
  EXPECT_EQ(span(R"("error":true)").status_code, 2);
  EXPECT_EQ(span(R"("error":"boom","status":"ok")").status_code, 2);
  EXPECT_EQ(span(R"("error":"boom")").status_message, "boom");
  const Decoded typed = Lines(Line(R"("error":{"type":"timeout","message":"late"})"));
  EXPECT_EQ(Only(typed).status_message, "late");
  EXPECT_EQ(Only(typed).attributes[0].key, "error.type");
  EXPECT_EQ(Only(typed).attributes[0].value.text, "timeout");
}

TEST(JsonLines, Attributes) {
  const Decoded decoded = Lines(Line(
      R"("kind":"llm","name":"n","model":"m","attrs":{"s":"x","i":5,"d":5.0,"b":true,"e":null,)"
      R"("o":{"k":[1,2.5,"\u00e4",{"k":null}],"k":2},"big":123456789012345678901})"));
  const RawSpan span = Only(decoded);
  EXPECT_EQ(span.kind_word, "llm");
  std::string dump;
  for (const Attr& attr : span.attributes) {
    dump += std::string(attr.key) + "=" + Dump(attr.value) + ";";
  }
  EXPECT_EQ(dump,
            "model=string \"m\";s=string \"x\";i=int 5;d=double 5;b=bool true;e=empty;"
            "o=json {\"k\":2};big=string \"123456789012345678901\";");
  EXPECT_EQ(decoded.drops[Drop::kAttrDuplicateKey], 1u);
}

TEST(JsonLines, CutAtEveryByteRefusesOneLine) {
  const std::string first = Line("") + "\n";
  const std::string second = Line(R"("attrs":{"k":[1,"x"]})");
  for (size_t cut = 1; cut < second.size(); ++cut) {
    const Decoded decoded = Lines(first + second.substr(0, cut));
    EXPECT_EQ(decoded.batch->spans.size(), 1u) << cut;
    EXPECT_EQ(decoded.drops[Drop::kSpanMalformed], 1u) << cut;
  }
}

TEST(ParseRfc3339, Accepts) {
  const auto at = [](std::string_view text) { return ParseRfc3339(text).value_or(-1); };
  EXPECT_EQ(at("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(at("1970-01-01t00:00:01z"), 1'000'000'000);
  EXPECT_EQ(at("1970-01-01 00:00:00.5"), 500'000'000);
  EXPECT_EQ(at("1970-01-01T00:00:00.1234567899Z"), 123'456'789);
  EXPECT_EQ(at("1970-01-01T02:00:00+02:00"), 0);
  EXPECT_EQ(at("1969-12-31T18:30:00-0530"), 0);
  EXPECT_EQ(at("2016-12-31T23:59:60Z"), at("2017-01-01T00:00:00Z"));
  EXPECT_EQ(at("2024-02-29T00:00:00Z"), 1'709'164'800'000'000'000);
}

TEST(ParseRfc3339, Rejects) {
  for (const std::string_view bad :
       {"", "2024", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z", "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00+25:00", "2024-01-01T00:00:00ZZ", "2024-01-01T00:00",
        "-024-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2024-1-01T00:00:00Z",
        "2024-01-01T00:00:00+"}) {
    EXPECT_EQ(ParseRfc3339(bad), std::nullopt) << bad;
  }
}

TEST(JsonLines, EventsAndLinks) {
  const Decoded decoded = Lines(Line(
      R"("events":[{"name":"exception","time":"2023-11-14T22:13:20.5Z","attributes":{"a":1},"b":2},)"
      R"({"name":"later","time":1700000001,"x":null}],)"
      R"("links":[{"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174",)"
      R"("attrs":{"why":"retry"}},{"trace_id":"t","span_id":"s"}])"));
  const RawSpan span = Only(decoded);
  ASSERT_EQ(span.events.size(), 2u);
  EXPECT_EQ(span.events[0].name, "exception");
  EXPECT_EQ(span.events[0].time_ns, 1'700'000'000'500'000'000);
  ASSERT_EQ(span.events[0].attributes.size(), 2u);
  EXPECT_EQ(span.events[0].attributes[1].key, "b");
  EXPECT_EQ(span.events[1].time_ns, 1'700'000'001'000'000'000);
  EXPECT_EQ(span.events[1].attributes.size(), 0u);
  ASSERT_EQ(span.links.size(), 2u);
  EXPECT_EQ(span.links[0].span_id.bytes[0], 0xee);
  EXPECT_EQ(span.links[0].attributes[0].value.text, "retry");
  EXPECT_EQ(span.links[1].trace_id, span.trace_id) << "texts are hashed alike everywhere";
  EXPECT_EQ(span.attributes.size(), 0u);
}

TEST(JsonLines, AProgramsOwnEventsAreAttributes) {
  for (const char* own : {R"("events":3)", R"("events":["a"])", R"("events":[{"event":"x"}])",
                          R"("links":"none")", R"("links":[{"href":"x"}])", R"("scope":"all")"}) {
    EXPECT_EQ(Only(Lines(Line(own))).attributes.size(), 1u) << own;
  }
  const Decoded decoded = Lines(Line(R"("events":[{"name":"a","time":"soon"}])"));
  EXPECT_EQ(decoded.batch->spans.size(), 0u);
  EXPECT_THAT(decoded.drops.first_refusal, HasSubstr("events[0].time is neither RFC 3339"));
}

TEST(JsonLines, Scopes) {
  const std::string sdk = Line(R"("scope":{"name":"pitot-sdk","version":"1"})");
  const Decoded decoded = Lines(sdk + "\n" + sdk + "\n" + Line("") + "\n" + sdk);
  ASSERT_EQ(decoded.batch->spans.size(), 4u);
  std::vector<std::string_view> names;
  for (const RawSpan& span : decoded.batch->spans) {
    names.push_back(decoded.batch->scopes[span.scope].name);
  }
  EXPECT_EQ(names, (std::vector<std::string_view>{"pitot-sdk", "pitot-sdk", "", "pitot-sdk"}));
  EXPECT_EQ(decoded.batch->scopes.size(), 3u);
  EXPECT_EQ(decoded.batch->scopes[0].version, "1");
}

}  // namespace
}  // namespace pitot
