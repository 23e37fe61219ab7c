// The same content in both encodings decodes to the same batch.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>
#include <random>

#include "decode/decode_test_util.h"

namespace pitot {
namespace {

// An AnyValue as the value field of protobuf and as JSON.
struct Both {
  std::string proto;
  std::string json;
};

class Maker {
 public:
  explicit Maker(uint32_t seed) : random_(seed) {}

  Both Value(int depth) {
    Both out;
    protozero::pbf_writer w(out.proto);
    switch (random_() % (depth > 0 ? 8 : 6)) {
      case 0:
        out.json = "{}";
        break;
      case 1: {
        constexpr std::string_view kTexts[][2] = {{"", ""},
                                                  {"a\"b", R"(a\"b)"},
                                                  {"\n\x01", R"(\n\u0001)"},
                                                  {"\u00e4\U0001F600", R"(ä\ud83d\ude00)"}};
        const auto& text = kTexts[random_() % 4];
        w.add_string(1, text[0].data(), text[0].size());
        out.json = fmt::format(R"({{"stringValue":"{}"}})", text[1]);
        break;
      }
      case 2:
        w.add_bool(2, random_() % 2 == 0);
        out.json = fmt::format(R"({{"boolValue":{}}})", out.proto.back() == '\x01');
        break;
      case 3: {
        const int64_t number = static_cast<int64_t>(random_()) >> random_() % 64;
        w.add_int64(3, number);
        const std::string_view quote = random_() % 2 == 0 ? "\"" : "";
        out.json = fmt::format(R"({{"intValue":{0}{1}{0}}})", quote, number);
        break;
      }
      case 4: {
        const double number = static_cast<double>(static_cast<int64_t>(random_())) / 1024;
        w.add_double(4, number);
        out.json = fmt::format(R"({{"doubleValue":{}}})", number);
        break;
      }
      case 5:
        w.add_bytes(7, "\xff\x01");
        out.json = R"({"bytesValue":"/wE="})";
        break;
      case 6: {
        const Both items = List([&] { return Value(depth - 1); });
        w.add_message(5, items.proto);
        out.json = fmt::format(R"({{"arrayValue":{{"values":[{}]}}}})", items.json);
        break;
      }
      default: {
        const Both items = List([&] { return KeyValue(depth - 1); });
        w.add_message(6, items.proto);
        out.json = fmt::format(R"({{"kvlistValue":{{"values":[{}]}}}})", items.json);
      }
    }
    return out;
  }

  Both KeyValue(int depth) {
    const std::string key = fmt::format("key{}", random_() % 6);  // Repeats now and then.
    const Both value = Value(depth);
    Both out;
    protozero::pbf_writer w(out.proto);
    w.add_string(1, key);
    w.add_message(2, value.proto);
    out.json = fmt::format(R"({{"key":"{}","value":{}}})", key, value.json);
    return out;
  }

  Both Request() {
    Both span{.proto = {},
              .json = R"({"traceId":"30313233343536373839616263646566",)"
                      R"("spanId":"3031323334353637","attributes":[)"};
    protozero::pbf_writer w(span.proto);
    w.add_bytes(1, "0123456789abcdef");
    w.add_bytes(2, "01234567");
    for (int i = 0; i < 8; ++i) {
      const Both attr = KeyValue(5);
      w.add_message(9, attr.proto);
      span.json += (i > 0 ? "," : "") + attr.json;
    }
    return {.proto = Wrap(1, Wrap(2, Wrap(2, span.proto))),
            .json = R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + span.json + "]}]}]}]}"};
  }

 private:
  static std::string Wrap(uint32_t field, const std::string& message) {
    std::string out;
    protozero::pbf_writer(out).add_message(field, message);
    return out;
  }

  template <typename Make>
  Both List(Make make) {
    Both out;
    for (uint64_t i = random_() % 4; i > 0; --i) {
      const Both item = make();
      out.proto += Wrap(1, item.proto);
      out.json += (out.json.empty() ? "" : ",") + item.json;
    }
    return out;
  }

  std::mt19937_64 random_;
};

TEST(OtlpFormats, SameContentSameBatch) {
  const Limits limits{.depth = 4};
  for (uint32_t seed = 0; seed < 3'000; ++seed) {
    const Both request = Maker(seed).Request();
    DropCounts proto_drops;
    DropCounts json_drops;
    const auto proto = DecodeOtlpTracesProto(request.proto, limits, proto_drops);
    const auto json = DecodeOtlpTracesJson(request.json, limits, json_drops);
    ASSERT_TRUE(proto.ok() && json.ok()) << proto.status() << json.status() << request.json;
    ASSERT_EQ(proto->spans.size(), 1u) << Dump(proto_drops);
    ASSERT_EQ(Dump(*proto), Dump(*json)) << request.json;
    ASSERT_EQ(Dump(proto_drops), Dump(json_drops)) << request.json;
    ASSERT_EQ(FindBreach(*proto, limits), "") << request.json;
  }
}

}  // namespace
}  // namespace pitot
