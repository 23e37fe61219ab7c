#include "price/override.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pitot {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

TEST(ParseDecimal, IsExact) {
  const auto good = [](std::string_view text, int64_t want) {
    EXPECT_EQ(ParseDecimal(text, 6, kPicoPerTokenMax), want) << text;
  };
  good("0", 0);
  good("0.15", 150'000);
  good("3.00", 3'000'000);
  good("0.000001", 1);
  good("0.0000010000", 1);
  good("1000000", 1'000'000'000'000);
  const auto bad = [](const char* why, std::string_view text) {
    EXPECT_EQ(ParseDecimal(text, 6, kPicoPerTokenMax), std::nullopt) << why;
  };
  bad("empty", "");
  bad("finer than a pico-dollar a token", "0.0000001");
  bad("negative", "-1");
  bad("signed", "+1");
  bad("exponent", "1e3");
  bad("no digits before the point", ".5");
  bad("no digits after the point", "5.");
  bad("two points", "1.2.3");
  bad("a comma", "1,5");
  bad("above the limit", "1000000.1");
  bad("above 64 bits", "99999999999999999999");
  bad("a word", "free");
}

TEST(ParseDay, Table) {
  EXPECT_EQ(ParseDay("1970-01-01"), 0);
  EXPECT_EQ(ParseDay("2026-03-13"), 1'773'360'000'000'000'000);
  for (const char* bad : {"", "2026-02-30", "2026-13-01", "2026-3-13", "1969-12-31", "9999-01-01",
                          "2026-03-13T", "2026/03/13", "-026-03-13"}) {
    EXPECT_EQ(ParseDay(bad), std::nullopt) << bad;
  }
}

TEST(ParseOverride, ReadsEveryKey) {
  std::string error;
  const std::optional<PriceOverride> out =
      ParseOverride(Fields{{"model", "Claude-Sonnet-4-5*"},
                           {"provider", "anthropic"},
                           {"service_tier", "Batch"},
                           {"from", "2026-01-01"},
                           {"until", "2027-01-01"},
                           {"per_million_usd.input", "3.00"},
                           {"per_million_usd.output", "15"},
                           {"per_million_usd.cache_write_5m", "3.75"},
                           {"tiers.0.above_input_tokens", "200000"},
                           {"tiers.0.input", "6"},
                           {"tiers.0.output", "22.5"},
                           {"per_thousand_calls_usd.web_search", "10"},
                           {"per_thousand_calls_usd.request", "0.5"}},
                    &error);
  ASSERT_TRUE(out) << error;
  EXPECT_EQ(out->model, "claude-sonnet-4-5*");
  EXPECT_EQ(out->service_tier, "batch");
  EXPECT_LT(out->from_ns, out->until_ns);
  ASSERT_EQ(out->bands.size(), 2u);
  EXPECT_EQ(out->bands[0].pico[0], 3'000'000);
  EXPECT_EQ(out->bands[0].pico[1], 3'000'000) << "cache_read is billed as input";
  EXPECT_EQ(out->bands[0].pico[3], 3'750'000) << "cache_write_1h is billed as cache_write_5m";
  EXPECT_EQ(out->bands[1].above, 200'000);
  EXPECT_EQ(out->bands[1].pico[1], 6'000'000) << "cache_read is billed as the tier's input";
  EXPECT_EQ(out->bands[1].pico[2], 3'750'000) << "what a tier does not list is as in the base";
  EXPECT_EQ(out->fees.web_search, 10'000'000'000);
  EXPECT_EQ(out->fees.file_search, kFeeUnknown);
  EXPECT_EQ(out->fees.request, 500'000'000);
}

TEST(ParseOverride, SaysWhatIsWrong) {
  const auto bad = [](std::pair<std::string, std::string> field, const char* want) {
    Fields fields = {
        {"model", "m"}, {"per_million_usd.input", "1"}, {"per_million_usd.output", "1"}};
    fields.push_back(std::move(field));
    std::string error;
    EXPECT_FALSE(ParseOverride(fields, &error)) << want;
    EXPECT_THAT(error, testing::HasSubstr(want));
  };
  bad({"modle", "x"}, "modle \"x\" is not a key of prices.yaml");
  bad({"model", "x"}, "model \"x\" is given twice");
  bad({"provider", ""}, "provider is empty");
  bad({"from", "yesterday"}, "from \"yesterday\" must be a day like 2026-03-13");
  bad({"per_million_usd.cache_read", "-1"}, "cache_read \"-1\" must be dollars a million tokens");
  bad({"per_million_usd.cached", "1"}, "cached \"1\" is not a price: input, cache_read");
  bad({"per_thousand_calls_usd.mail", "1"}, "is not a fee: web_search");
  bad({"tiers.0.input", "2"}, "needs above_input_tokens");
  bad({"tiers.99.input", "2"}, "of at most 16");
  bad({"tiers.x", "2"}, "must be an item of tiers");
  std::string error;
  EXPECT_FALSE(ParseOverride(Fields{{"model", "m"}, {"per_million_usd.input", "1"}}, &error));
  EXPECT_THAT(error, testing::HasSubstr("per_million_usd.output is required; write 0"));
  EXPECT_FALSE(ParseOverride(Fields{}, &error));
  EXPECT_EQ(error, "model is required");
}

}  // namespace
}  // namespace pitot
