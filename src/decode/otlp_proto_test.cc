#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <protozero/pbf_writer.hpp>
#include <random>

#include "base/status.h"
#include "decode/decode_test_util.h"

namespace pitot {
namespace {

using protozero::pbf_writer;
using ::testing::HasSubstr;

using Fill = std::function<void(pbf_writer&)>;

std::string Proto(const Fill& fill) {
  std::string out;
  pbf_writer writer(out);
  fill(writer);
  return out;
}

const std::string kTraceId = "0123456789abcdef";
const std::string kSpanId = "01234567";

std::string KeyValue(const std::string& key, const Fill& value) {
  return Proto([&](pbf_writer& w) {
    w.add_string(1, key);
    w.add_message(2, Proto(value));
  });
}

std::string Text(const std::string& key, const std::string& value) {
  return KeyValue(key, [&](pbf_writer& w) { w.add_string(1, value); });
}

// The ids, a name and times; `more` may overwrite, as the last field wins.
std::string Span(const Fill& more = [](pbf_writer&) {}) {
  return Proto([&](pbf_writer& w) {
    w.add_bytes(1, kTraceId);
    w.add_bytes(2, kSpanId);
    w.add_string(5, "step");
    w.add_fixed64(7, 1'000);
    w.add_fixed64(8, 3'000);
    more(w);
  });
}

std::string Request(const std::vector<std::string>& records) {
  const std::string scope = Proto([&](pbf_writer& w) {
    for (const std::string& record : records) w.add_message(2, record);
  });
  const std::string resource = Proto([&](pbf_writer& w) { w.add_message(2, scope); });
  return Proto([&](pbf_writer& w) { w.add_message(1, resource); });
}

struct Decoded {
  absl::StatusOr<RawBatch> batch;
  DropCounts drops;
};

Decoded Traces(const std::string& body, const Limits& limits = {}) {
  DropCounts drops;
  absl::StatusOr<RawBatch> batch = DecodeOtlpTracesProto(body, limits, drops);
  if (batch.ok()) {
    EXPECT_EQ(FindBreach(*batch, limits), "");
  }
  return {std::move(batch), drops};
}

// The only span of a request that holds `span`.
RawSpan Only(const Decoded& decoded) {
  EXPECT_TRUE(decoded.batch.ok()) << decoded.batch.status();
  if (!decoded.batch.ok() || decoded.batch->spans.size() != 1) {
    ADD_FAILURE() << "one span was expected; " << Dump(decoded.drops);
    return {};
  }
  return decoded.batch->spans[0];
}

TEST(OtlpTracesProto, EmptyBodyIsAnEmptyBatch) {
  EXPECT_TRUE(Traces("").batch.ok());
  EXPECT_TRUE(Traces(Request({})).batch.ok());
  const Decoded decoded = Traces(Request({}));
  EXPECT_TRUE(decoded.batch->resources.empty()) << "nobody refers to it";
}

TEST(OtlpTracesProto, RefusesASpanByItsIds) {
  const auto refused = [](std::string_view why, const Fill& fill, std::string_view words) {
    const Decoded decoded = Traces(Request({Span(), Span(fill)}));
    EXPECT_EQ(decoded.batch->spans.size(), 1u) << why;
    EXPECT_EQ(decoded.drops[Drop::kSpanIdInvalid], 1u) << why;
    EXPECT_EQ(decoded.drops.first_refusal, words) << why;
  };
  refused(
      "short trace id", [](pbf_writer& w) { w.add_bytes(1, "abc"); },
      "span 1 \"step\": trace_id has 3 bytes, 16 are needed");
  refused(
      "no span id", [](pbf_writer& w) { w.add_bytes(2, ""); },
      "span 1 \"step\": span_id has 0 bytes, 8 are needed");
  refused(
      "zero trace id", [](pbf_writer& w) { w.add_bytes(1, std::string(16, '\0')); },
      "span 1 \"step\": trace_id is all zero");
}

TEST(OtlpTracesProto, ParentIds) {
  const auto parent = [](const std::string& raw) {
    return Traces(Request({Span([&](pbf_writer& w) { w.add_bytes(4, raw); })}));
  };
  EXPECT_EQ(Only(parent("abcdefgh")).parent_span_id, SpanId::FromBytes("abcdefgh"));
  EXPECT_TRUE(Only(parent("")).parent_span_id.empty());
  EXPECT_TRUE(Only(parent(std::string(8, '\0'))).parent_span_id.empty());
  EXPECT_EQ(parent(std::string(8, '\0')).drops[Drop::kParentIdInvalid], 0u);
  EXPECT_TRUE(Only(parent("abc")).parent_span_id.empty());
  EXPECT_EQ(parent("abc").drops[Drop::kParentIdInvalid], 1u);
}

TEST(OtlpTracesProto, Times) {
  const auto times = [](uint64_t start, uint64_t end) {
    return Traces(Request({Span(), Span([&](pbf_writer& w) {
                             w.add_fixed64(7, start);
                             w.add_fixed64(8, end);
                           })}));
  };
  const Decoded early = times(5'000, 4'000);
  EXPECT_EQ(early.batch->spans[1].end_ns, 5'000);
  EXPECT_EQ(early.drops[Drop::kEndBeforeStart], 1u);
  EXPECT_EQ(times(0, 4'000).batch->spans[1].start_ns, 0);
  const Decoded late = times(UINT64_MAX, UINT64_MAX);
  EXPECT_EQ(late.batch->spans.size(), 1u);
  EXPECT_EQ(late.drops[Drop::kSpanMalformed], 1u);
  EXPECT_THAT(late.drops.first_refusal, HasSubstr("start_time_unix_nano"));
  EXPECT_THAT(times(1, UINT64_MAX).drops.first_refusal, HasSubstr("end_time_unix_nano"));
}

TEST(OtlpTracesProto, EventTimeBeyondInt64NamesTheEvent) {
  const std::string event = Proto([](pbf_writer& w) { w.add_fixed64(1, UINT64_MAX); });
  const Decoded decoded = Traces(Request({Span([&](pbf_writer& w) { w.add_message(11, event); })}));
  EXPECT_EQ(decoded.drops[Drop::kSpanMalformed], 1u);
  EXPECT_THAT(decoded.drops.first_refusal, HasSubstr("events[0].time_unix_nano"));
}

// A value of every kind, alone and inside an array.
struct ValueCase {
  std::string_view name;
  Fill fill;
  std::string_view alone;
  std::string_view nested;
};

const std::vector<ValueCase>& ValueCases() {
  static const std::vector<ValueCase> cases = {
      {"empty", [](pbf_writer&) {}, "empty", "null"},
      {"string", [](pbf_writer& w) { w.add_string(1, "a\"\n"); }, "string \"a\\\"\\x0a\"",
       "\"a\\\"\\n\""},
      {"control", [](pbf_writer& w) { w.add_string(1, "\x01\x7f"); }, "string \"\\x01\x7f\"",
       "\"\\u0001\x7f\""},
      {"bad utf-8", [](pbf_writer& w) { w.add_string(1, "a\xff"); }, "string \"a\uFFFD\"",
       "\"a\uFFFD\""},
      {"bool", [](pbf_writer& w) { w.add_bool(2, true); }, "bool true", "true"},
      {"int", [](pbf_writer& w) { w.add_int64(3, INT64_MIN); }, "int -9223372036854775808",
       "-9223372036854775808"},
      {"double", [](pbf_writer& w) { w.add_double(4, 1.0); }, "double 1", "1.0"},
      {"nan", [](pbf_writer& w) { w.add_double(4, NAN); }, "double nan", "\"NaN\""},
      {"-inf", [](pbf_writer& w) { w.add_double(4, -INFINITY); }, "double -inf", "\"-Infinity\""},
      {"bytes", [](pbf_writer& w) { w.add_bytes(7, "\xff\x01"); }, "bytes ff01", "\"/wE=\""},
      {"array", [](pbf_writer& w) { w.add_message(5, std::string()); }, "json []", "[]"},
      {"map",
       [](pbf_writer& w) {
         w.add_message(6, Proto([](pbf_writer& m) {
                         m.add_message(1, Text("k", "v"));
                         m.add_message(1, KeyValue("n", [](pbf_writer&) {}));
                       }));
       },
       "json {\"k\":\"v\",\"n\":null}", "{\"k\":\"v\",\"n\":null}"},
      {"last of several",
       [](pbf_writer& w) {
         w.add_string(1, "x");
         w.add_int64(3, 7);
       },
       "int 7", "7"},
      {"wrong wire type is unknown", [](pbf_writer& w) { w.add_fixed32(1, 7); }, "empty", "null"},
      {"profile string index is ignored", [](pbf_writer& w) { w.add_int32(8, 7); }, "empty",
       "null"},
  };
  return cases;
}

TEST(OtlpTracesProto, Values) {
  for (const ValueCase& c : ValueCases()) {
    const std::string array = Proto([&](pbf_writer& w) { w.add_message(1, Proto(c.fill)); });
    const Decoded decoded = Traces(Request({Span([&](pbf_writer& w) {
      w.add_message(9, KeyValue("alone", c.fill));
      w.add_message(9, KeyValue("nested", [&](pbf_writer& v) { v.add_message(5, array); }));
    })}));
    const RawSpan span = Only(decoded);
    ASSERT_EQ(span.attributes.size(), 2u) << c.name;
    EXPECT_EQ(Dump(span.attributes[0].value), c.alone) << c.name;
    EXPECT_EQ(Dump(span.attributes[1].value), "json [" + std::string(c.nested) + "]") << c.name;
  }
}

TEST(OtlpTracesProto, DeepValuesBecomeNull) {
  const auto nested = [](int depth) {
    std::string value = Proto([](pbf_writer& w) { w.add_int64(3, 1); });
    for (int i = 0; i < depth; ++i) {
      const std::string array = Proto([&](pbf_writer& w) { w.add_message(1, value); });
      value = Proto([&](pbf_writer& w) { w.add_message(5, array); });
    }
    const std::string attr = Proto([&](pbf_writer& w) {
      w.add_string(1, "deep");
      w.add_message(2, value);
    });
    return Traces(Request({Span([&](pbf_writer& w) { w.add_message(9, attr); })}), {.depth = 4});
  };
  EXPECT_EQ(Only(nested(4)).attributes[0].value.text, "[[[[1]]]]");
  EXPECT_EQ(nested(4).drops[Drop::kAttrDepth], 0u);
  EXPECT_EQ(Only(nested(5)).attributes[0].value.text, "[[[[null]]]]");
  EXPECT_EQ(nested(5).drops[Drop::kAttrDepth], 1u);
  EXPECT_EQ(Only(nested(5'000)).attributes[0].value.text, "[[[[null]]]]");
}

TEST(OtlpTracesProto, LastOfEqualKeysWins) {
  for (const int others : {0, 40, 500}) {  // Searched in line, and by hash.
    const Decoded decoded = Traces(Request({Span([&](pbf_writer& w) {
      w.add_message(9, Text("k", "first"));
      for (int i = 0; i < others; ++i) w.add_message(9, Text("key" + std::to_string(i), "x"));
      w.add_message(9, Text("k", "last"));
    })}));
    const RawSpan span = Only(decoded);
    ASSERT_EQ(span.attributes.size(), others + 1u);
    EXPECT_EQ(span.attributes[0].value.text, "last");
    EXPECT_EQ(decoded.drops[Drop::kAttrDuplicateKey], 1u);
  }
}

TEST(OtlpTracesProto, LastOfEqualKeysWinsInsideMaps) {
  for (const int others : {0, 40}) {
    const std::string map = Proto([&](pbf_writer& w) {
      w.add_message(1, Text("k", "first"));
      for (int i = 0; i < others; ++i) w.add_message(1, Text("key" + std::to_string(i), "x"));
      w.add_message(1, Text("k", "last"));
    });
    const Decoded decoded = Traces(Request({Span([&](pbf_writer& w) {
      w.add_message(9, KeyValue("m", [&](pbf_writer& v) { v.add_message(6, map); }));
    })}));
    const std::string_view text = Only(decoded).attributes[0].value.text;
    EXPECT_EQ(text.find("first"), std::string_view::npos) << text;
    EXPECT_NE(text.find("\"k\":\"last\"}"), std::string_view::npos) << text;
    EXPECT_EQ(decoded.drops[Drop::kAttrDuplicateKey], 1u);
  }
}

TEST(OtlpTracesProto, LimitsOfNumber) {
  const Limits limits{.attributes = 16, .events = 16};
  const std::string event = Proto([](pbf_writer& w) { w.add_string(2, "e"); });
  const Decoded decoded = Traces(Request({Span([&](pbf_writer& w) {
                                   for (int i = 0; i < 20; ++i) {
                                     w.add_message(9, Text("k" + std::to_string(i), "x"));
                                     w.add_message(11, event);
                                   }
                                   w.add_message(9, Text("k3", "again"));
                                 })}),
                                 limits);
  const RawSpan span = Only(decoded);
  EXPECT_EQ(span.attributes.size(), 16u);
  EXPECT_EQ(span.attributes[3].value.text, "again") << "a known key is not beyond the limit";
  EXPECT_EQ(span.events.size(), 16u);
  EXPECT_EQ(decoded.drops[Drop::kAttrLimit], 4u);
  EXPECT_EQ(decoded.drops[Drop::kEventLimit], 4u);
}

TEST(OtlpTracesProto, LongValuesAreCutAndMarked) {
  const Limits limits{.payload_bytes = 1024};
  std::string umlauts = "a";
  while (umlauts.size() < 3001) umlauts += "\u00e4";  // The limit falls inside a character.
  const std::string array = Proto([&](pbf_writer& w) {
    w.add_message(1, Proto([&](pbf_writer& v) { v.add_string(1, umlauts); }));
  });
  const Decoded decoded =
      Traces(Request({Span([&](pbf_writer& w) {
               w.add_message(9, Text("text", umlauts));
               w.add_message(9, KeyValue("array", [&](pbf_writer& v) { v.add_message(5, array); }));
               w.add_message(9, KeyValue("bytes", [&](pbf_writer& v) { v.add_bytes(7, umlauts); }));
             })}),
             limits);
  const RawSpan span = Only(decoded);
  EXPECT_EQ(span.attributes[0].value.text,
            umlauts.substr(0, 1023) + "\u2026[cut by pitot: 3001 bytes, kept 1023]");
  EXPECT_EQ(span.attributes[1].value.type, AttrType::kString) << "cut JSON is not JSON";
  EXPECT_THAT(std::string(span.attributes[1].value.text), HasSubstr("cut by pitot: 3005 bytes"));
  EXPECT_EQ(span.attributes[2].value.text, umlauts.substr(0, 1024));
  EXPECT_EQ(decoded.drops[Drop::kPayloadTruncated], 3u);
}

TEST(OtlpTracesProto, BadUtf8IsMendedEverywhere) {
  const Decoded decoded = Traces(Request({Span([](pbf_writer& w) {
    w.add_string(5, "n\xc3");
    w.add_message(9, Text("k\xf0\x9f", "v"));
    w.add_message(15, Proto([](pbf_writer& s) { s.add_string(2, "\xed\xa0\x80"); }));
  })}));
  const RawSpan span = Only(decoded);
  EXPECT_EQ(span.name, "n\uFFFD");
  EXPECT_EQ(span.attributes[0].key, "k\uFFFD");
  EXPECT_EQ(span.status_message, "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(decoded.drops[Drop::kTextMended], 3u);
}

TEST(OtlpTracesProto, LogsOnTheTracesPathAreNamed) {
  const std::string log = Proto([](pbf_writer& w) {
    w.add_fixed64(1, 1'000);
    w.add_int32(2, 9);
    w.add_message(5, Proto([](pbf_writer& v) { v.add_string(1, "hello"); }));
    w.add_bytes(9, kTraceId);
    w.add_bytes(10, kSpanId);
  });
  const Decoded decoded = Traces(Request({log, log}));
  EXPECT_EQ(decoded.batch.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(decoded.batch.status())), HasSubstr("log export"));
  EXPECT_EQ(Dump(decoded.drops), "") << "a refused request counts nothing";
}

TEST(OtlpLogsProto, SpansOnTheLogsPathAreNamed) {
  DropCounts drops;
  const auto batch = DecodeOtlpLogsProto(Request({Span(), Span()}), Limits{}, drops);
  EXPECT_EQ(batch.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(batch.status())), HasSubstr("/v1/traces"));
}

TEST(OtlpTracesProto, BrokenBytesInsideASpanCostThatSpan) {
  std::string broken = Span();
  broken += "\x4a\x7f";  // Attribute of 127 bytes that are not there.
  const Decoded decoded = Traces(Request({Span(), broken, Span()}));
  EXPECT_EQ(decoded.batch->spans.size(), 2u);
  EXPECT_EQ(decoded.drops[Drop::kSpanMalformed], 1u);
  EXPECT_THAT(decoded.drops.first_refusal,
              HasSubstr("resource_spans[0].scope_spans[0].spans[1], after byte"));
}

TEST(OtlpTracesProto, BrokenNestingCostsTheRequest) {
  std::string body = Request({Span()});
  body.back() = '\x7f';  // Inside the last span: only a value.
  EXPECT_TRUE(Traces(body).batch.ok());
  body.pop_back();
  const Decoded decoded = Traces(body);
  EXPECT_EQ(decoded.batch.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(decoded.batch.status())), HasSubstr("byte 0 of the body"));
}

TEST(OtlpTracesProto, ManyBrokenSpansAreNoOtlp) {
  const std::vector<std::string> records(1'500, "\x4a\x7f");
  EXPECT_EQ(Traces(Request(records)).batch.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(OtlpTracesProto, ADisproportionateBodyIsRefused) {
  const std::string span = Span([](pbf_writer& w) {
    for (int i = 0; i < 16'000; ++i) w.add_message(11, std::string());
  });
  const Decoded decoded = Traces(Request(std::vector<std::string>(100, span)));
  EXPECT_EQ(decoded.batch.status().code(), absl::StatusCode::kOutOfRange);
}

TEST(OtlpTracesProto, ScopeAndResourceMayFollowTheirSpans) {
  const std::string scope = Proto([&](pbf_writer& w) {
    w.add_message(2, Span());
    w.add_message(1, Proto([](pbf_writer& s) {
                    s.add_string(1, "late");
                    s.add_string(2, "1.0");
                    s.add_message(3, Text("a", "b"));
                  }));
  });
  const std::string resource = Proto([&](pbf_writer& w) {
    w.add_message(2, scope);
    w.add_message(1, Proto([](pbf_writer& r) { r.add_message(1, Text("service.name", "s")); }));
  });
  const Decoded decoded = Traces(Proto([&](pbf_writer& w) { w.add_message(1, resource); }));
  const RawSpan span = Only(decoded);
  EXPECT_EQ(decoded.batch->scopes[span.scope].name, "late");
  EXPECT_EQ(decoded.batch->scopes[span.scope].attributes.size(), 1u);
  EXPECT_EQ(decoded.batch->resources[span.resource].attributes[0].value.text, "s");
}

TEST(OtlpTracesProto, UnknownEnumsAreKeptInAByte) {
  const Decoded decoded = Traces(Request({Span([](pbf_writer& w) {
    w.add_int32(6, 9);
    w.add_message(15, Proto([](pbf_writer& s) { s.add_int32(3, 100'000); }));
  })}));
  EXPECT_EQ(Only(decoded).otel_kind, 9);
  EXPECT_EQ(Only(decoded).status_code, 255);
}

TEST(OtlpTracesProto, ABatchSurvivesMoves) {
  Decoded decoded = Traces(Request({Span()}));
  const std::string before = Dump(*decoded.batch);
  RawBatch batch = std::move(*decoded.batch);
  std::vector<RawBatch> elsewhere;
  elsewhere.push_back(std::move(batch));
  EXPECT_EQ(Dump(elsewhere[0]), before);
}

// A request with every field that spans have.
std::string FullRequest() {
  const std::string event = Proto([](pbf_writer& w) {
    w.add_fixed64(1, 1'500);
    w.add_string(2, "exception");
    w.add_message(3, Text("exception.message", "boom"));
  });
  const std::string link = Proto([](pbf_writer& w) {
    w.add_bytes(1, kTraceId);
    w.add_bytes(2, kSpanId);
    w.add_message(4, Text("why", "retry"));
  });
  const std::string list = Proto([](pbf_writer& w) {
    w.add_message(1, Proto([](pbf_writer& v) { v.add_string(1, "stop"); }));
  });
  return Request({Span([&](pbf_writer& w) {
                    w.add_message(9, Text("gen_ai.request.model", "m"));
                    w.add_message(9,
                                  KeyValue("list", [&](pbf_writer& v) { v.add_message(5, list); }));
                    w.add_message(11, event);
                    w.add_message(13, link);
                    w.add_message(15, Proto([](pbf_writer& s) { s.add_string(2, "bad"); }));
                    w.add_fixed32(16, 0x301);
                  }),
                  Span()});
}

TEST(OtlpProto, CutAtEveryByteGivesAStatus) {
  const std::string body = FullRequest();
  for (size_t cut = 0; cut <= body.size(); ++cut) {
    const Decoded decoded = Traces(body.substr(0, cut));
    EXPECT_EQ(decoded.batch.ok(), cut == 0 || cut == body.size()) << "cut at " << cut;
    DropCounts drops;
    EXPECT_EQ(DecodeOtlpLogsProto(body.substr(0, cut), Limits{}, drops).ok(), cut == 0);
    EXPECT_EQ(DecodeOtlpMetricsProto(body.substr(0, cut), Limits{}, drops).ok(),
              cut == 0 || cut == body.size());
  }
}

TEST(OtlpProto, RandomDamageNeverBreaksAPromise) {
  const std::string body = FullRequest();
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = body;
    for (uint32_t i = 0; i <= random() % 4; ++i) {
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
