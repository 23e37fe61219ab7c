#include "ingest/gateway_calls.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

constexpr int64_t kSecond = kNanosPerSecond;
const GatewayCallKey kCall = {.project = "p",
                              .response_id = "msg_1",
                              .model = "m",
                              .input_tokens = 10,
                              .output_tokens = 5,
                              .end_ns = 1000 * kSecond};

TraceId SomeTrace() {
  TraceId id;
  id.bytes.fill(1);
  return id;
}

struct Case {
  std::string_view name;
  GatewayCallKey call;
  bool found;
};
class GatewayCallsTest : public testing::TestWithParam<Case> {};

TEST_P(GatewayCallsTest, OnlyTheSameCallIsFound) {
  GatewayCalls calls;
  calls.Note(kCall, SomeTrace(), SpanId());
  const auto seen = calls.Find(GetParam().call);
  EXPECT_EQ(seen.has_value(), GetParam().found);
  if (seen) {
    EXPECT_EQ(seen->trace_id, SomeTrace());
  }
}

GatewayCallKey With(auto change) {
  GatewayCallKey call = kCall;
  change(call);
  return call;
}
INSTANTIATE_TEST_SUITE_P(
    Calls, GatewayCallsTest,
    testing::Values(Case{"Same", kCall, true},
                    Case{"EndsNear", With([](auto& c) { c.end_ns += 10 * kSecond; }), true},
                    Case{"EndsLater", With([](auto& c) { c.end_ns += 11 * kSecond; }), false},
                    Case{"EndsEarlier", With([](auto& c) { c.end_ns -= 11 * kSecond; }), false},
                    Case{"OtherProject", With([](auto& c) { c.project = "q"; }), false},
                    Case{"OtherResponse", With([](auto& c) { c.response_id = "msg_2"; }), false},
                    Case{"OtherModel", With([](auto& c) { c.model = "n"; }), false},
                    Case{"OtherInput", With([](auto& c) { c.input_tokens = 11; }), false},
                    Case{"OtherOutput", With([](auto& c) { c.output_tokens = 6; }), false}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(GatewayCallsTest, OldOnesAreForgotten) {
  GatewayCalls calls;
  calls.Note(kCall, SomeTrace(), SpanId());
  GatewayCallKey later = kCall;
  later.response_id = "msg_2";
  later.end_ns += GatewayCalls::kKeptNanos + 1;
  calls.Note(later, SomeTrace(), SpanId());
  EXPECT_FALSE(calls.Find(kCall));
  EXPECT_TRUE(calls.Find(later));
}

}  // namespace
}  // namespace pitot
