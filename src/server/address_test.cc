#include "server/address.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace pitot {
namespace {

TEST(ListenAddress, Accepts) {
  const auto parsed = [](std::string_view text) {
    return ParseListenAddress("listen.http", text).value();
  };
  EXPECT_EQ(parsed("127.0.0.1:4318").port, 4318);
  EXPECT_TRUE(parsed("127.0.0.1:0").loopback);
  EXPECT_EQ(parsed("[::1]:4318").host, "::1");
  EXPECT_TRUE(parsed("[::1]:4318").loopback);
  EXPECT_TRUE(parsed("localhost:1").loopback);
  EXPECT_FALSE(parsed("0.0.0.0:4318").loopback);
}

TEST(ListenAddress, Rejects) {
  for (const std::string_view bad : {"", "4318", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                                     "127.0.0.1:70000", "::1:4318", ":4318"}) {
    const auto address = ParseListenAddress("listen.http", bad);
    ASSERT_FALSE(address.ok()) << bad;
    EXPECT_NE(Message(address.status()).find("listen.http"), std::string_view::npos) << bad;
  }
}

}  // namespace
}  // namespace pitot
