// What the commands print, as files: tests/golden/cmd/NAME.json is an answer of the API, NAME.80.txt
// and NAME.140.txt what a terminal of that width shows. The name's first word tells the view.
// UPDATE_GOLDEN=1 rewrites the texts; read the difference.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "cmd/client.h"
#include "cmd/view/alerts.h"
#include "cmd/view/chart.h"
#include "cmd/view/figures.h"
#include "cmd/view/json_slice.h"
#include "cmd/view/lists.h"
#include "cmd/view/preflight_view.h"
#include "cmd/view/runbooks.h"
#include "cmd/view/slo_view.h"
#include "cmd/view/trace_view.h"
#include "cmd/view/words.h"

namespace pitot {
namespace {

namespace json = boost::json;

const std::string kFolder = std::string(PITOT_SOURCE_DIR) + "/tests/golden/cmd/";

std::string Render(const std::string& name, std::string_view body, const Terminal& terminal) {
  const json::value answer = *ParseJson(body);
  const std::string_view view = SplitText(name, '_')[0];
  if (view == "trace") return RenderTrace(answer, terminal);
  if (view == "traces") return RenderTraces(answer, terminal);
  if (view == "sql") return RenderSqlResult(body, terminal);
  if (view == "receipts") return RenderReceipts(answer, terminal);
  // Of cost, a second answer may stand beside it: the same over time.
  if (view == "cost") return RenderCost(answer, Part(answer, "trend"), terminal);
  if (view == "tree") return RenderCostTree(answer, terminal);
  if (view == "forecast") return RenderForecast(answer, terminal);
  if (view == "anomalies") return RenderAnomalies(answer, terminal);
  if (view == "latency") return RenderLatency(answer, terminal);
  if (view == "heatmap") return RenderHeatmap(answer, terminal);
  if (view == "tools") return RenderTools(answer, terminal);
  if (view == "errors") return RenderErrors(answer, terminal);
  if (view == "groups") return RenderGroups(answer, terminal);
  if (view == "search") return RenderSearch(answer, terminal);
  if (view == "prices") return RenderPrices(answer, terminal);
  if (view == "budgets") return RenderBudgets(answer, terminal);
  if (view == "budget") return RenderBudget(answer, terminal);
  if (view == "keys") return RenderKeys(answer, terminal);
  if (view == "newkey") return RenderNewKey(answer, terminal);
  if (view == "alerts") return RenderAlerts(answer, terminal);
  if (view == "alert") return RenderAlert(answer, terminal);
  if (view == "rules") return RenderRules(answer, terminal);
  if (view == "silences") return RenderSilences(answer, terminal);
  if (view == "notifications") return RenderNotifications(answer, terminal);
  if (view == "receivers") return RenderReceivers(answer, terminal);
  if (view == "receivertest") return RenderReceiverTest(answer, terminal);
  if (view == "runbook") return RenderRunbook(answer, terminal);
  if (view == "actions") return RenderActions(answer, terminal);
  if (view == "slos") return RenderSlos(answer, terminal);
  if (view == "slo") return RenderSlo(answer, terminal);
  if (view == "preflight") return RenderPreflight(answer, false, terminal);
  if (view == "preflightnotes") return RenderPreflightNotes(answer, terminal);
  if (view == "story") return RenderStory(answer, terminal);
  // A trace with its contents: the answer's `details` are the spans in whole.
  const auto read_span = [&](std::string_view id) -> std::optional<std::string> {
    for (const std::string_view span : JsonElements(JsonMember(body, "details"))) {
      if (JsonAsText(JsonMember(span, "span_id")) == id) return std::string(span);
    }
    return std::nullopt;
  };
  return RenderTrace(answer, terminal, {.read_span = read_span});
}

TEST(CommandGolden, Views) {
  const auto files = ListFolder(kFolder);
  ASSERT_TRUE(files.ok()) << files.status().ToString();
  int cases = 0;
  for (const std::string& file : *files) {
    if (!file.ends_with(".json")) continue;
    ++cases;
    const std::string name = file.substr(0, file.size() - 5);
    const auto body = ReadFile(kFolder + file);
    ASSERT_TRUE(body.ok()) << body.status().ToString();
    ASSERT_TRUE(ParseJson(*body).ok()) << file << ": " << ParseJson(*body).status().ToString();
    for (const size_t width : {80, 140}) {
      const std::string text = Render(name, *body, {.width = width, .colour = false});
      for (const std::string_view line : SplitText(text, '\n')) {
        EXPECT_LE(TextWidth(line), width) << name << " has a line that is too wide:\n" << line;
      }
      const std::string path = fmt::format("{}{}.{}.txt", kFolder, name, width);
      if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        ASSERT_TRUE(WriteFileAtomic(path, text).ok());
        continue;
      }
      const auto wanted = ReadFile(path);
      ASSERT_TRUE(wanted.ok()) << wanted.status().ToString() << "; UPDATE_GOLDEN=1 writes it";
      EXPECT_EQ(text, *wanted) << path << " differs; UPDATE_GOLDEN=1 rewrites it";
    }
  }
  EXPECT_GT(cases, 0) << "no cases in " << kFolder;
}

TEST(Terminal, StrangersTextHasNoPower) {
  EXPECT_EQ(CleanLine("a\x1b[31mred\x07\nb\tc"), "a[31mred b c");
  EXPECT_EQ(CleanLine("\xc2\x9b"
                      "31m"),
            "31m")
      << "a control of two bytes";
  EXPECT_EQ(CleanLine("\xff"), "\uFFFD");
  EXPECT_EQ(CleanLine("evil\u202Etxt"), "eviltxt") << "direction marks can hide what is there";
  EXPECT_EQ(CleanText("a\nb"), "a\nb");
}

TEST(Terminal, TextIsMeasuredInColumns) {
  EXPECT_EQ(TextWidth("kůň"), 3u);
  EXPECT_EQ(TextWidth("日本"), 4u);
  EXPECT_EQ(TextWidth("🐎"), 2u);
  EXPECT_EQ(TextWidth("e\u0301"), 1u);
  EXPECT_EQ(Fit("abcdef", 4), "abc…");
  EXPECT_EQ(Fit("日本語", 4), "日…");
  EXPECT_EQ(Fit("abc", 0), "");
}

TEST(Terminal, ColoursOnlyWhenAsked) {
  const json::value answer = json::parse(
      R"({"trace":{"root_name":"r","status":"error"},"spans":[{"span_id":"1","name":"r","status":"error"}]})");
  EXPECT_EQ(RenderTrace(answer, {.width = 80, .colour = false}).find('\x1b'), std::string::npos);
  EXPECT_NE(RenderTrace(answer, {.width = 80, .colour = true}).find("\x1b[31m"), std::string::npos);
}

TEST(Chart, ShapesKeepTheirWidth) {
  EXPECT_EQ(Bar(0, 4), "    ");
  EXPECT_EQ(Bar(0.5, 4), "██  ");
  EXPECT_EQ(Bar(0.001, 4), "▏   ") << "more than nothing is seen";
  EXPECT_EQ(Bar(7, 4), "████");
  EXPECT_EQ(Bar(std::nan(""), 4), "    ");
  EXPECT_EQ(Sparkline(std::vector<double>{0, 1, 4, 8, -1}), " ▂▅█ ");
  EXPECT_EQ(Sparkline({}), "");
  EXPECT_EQ(RangeStrip(1, 10, 100, 1, 100, 5), "├─▪─┤");
  EXPECT_EQ(RangeStrip(0, 0, 0, 1, 100, 5), "     ");
  EXPECT_EQ(RangeStrip(10, 10, 10, 10, 10, 5), "     ") << "no scale";
  EXPECT_EQ(Shade(0, 10), " ");
  EXPECT_EQ(Shade(10, 10), "█");
}

TEST(Views, WhatIsNoAnswerEnds) {
  for (const char* text :
       {"null", "[]", "1", "{}", R"({"groups":[1],"by":["a"],"tools":[null]})",
        R"({"alerts":[1,{"ack":3}],"alert":[],"rules":[{}],"silences":[null,{"matchers":[1]}]})"}) {
    const json::value answer = json::parse(text);
    for (const auto render :
         {RenderCostTree, RenderForecast, RenderAnomalies,     RenderLatency,   RenderHeatmap,
          RenderTools,    RenderErrors,   RenderGroups,        RenderSearch,    RenderPrices,
          RenderKeys,     RenderNewKey,   RenderStory,         RenderAlerts,    RenderAlert,
          RenderRules,    RenderSilences, RenderNotifications, RenderReceivers, RenderReceiverTest,
          RenderSlos,     RenderSlo}) {
      render(answer, {.width = 80});
    }
    RenderCost(answer, answer, {.width = 80});
  }
}

TEST(TraceView, AnyShapeEnds) {
  json::array spans;
  for (int i = 0; i < 20'000; ++i) {
    spans.push_back({{"span_id", std::to_string(i)},
                     {"parent_span_id", std::to_string(i - 1)},
                     {"name", "deep"}});
  }
  const json::value deep = {{"trace", {{"root_name", "deep"}}}, {"spans", spans}};
  const std::string text = RenderTrace(deep, {.width = 80, .colour = false});
  EXPECT_GT(std::count(text.begin(), text.end(), '\n'), 20'000);
  const json::value circle = json::parse(
      R"({"trace":{},"spans":[{"span_id":"a","parent_span_id":"b","name":"one"},
          {"span_id":"b","parent_span_id":"a","name":"two"},
          {"span_id":"c","parent_span_id":"c","name":"three"}]})");
  for (const char* name : {"one", "two", "three"}) {
    EXPECT_NE(RenderTrace(circle, {.width = 80, .colour = false}).find(name), std::string::npos);
  }
  RenderTrace(json::parse("null"), {});
  RenderTrace(json::parse(R"({"trace":[],"spans":[1,null,{}]})"), {});
}

}  // namespace
}  // namespace pitot
