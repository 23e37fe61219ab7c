#include "server/prices_file.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace pitot {
namespace {

TEST(PricesFile, EntriesAreRead) {
  const auto prices = ParsePrices(R"(
prices:
  - model: "house-model*"
    per_million_usd: {input: 0.15, output: 0.60}
    tiers:
      - {above_input_tokens: 200000, input: 0.30, output: 1.20}
  - model: free-model
    provider: local
    per_million_usd: {input: 0, output: 0}
)",
                                  "prices.yaml");
  ASSERT_TRUE(prices.ok()) << prices.status();
  ASSERT_EQ(prices->size(), 2u);
  EXPECT_EQ((*prices)[0].model, "house-model*");
  EXPECT_EQ((*prices)[0].bands.size(), 2u);
  EXPECT_EQ((*prices)[1].provider, "local");
}

TEST(PricesFile, RefusalsNameFileLineAndKey) {
  const auto refused = [](std::string_view yaml, std::initializer_list<std::string_view> words) {
    const auto prices = ParsePrices(yaml, "prices.yaml");
    ASSERT_FALSE(prices.ok()) << yaml;
    for (const std::string_view word : words) {
      EXPECT_NE(Message(prices.status()).find(word), std::string_view::npos) << prices.status();
    }
  };
  refused("prices:\n  - model: x\n", {"prices.yaml:2", "input"});
  refused("prices:\n  - model: x\n    per_million_usd: {input: lots, output: 1}\n",
          {"prices.yaml:2", "lots"});
  refused("models: []", {"prices.yaml:1", "prices"});
  refused("prices: [1]", {"an entry is a map"});
}

}  // namespace
}  // namespace pitot
