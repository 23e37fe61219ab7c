// Groups and percentiles through the real engines: keys on days of 23 and 25 hours, exact and sketched
// quantiles.
#include "query/figures/grouping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/status.h"
#include "decode/instant.h"
#include "query/figures/quantiles.h"
#include "store/testing/store_test_base.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;

Grouping Make(const std::vector<std::string>& by, std::string_view timezone = "UTC") {
  auto grouping = Grouping::Parse(by, timezone);
  EXPECT_TRUE(grouping.ok()) << grouping.status().ToString();
  return grouping.ok() ? *std::move(grouping) : Grouping();
}

TEST(GroupingParse, Refuses) {
  const auto bad = [](std::vector<std::string> by, const char* words) {
    const auto grouping = Grouping::Parse(by);
    ASSERT_FALSE(grouping.ok()) << words;
    EXPECT_EQ(grouping.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(Message(grouping.status())), HasSubstr(words));
  };
  bad({"featur"}, "\"featur\" (did you mean \"feature\"?)");
  bad({"dya"}, "possible are minute, hour");
  bad({"model", "model"}, "\"model\" twice");
  bad({"model", "agent", "name", "kind", "status"}, "5 fields; at most 4");
  bad({""}, "\"\"");
}

TEST(GroupingParse, NothingIsOneGroup) {
  const Grouping none = Make({});
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.With() + none.Shown() + none.GroupBy() + none.OrderBy("n DESC"), "");
  EXPECT_EQ(none.ByJson(), "[]");
}

class FiguresSqlTest : public StoreTestBase {
 protected:
  // The only value of a statement's answer, as JSON.
  boost::json::array Row(const std::string& sql, std::vector<SqlParam> params = {}) {
    QueryOptions options;
    options.params = std::move(params);
    const auto result = engine().Query(sql, options);
    EXPECT_TRUE(result.ok()) << result.status().ToString() << "\n" << sql;
    if (!result.ok()) return {};
    return boost::json::parse(result->body).at("data").at(0).as_array();
  }

  std::string Key(std::string_view bucket, std::string_view timezone, std::string_view time) {
    const Grouping grouping = Make({std::string(bucket)}, timezone);
    std::vector<SqlParam> params = grouping.params();
    params.push_back({"end_ns", fmt::to_string(ParseRfc3339(time).value())});
    const auto row = Row(fmt::format("{}SELECT {}count() AS n FROM (SELECT {{end_ns:Int64}} AS "
                                     "end_ns) AS f{}{}",
                                     grouping.With(), grouping.Shown(), grouping.GroupBy(),
                                     grouping.OrderBy("n DESC")),
                         params);
    return row.empty() ? "" : grouping.KeyJson(row);
  }
};
PITOT_FOR_EACH_STORE(FiguresSqlTest);

TEST_P(FiguresSqlTest, TimeBuckets) {
  const auto key = [this](std::string_view bucket, std::string_view timezone, std::string_view time,
                          std::string_view expected) {
    EXPECT_EQ(Key(bucket, timezone, time), fmt::format("{{\"{}\":\"{}\"}}", bucket, expected))
        << bucket << " of " << time << " in " << timezone;
  };
  key("minute", "UTC", "2026-11-20T08:59:59.999999999Z", "2026-11-20T08:59:00+00:00");
  key("hour", "Europe/Berlin", "2026-11-20T08:59:59Z", "2026-11-20T09:00:00+01:00");
  key("hour", "Asia/Kolkata", "2026-11-20T08:59:59Z", "2026-11-20T14:00:00+05:30");
  key("hour", "America/New_York", "2026-11-20T02:10:00Z", "2026-11-19T21:00:00-05:00");
  key("day", "Europe/Berlin", "2026-11-20T23:00:00Z", "2026-11-21");
  key("day", "UTC", "2026-11-20T23:59:59.999Z", "2026-11-20");
  key("week", "UTC", "2026-11-22T23:00:00Z", "2026-11-16");
  key("week", "Europe/Berlin", "2026-11-22T23:00:00Z", "2026-11-23");
  key("month", "Europe/Berlin", "2026-11-30T23:00:00Z", "2026-12");
  // 23 hours: 2026-03-29 in Berlin is 28T23:00Z to 29T22:00Z.
  key("day", "Europe/Berlin", "2026-03-28T22:59:59Z", "2026-03-28");
  key("day", "Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-29");
  key("day", "Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30");
  // 25 hours: 2026-10-25 is 24T22:00Z to 25T23:00Z; two o'clock comes twice.
  key("day", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25");
  key("day", "Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-25");
  key("hour", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00+02:00");
  key("hour", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00+01:00");
}

// Of the whole numbers below `n`.
std::string QuantilesOf(uint64_t n) {
  constexpr int kLevels[] = {70, 500, 990};
  return fmt::format("SELECT {} FROM numbers({})",
                     QuantileColumns("d", "toInt64(number)", "number >= 0", kLevels), n);
}

TEST_P(FiguresSqlTest, QuantilesAreNearestRank) {
  const auto check = [this](uint64_t n, std::vector<double> expected) {
    const Quantiles quantiles = ReadQuantiles(Row(QuantilesOf(n)), 0);
    EXPECT_EQ(quantiles.count, n);
    EXPECT_EQ(quantiles.values, expected) << n;
    EXPECT_TRUE(quantiles.exact());
    EXPECT_EQ(quantiles.low_n(), n < 100) << n;
  };
  check(0, {});
  check(1, {0, 0, 0});
  check(2, {0, 0, 1});
  check(100, {6, 49, 98});
  check(101, {7, 50, 99});
  check(10'000, {699, 4999, 9899});
}

TEST_P(FiguresSqlTest, LargeGroupsAreSketched) {
  const Quantiles quantiles = ReadQuantiles(Row(QuantilesOf(100'000)), 0);
  EXPECT_EQ(quantiles.count, 100'000u);
  EXPECT_EQ(QuantilesName(quantiles), "sketch");
  ASSERT_EQ(quantiles.values.size(), 3u);
  EXPECT_NEAR(quantiles.values[0], 7'000, 70);
  EXPECT_NEAR(quantiles.values[1], 50'000, 500);
  EXPECT_NEAR(quantiles.values[2], 99'000, 990);
}

}  // namespace
}  // namespace pitot
