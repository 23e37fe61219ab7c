#include "receive/otlp_reply.h"

#include <gtest/gtest.h>

#include <chrono>
#include <protozero/pbf_reader.hpp>

namespace pitot {
namespace {

TEST(OtlpReply, SignalsOfPathsAndMethods) {
  EXPECT_EQ(OtlpSignalOfPath("/v1/traces"), Signal::kTraces);
  EXPECT_EQ(OtlpSignalOfPath("/api/public/otel/v1/logs"), Signal::kLogs);
  EXPECT_EQ(OtlpSignalOfPath("/v1/metrics"), Signal::kMetrics);
  EXPECT_EQ(OtlpSignalOfPath("/v1/traces/"), std::nullopt);
  EXPECT_EQ(OtlpSignalOfPath("/api/v1/traces"), std::nullopt) << "a page of our own API";
  EXPECT_EQ(OtlpSignalOfPath("/v1development/profiles"), std::nullopt);
  EXPECT_EQ(OtlpSignalOfMethod("/opentelemetry.proto.collector.logs.v1.LogsService/Export"),
            Signal::kLogs);
  EXPECT_EQ(OtlpSignalOfMethod("/v1/traces"), std::nullopt);
}

TEST(OtlpReply, FullSuccessSaysNothing) {
  EXPECT_EQ(EncodeOtlpReply(Signal::kTraces, WireFormat::kProtobuf, {.accepted = 5}), "");
  EXPECT_EQ(EncodeOtlpReply(Signal::kTraces, WireFormat::kJson, {.accepted = 5}), "{}");
}

TEST(OtlpReply, PartialSuccess) {
  const IngestReply reply = {.accepted = 5, .rejected = 3, .message = "span 1: \"no\" id"};
  EXPECT_EQ(EncodeOtlpReply(Signal::kTraces, WireFormat::kJson, reply),
            R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"span 1: \"no\" id"}})");
  EXPECT_EQ(EncodeOtlpReply(Signal::kLogs, WireFormat::kJson, {.rejected = 1}),
            R"({"partialSuccess":{"rejectedLogRecords":"1","errorMessage":""}})");
  EXPECT_EQ(EncodeOtlpReply(Signal::kMetrics, WireFormat::kJson, {.message = "a warning"}),
            R"({"partialSuccess":{"errorMessage":"a warning"}})");
  // ExportTraceServiceResponse{1: {1: 3, 2: message}}.
  EXPECT_EQ(
      EncodeOtlpReply(Signal::kTraces, WireFormat::kProtobuf, {.rejected = 3, .message = "no"}),
      std::string("\x0a\x06\x08\x03\x12\x02no"));
}

TEST(OtlpReply, LongMessagesAreCutBetweenCharacters) {
  std::string message = "x";
  for (int i = 0; i < 100'000; ++i) message += "\xC3\xA9";
  const std::string reply =
      EncodeOtlpReply(Signal::kTraces, WireFormat::kProtobuf, {.message = message});
  EXPECT_LT(reply.size(), 70'000u);
  EXPECT_EQ(static_cast<unsigned char>(reply.back()), 0xA9);
}

TEST(OtlpReply, RpcStatus) {
  EXPECT_EQ(EncodeRpcStatus(WireFormat::kJson, 3, "bad \"x\""),
            R"({"code":3,"message":"bad \"x\""})");
  EXPECT_EQ(EncodeRpcStatus(WireFormat::kProtobuf, 3, "bad"),
            std::string("\x08\x03\x12\x03") + "bad");
}

TEST(OtlpReply, RetryInfo) {
  const std::string status =
      EncodeRpcStatus(WireFormat::kProtobuf, 14, "later", std::chrono::milliseconds(2500));
  protozero::pbf_reader reader(status);
  ASSERT_TRUE(reader.next(3));
  protozero::pbf_reader any = reader.get_message();
  ASSERT_TRUE(any.next(1));
  EXPECT_EQ(any.get_string(), "type.googleapis.com/google.rpc.RetryInfo");
  ASSERT_TRUE(any.next(2));
  protozero::pbf_reader info = any.get_message();
  ASSERT_TRUE(info.next(1));
  protozero::pbf_reader duration = info.get_message();
  ASSERT_TRUE(duration.next(1));
  EXPECT_EQ(duration.get_int64(), 2);
  ASSERT_TRUE(duration.next(2));
  EXPECT_EQ(duration.get_int32(), 500'000'000);
}

}  // namespace
}  // namespace pitot
