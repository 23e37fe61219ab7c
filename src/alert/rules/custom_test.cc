#include "alert/rules/custom.h"

#include <gmock/gmock.h>

#include "query/figures/figures_test_util.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;

class NoHistory final : public AlertHistory {
 public:
  std::vector<ActiveInterval> Active(std::string_view, const Labels&, UnixNanos) const override {
    return {};
  }
};

CustomRule Rule(std::string filter, std::string aggregate, std::string field, double threshold) {
  CustomRule rule;
  rule.spec.id = "mine";
  rule.spec.alertname = "Mine";
  rule.spec.threshold = threshold;
  rule.filter = std::move(filter);
  rule.aggregate = std::move(aggregate);
  rule.field = std::move(field);
  return rule;
}

class CustomRuleTest : public FiguresTestBase {
 protected:
  void SetUp() override {
    FiguresTestBase::SetUp();
    std::vector<TestFact> facts;
    for (int i = 1; i <= 20; ++i) {
      facts.push_back({.end_ns = kNow - kMinute, .duration_ns = i * kMs, .model = "m1"});
    }
    for (int i = 0; i < 5; ++i) {
      facts.push_back(
          {.end_ns = kNow - kMinute, .duration_ns = 900 * kMs, .status = "error", .model = "m2"});
    }
    facts.push_back({.end_ns = kNow - 10 * kMinute, .duration_ns = 5000 * kMs, .model = "m3"});
    facts.push_back({.end_ns = kNow - kMinute,
                     .kind = "tool",
                     .role = "",
                     .model = "",
                     .tool_name = "refund",
                     .tool_status = "success"});
    Add(facts);
  }

  std::vector<Reading> Read(const CustomRule& rule, const std::string& project = "default") {
    auto made = MakeCustomRule(rule);
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    if (!made.ok()) return {};
    const QueryContext query = Context();
    auto readings = (*made)->Evaluate({.query = query, .project = project, .history = NoHistory()});
    EXPECT_TRUE(readings.ok()) << readings.status().ToString();
    return readings.ok() ? *readings : std::vector<Reading>();
  }

  // "m1=20:breach m2=5:ok" by value of the label, or "20:breach".
  std::string Said(const CustomRule& rule) {
    std::string text;
    for (const Reading& reading : Read(rule)) {
      if (!text.empty()) text += ' ';
      for (const auto& [name, value] : reading.labels) text += value + "=";
      text += fmt::format("{}:{}", reading.value ? fmt::format("{:.6g}", *reading.value) : "none",
                          Name(reading.verdict));
    }
    return text;
  }
};

TEST_P(CustomRuleTest, Aggregates) {
  const auto by_model = [](CustomRule rule) {
    rule.by = {"model"};
    return rule;
  };
  EXPECT_EQ(Said(Rule("kind = llm", "count", "", 24)), "25:breach");
  EXPECT_EQ(Said(by_model(Rule("kind = llm", "count", "", 10))), "m1=20:breach m2=5:ok");
  EXPECT_EQ(Said(by_model(Rule("kind = llm", "p95", "duration", 500))), "m1=19:ok m2=900:breach");
  EXPECT_EQ(Said(Rule("model = m1", "avg", "duration", 10)), "10.5:breach");
  EXPECT_EQ(Said(Rule("model = m1", "max", "duration", 21)), "20:hold") << "over nine tenths";
  EXPECT_EQ(Said(Rule("model = m1", "min", "duration", 5)), "1:ok");
  EXPECT_EQ(Said(Rule("kind = llm", "distinct", "model", 1)), "2:breach");
  EXPECT_EQ(Said(Rule("model = m9", "avg", "duration", 1)), "none:no_data");
  EXPECT_EQ(Said(Rule("model = m9", "count", "", 1)), "0:ok");
  CustomRule silent = Rule("model = m9", "count", "", 1);
  silent.op = "<";
  EXPECT_EQ(Said(silent), "0:breach") << "nothing came";
  CustomRule rate = Rule("status = error", "rate", "", 0.1);
  rate.of = "kind = llm";
  EXPECT_EQ(Said(rate), "0.2:breach");
  EXPECT_EQ(Said(by_model(rate)), "m1=0:ok m2=1:breach");
  rate.count_min = 50;
  EXPECT_EQ(Said(rate), "0.2:suppressed_low_traffic");
  CustomRule wide = Rule("kind = llm", "max", "duration", 1000);
  wide.window_ns = 15 * kMinute;
  EXPECT_EQ(Said(wide), "5000:breach") << "what ended ten minutes ago, too";
  CustomRule elsewhere = Rule("", "count", "", 1);
  elsewhere.project = "other";
  EXPECT_EQ(Said(elsewhere), "") << "of another project";

  const Reading slow = Read(by_model(Rule("kind = llm", "p95", "duration", 500)))[1];
  EXPECT_EQ(slow.exemplar_trace_ids.size(), 5u);
  EXPECT_EQ(slow.annotations.at("summary"),
            "Mine model=m2: p95 of duration where kind = llm is 900 ms (> 500 ms) in 5 min, of 5 "
            "spans");
}

PITOT_FOR_EACH_STORE(CustomRuleTest);

TEST(CustomRules, NamesWhatIsWrong) {
  const auto bad = [](CustomRule rule, const char* words) {
    AlertOptions options;
    options.custom = {std::move(rule)};
    const absl::Status status = CustomRules(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << words;
    EXPECT_THAT(std::string(Message(status)), HasSubstr(words));
    EXPECT_THAT(std::string(Message(status)), HasSubstr("alerts.custom"));
  };
  bad(Rule("modell = m1", "count", "", 1), "did you mean \"model\"?");
  bad(Rule("", "p96", "duration", 1), "aggregate \"p96\" is none");
  bad(Rule("", "avg", "", 1), "possible are");
  bad(Rule("", "avg", "model", 1), "avg of \"model\" is not possible");
  bad(Rule("", "count", "duration", 1), "field: count takes none");
  CustomRule rule = Rule("", "count", "", 1);
  rule.by = {"hour"};
  bad(rule, "\"hour\" is a time");
  rule.by = {"modle"};
  bad(rule, "did you mean \"model\"?");
  rule.by = {};
  rule.op = "=";
  bad(rule, "op \"=\" is none");
  rule.op = ">";
  rule.window_ns = kNanosPerSecond;
  bad(rule, "between 1m and 24h");
  rule.window_ns = kNanosPerMinute;
  rule.of = "kind = llm";
  bad(rule, "only a rate has it");
  AlertOptions twice;
  twice.custom = {Rule("", "count", "", 1), Rule("", "count", "", 1)};
  EXPECT_THAT(std::string(CustomRules(twice).status().message()),
              HasSubstr("there is another rule of this id"));
}

}  // namespace
}  // namespace pitot
