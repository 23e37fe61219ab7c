#include "gateway/budget/bound.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace pitot {
namespace {

PriceOverride Override(std::vector<std::pair<std::string, std::string>> fields) {
  std::string error;
  const auto made = ParseOverride(fields, &error);
  EXPECT_TRUE(made) << error;
  return made.value_or(PriceOverride());
}

TEST(CallBound, EveryTokenAtItsDearestRate) {
  PriceCache prices(PriceBook::BuiltIn({Override({{"model", "m"},
                                                  {"per_million_usd.input", "3"},
                                                  {"per_million_usd.output", "15"},
                                                  {"per_million_usd.cache_write_1h", "6"},
                                                  {"per_thousand_calls_usd.web_search", "10"}})}));
  BoundInput input;
  input.model = "m";
  input.input_tokens_max = 1000;
  input.output_tokens_max = 100;
  CallBound bound = WorstCase(prices, input);
  EXPECT_EQ(bound.worst->value, 1000 * 6'000 + 100 * 15'000) << "all of it a one-hour cache write";
  input.choices = 3;
  input.server_tool_calls = 2;
  bound = WorstCase(prices, input);
  EXPECT_EQ(bound.worst->value, 1000 * 6'000 + 300 * 15'000 + 2 * 10'000'000);
  input.output_tokens_max = std::nullopt;
  bound = WorstCase(prices, input);
  EXPECT_FALSE(bound.input_known) << "neither max_tokens nor a context window";
  EXPECT_NE(bound.why_unknown.find("max_tokens"), std::string::npos) << bound.why_unknown;
}

TEST(CallBound, BandsThatGrowCheaperCountToo) {
  PriceCache prices(PriceBook::BuiltIn({Override({{"model", "m"},
                                                  {"per_million_usd.input", "10"},
                                                  {"per_million_usd.output", "10"},
                                                  {"tiers.0.above_input_tokens", "1000"},
                                                  {"tiers.0.input", "1"},
                                                  {"tiers.0.output", "1"}})}));
  BoundInput input;
  input.model = "m";
  input.input_tokens_max = 1001;
  input.output_tokens_max = 0;
  EXPECT_EQ(WorstCase(prices, input).worst->value, 1000 * 10'000);
}

TEST(CallBound, UnknownPricesAreUnknownAndGuessedOnesDouble) {
  PriceCache prices(PriceBook::BuiltIn({}));
  BoundInput input;
  input.model = "no-such-model-anywhere";
  input.provider = "nobody";
  input.input_tokens_max = 1;
  input.output_tokens_max = 1;
  EXPECT_FALSE(WorstCase(prices, input).worst);
  EXPECT_NE(WorstCase(prices, input).why_unknown.find("no-such-model-anywhere"), std::string::npos);
  input.provider = "anthropic";
  input.model = "claude-sonnet-4-5";
  const int64_t exact = WorstCase(prices, input).worst->value;
  input.model = "claude-sonnet-4-5-newest-of-all";
  EXPECT_EQ(WorstCase(prices, input).worst->value, 2 * exact);
}

TEST(CallBound, FiguresBeyondSixtyFourBitsAreTheLargest) {
  PriceCache prices(PriceBook::BuiltIn({}));
  BoundInput input;
  input.provider = "anthropic";
  input.model = "claude-opus-4-1";
  input.input_tokens_max = std::numeric_limits<int64_t>::max();
  input.output_tokens_max = std::numeric_limits<int64_t>::max();
  input.choices = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(WorstCase(prices, input).worst->value, std::numeric_limits<int64_t>::max());
}

TEST(CallBound, TheWorseOfTwoTargets) {
  CallBound cheap;
  cheap.worst = NanoUsd{1};
  CallBound dear;
  dear.worst = NanoUsd{2};
  dear.input_known = false;
  dear.why_unknown = "files";
  const CallBound both = WorseOf(cheap, dear);
  EXPECT_EQ(both.worst->value, 2);
  EXPECT_FALSE(both.input_known);
  EXPECT_EQ(both.why_unknown, "files");
  CallBound unpriced;
  unpriced.why_unknown = "no price";
  EXPECT_FALSE(WorseOf(dear, unpriced).worst);
  EXPECT_EQ(WorseOf(dear, unpriced).why_unknown, "no price");
  EXPECT_EQ(WorseOf(unpriced, dear).why_unknown, "no price");
}

// For every model of the catalogue: no usage within the figures costs more than the bound.
TEST(CallBound, NoUsageWithinItCostsMore) {
  const auto book = PriceBook::BuiltIn({});
  PriceCache prices(book);
  std::mt19937_64 random(7);
  constexpr std::string_view kTiers[] = {"", "auto", "batch", "flex", "priority", "fast"};
  const UnixNanos now = 1'795'000'000 * kNanosPerSecond;
  for (const PriceListRow& row : book->List()) {
    for (const std::string_view tier : kTiers) {
      BoundInput input;
      input.provider = row.provider;
      input.model = row.model;
      input.tier = tier;
      input.at = now;
      input.input_tokens_max = static_cast<int64_t>(random() % 600'000);
      input.output_tokens_max = static_cast<int64_t>(random() % 60'000);
      input.server_tool_calls = static_cast<int64_t>(random() % 3);
      const CallBound bound = WorstCase(prices, input);
      if (!bound.worst) continue;
      Usage usage;
      int64_t in = static_cast<int64_t>(random() % (*input.input_tokens_max + 1));
      int64_t out = static_cast<int64_t>(random() % (*input.output_tokens_max + 1));
      for (size_t i = 0; i < kUsageBuckets; ++i) {
        int64_t& left = i < static_cast<size_t>(UsageBucket::kOutput) ? in : out;
        usage.tokens[i] = random() % 2 == 0 ? left : static_cast<int64_t>(random() % (left + 1));
        left -= usage.tokens[i];
      }
      usage.web_searches = static_cast<int64_t>(random() % (input.server_tool_calls + 1));
      usage.file_searches = input.server_tool_calls - usage.web_searches;
      // Served as asked, or at the plain tier, some time within the hour.
      const UnixNanos end = now + static_cast<int64_t>(random() % (60 * kNanosPerMinute));
      const std::string_view served = random() % 2 == 0 ? tier : std::string_view();
      const Price price = prices.PriceOf({row.provider, row.model, end, served, usage});
      ASSERT_TRUE(price.cost) << row.provider << '/' << row.model;
      ASSERT_LE(price.cost->value, bound.worst->value)
          << row.provider << '/' << row.model << " tier " << tier << " served " << served;
    }
  }
}

}  // namespace
}  // namespace pitot
