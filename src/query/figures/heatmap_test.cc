#include "query/figures/heatmap.h"

#include <gmock/gmock.h>

#include <random>

#include "query/figures/figures_test_util.h"

namespace pitot {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

TEST(HeatmapEdges, AreLogarithmic) {
  const std::vector<int64_t>& edges = HeatmapEdges();
  EXPECT_EQ(edges.size(), 89u);
  EXPECT_EQ(edges.front(), 1000);
  EXPECT_EQ(edges[8], 10'000);
  EXPECT_EQ(edges[24], kNanosPerMilli);
  EXPECT_EQ(edges.back(), 100'000 * kNanosPerSecond);
  for (size_t i = 1; i < edges.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(edges[i]) / static_cast<double>(edges[i - 1]), 1.3335, 0.001);
  }
}

class HeatmapTest : public FiguresTestBase {
 protected:
  json::value Heatmap(HeatmapRequest request) { return Json(ReadHeatmap(Context(), request)); }
};

TEST_P(HeatmapTest, CountsAreExact) {
  // Durations from nothing to a day, on edges and beside them; a plain count of each cell.
  std::mt19937 random(7);
  std::vector<TestFact> facts;
  const std::vector<int64_t>& edges = HeatmapEdges();
  const auto end = [&] {
    return kNow - 1 - static_cast<int64_t>(random() % (kHour / 1000)) * 1000;
  };
  for (const int64_t edge : edges) {
    for (const int64_t beside : {edge - 1, edge, edge + 1}) {
      facts.push_back({.end_ns = end(), .duration_ns = beside});
    }
  }
  facts.push_back({.end_ns = end(), .duration_ns = 0});
  facts.push_back({.end_ns = end(), .duration_ns = 5 * kNanosPerDay});
  facts.push_back({.end_ns = kNow - kHour, .duration_ns = kMs});
  facts.push_back({.end_ns = kNow - 1, .duration_ns = kMs});
  facts.push_back({.end_ns = kNow - kMinute, .duration_ns = kMs, .status = "running"});
  facts.push_back({.end_ns = kNow - kMinute, .duration_ns = kMs, .role = "wrapper"});
  Add(facts);

  for (const int64_t columns : {int64_t{1}, int64_t{7}, kHeatmapColumnsMax}) {
    const int64_t step = (kHour + columns - 1) / columns;
    std::vector<std::vector<int64_t>> want(static_cast<size_t>((kHour + step - 1) / step),
                                           std::vector<int64_t>(edges.size() - 1));
    for (const TestFact& fact : facts) {
      if (fact.role == "wrapper" || fact.status == "running") continue;
      size_t row = 0;
      while (row + 2 < edges.size() && fact.duration_ns >= edges[row + 1]) ++row;
      ++want[static_cast<size_t>((fact.end_ns - (kNow - kHour)) / step)][row];
    }
    const json::value answer = Heatmap({.scope = Last(kHour), .columns = columns});
    EXPECT_EQ(answer.at("of").as_string(), "llm calls");
    EXPECT_EQ(answer.at("step_ms").to_number<double>(), static_cast<double>(step) / 1e6);
    EXPECT_EQ(answer.at("times").as_array().size(), want.size());
    EXPECT_EQ(answer.at("times").at(0).as_string(), "2026-11-18T10:06:40.000000000Z");
    EXPECT_EQ(answer.at("edges_ms").as_array().size(), edges.size());
    EXPECT_EQ(answer.at("counts"), json::value_from(want)) << columns << " columns";
  }
}

TEST_P(HeatmapTest, OnlyRowsInUse) {
  Add({{.end_ns = kNow - 1, .duration_ns = 10 * kMs, .ttft_ns = 2 * kMs},
       {.end_ns = kNow - 1, .duration_ns = 20 * kMs}});
  const json::value durations = Heatmap({.scope = Last(kHour), .columns = 2});
  // 10.0, 13.3, 17.8, 23.7 ms: two calls, an empty row between them.
  EXPECT_EQ(durations.at("edges_ms").as_array().size(), 4u);
  EXPECT_EQ(durations.at("edges_ms").at(0).to_number<double>(), 10);
  EXPECT_EQ(durations.at("counts"), json::parse("[[0,0,0],[1,0,1]]"));
  EXPECT_EQ(durations.at("times").at(1).as_string(), "2026-11-18T10:36:40.000000000Z");

  const json::value ttfts = Heatmap({.scope = Last(kHour), .measure = "ttft", .columns = 2});
  EXPECT_EQ(ttfts.at("measure").as_string(), "ttft");
  EXPECT_EQ(ttfts.at("counts"), json::parse("[[0],[1]]")) << "only calls whose ttft is known";

  const json::value none = Heatmap({.scope = Last(kHour), .kind = "tool", .columns = 2});
  EXPECT_EQ(none.at("edges_ms"), json::parse("[]"));
  EXPECT_EQ(none.at("counts"), json::parse("[[],[]]"));

  Scope tiny = Last(3);
  const json::value nanoseconds = Heatmap({.scope = tiny, .columns = 60});
  EXPECT_EQ(nanoseconds.at("counts").as_array().size(), 3u) << "no more columns than nanoseconds";

  const auto bad = [&](HeatmapRequest request, const char* words) {
    request.scope = Last(kHour);
    const auto answer = ReadHeatmap(Context(), request);
    ASSERT_FALSE(answer.ok()) << words;
    EXPECT_THAT(std::string(Message(answer.status())), HasSubstr(words));
  };
  bad({.measure = "duratoin"}, "did you mean \"duration\"?");
  bad({.kind = "llms"}, "did you mean \"llm\"?");
  bad({.columns = 0}, "columns 0 is not between 1 and 500");
  bad({.columns = 501}, "columns 501");
}

TEST_P(HeatmapTest, AFilterFindsTheCallsOfACell) {
  std::mt19937 random(3);
  std::vector<TestFact> facts;
  for (int i = 0; i < 300; ++i) {
    facts.push_back({.end_ns = kNow - 1 - static_cast<int64_t>(random() % kHour),
                     .duration_ns = static_cast<int64_t>(random() % 20) * kMs + kMs / 3,
                     .kind = i % 5 == 0 ? "tool" : "llm"});
  }
  Add(facts);
  const json::value map = Heatmap({.scope = Last(kHour), .columns = 3});
  const auto text = [](const json::value& value) { return std::string(value.as_string()); };
  int64_t found = 0;
  for (size_t column = 0; column < 3; ++column) {
    const std::string until = column < 2 ? text(map.at("times").at(column + 1)) : "2026-11-19";
    for (size_t row = 0; row + 1 < map.at("edges_ms").as_array().size(); ++row) {
      // What the page asks for when a cell is dragged over.
      const std::string q = fmt::format(
          "kind = llm AND end >= {} AND end < {} AND duration >= {}ms AND duration < {}ms",
          text(map.at("times").at(column)), until, map.at("edges_ms").at(row).to_number<double>(),
          map.at("edges_ms").at(row + 1).to_number<double>());
      const SqlPiece where = FactsWhere(Last(kHour, q));
      const int64_t count =
          std::stoll(Tsv("SELECT count() FROM facts AS f FINAL WHERE " + where.sql, where.params));
      EXPECT_EQ(map.at("counts").at(column).at(row).to_number<int64_t>(), count) << q;
      found += count;
    }
  }
  EXPECT_EQ(found, 240);
}

PITOT_FOR_EACH_STORE(HeatmapTest);

}  // namespace
}  // namespace pitot
