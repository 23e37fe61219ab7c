#include "alert/slo/slo_status.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace pitot {
namespace {

using testing::HasSubstr;

constexpr int64_t kStart = 30'000'000;  // A minute.

class SloStatusTest : public testing::Test {
 protected:
  void SetUp() override { spec_.name = "s"; }

  // The next minutes, each with so many events.
  void Pass(int64_t minutes, int64_t valid, int64_t bad) {
    for (int64_t i = 0; i < minutes; ++i) {
      counts_.Set(next_, {.good = valid - bad, .valid = valid});
      ++next_;
    }
  }
  // Just after the last whole minute.
  UnixNanos now() const { return next_ * kNanosPerMinute; }

  SloStatus Status() const {
    SloStatus status;
    status.spec = std::make_shared<const SloSpec>(spec_);
    FillFigures(counts_, now(), status);
    return status;
  }

  // "page:breach(fast_page) warning:ok"
  std::string Tiers() const {
    const SloStatus status = Status();
    std::string out;
    for (const TierVerdict& tier : JudgeTiers(status.rules)) {
      out += fmt::format("{}{}:{}", out.empty() ? "" : " ", tier.tier, Name(tier.verdict));
      if (tier.verdict != Verdict::kOk) out += fmt::format("({})", tier.rule->name);
    }
    return out;
  }

  // Minutes of `bad` until the tier breaches; -1: not within `most`.
  int64_t MinutesUntil(std::string_view tier, int64_t valid, int64_t bad, int64_t most) {
    for (int64_t i = 0; i <= most; ++i) {
      const SloStatus status = Status();
      for (const TierVerdict& each : JudgeTiers(status.rules)) {
        if (each.tier == tier && each.verdict == Verdict::kBreach) return i;
      }
      Pass(1, valid, bad);
    }
    return -1;
  }

  SloSpec spec_;
  MinuteCounts counts_{30 * MinuteCounts::kMinutesPerDay + 2};
  int64_t next_ = kStart;
};

TEST_F(SloStatusTest, QuietWhenTheTargetIsMet) {
  Pass(5'000, 100, 0);
  EXPECT_EQ(Tiers(), "page:ok warning:ok ticket:ok");
  Pass(5'000, 200, 1);  // Burns at a half.
  EXPECT_EQ(Tiers(), "page:ok warning:ok ticket:ok");
}

TEST_F(SloStatusTest, NothingWasEverThere) {
  const SloStatus status = Status();
  EXPECT_EQ(status.sli, std::nullopt);
  EXPECT_EQ(status.burn, std::nullopt);
  EXPECT_EQ(status.time_to_exhaust_ns, std::nullopt);
  EXPECT_DOUBLE_EQ(status.budget_left, 1);
  EXPECT_EQ(Tiers(),
            "page:no_data(page_slow) warning:no_data(fast_warning) "
            "ticket:no_data(ticket_slow)");
}

TEST_F(SloStatusTest, AnOutagePagesWithinAMinute) {
  Pass(3'000, 100, 0);
  EXPECT_EQ(MinutesUntil("page", 100, 100, 10), 1);
  EXPECT_EQ(Tiers(), "page:breach(fast_page) warning:ok ticket:ok");
}

// The tiers alone take 43 minutes at such a target; the fast rule is there for that.
TEST_F(SloStatusTest, AnOutageAtALooseTarget) {
  spec_.target = 0.95;
  Pass(3'000, 100, 0);
  EXPECT_EQ(MinutesUntil("page", 100, 100, 60), 3);  // Of 5: 60 % where 50 % pages.
  spec_.alert_fast_page = false;
  next_ = kStart;
  counts_ = MinuteCounts(30 * MinuteCounts::kMinutesPerDay + 2);
  Pass(3'000, 100, 0);
  // 14.4 * 0.05 of an hour.
  EXPECT_EQ(MinutesUntil("page", 100, 100, 60), 44);
}

TEST_F(SloStatusTest, SlowBurnsAreTickets) {
  Pass(4'400, 200, 0);
  // Burns at 1.5: two thirds of 3 days, and 95 minutes more until it cannot be chance.
  EXPECT_EQ(MinutesUntil("ticket", 200, 3, 5'000), 2'881 + 95);
  EXPECT_EQ(Tiers(), "page:ok warning:ok ticket:breach(ticket_slow)");
}

TEST_F(SloStatusTest, ThePageIsOneWhicheverRuleFires) {
  Pass(3'000, 100, 0);
  Pass(70, 100, 50);
  EXPECT_EQ(Tiers(),
            "page:breach(fast_page) warning:breach(fast_warning) "
            "ticket:breach(ticket_slow)");
  // Less than 10 times, more than 6, for long.
  Pass(400, 100, 8);
  EXPECT_EQ(Tiers(),
            "page:breach(page_slow) warning:breach(fast_warning) "
            "ticket:breach(ticket_quick)");
}

TEST_F(SloStatusTest, ALittleBelowKeepsWhatFires) {
  Pass(3'000, 1'000, 0);
  Pass(120, 1'000, 21);
  EXPECT_EQ(Tiers(), "page:ok warning:breach(fast_warning) ticket:ok");
  Pass(120, 1'000, 19);
  EXPECT_EQ(Tiers(), "page:ok warning:hold(fast_warning) ticket:ok");
  Pass(120, 1'000, 17);
  EXPECT_EQ(Tiers(), "page:ok warning:ok ticket:ok");
}

TEST_F(SloStatusTest, FewEventsAreNoEvidence) {
  spec_.target = 0.999;
  for (int i = 0; i < 20; ++i) {  // 10 an hour.
    Pass(1, 1, 0);
    Pass(5, 0, 0);
  }
  Pass(1, 1, 1);  // A burn of 100 over the hour.
  EXPECT_EQ(Tiers(),
            "page:suppressed_low_traffic(fast_page) "
            "warning:suppressed_low_traffic(fast_warning) "
            "ticket:suppressed_low_traffic(ticket_quick)");
  const SloStatus status = Status();
  for (const SloRuleState& rule : status.rules) {
    if (rule.name == "page_quick") {
      EXPECT_THAT(rule.reason, HasSubstr("1 bad of 10 valid events within 1h; at least 3 bad"));
    }
    if (rule.name == "fast_page") {
      EXPECT_THAT(rule.reason, HasSubstr("at least 20 are needed"));
    }
  }
  Pass(3, 1, 1);
  EXPECT_EQ(Tiers(),
            "page:breach(page_quick) warning:breach(fast_warning) "
            "ticket:breach(ticket_quick)");
}

TEST_F(SloStatusTest, WhenDataStopsNothingIsOver) {
  Pass(3'000, 100, 0);
  Pass(30, 100, 100);
  EXPECT_THAT(Tiers(), HasSubstr("page:breach"));
  Pass(10, 0, 0);
  EXPECT_THAT(Tiers(), HasSubstr("page:breach(page_slow)")) << "half an hour has data yet";
  Pass(30, 0, 0);
  EXPECT_THAT(Tiers(), HasSubstr("page:no_data"));
  EXPECT_THAT(Tiers(), HasSubstr("warning:no_data"));
  Pass(600, 0, 0);
  EXPECT_THAT(Tiers(), HasSubstr("page:no_data"));
  // It can be measured again.
  Pass(10, 100, 0);
  EXPECT_THAT(Tiers(), HasSubstr("page:ok warning:ok"));
}

TEST_F(SloStatusTest, RulesOfItsOwn) {
  spec_.alert_fast_page = spec_.alert_fast_warn = spec_.alert_multiwindow = false;
  spec_.alert_rules = {{.name = "mine",
                        .severity = AlertSeverity::kPage,
                        .factor = 5,
                        .long_ns = 60 * kNanosPerMinute,
                        .hold_ns = 10 * kNanosPerMinute}};
  Pass(3'000, 100, 0);
  // 8 % bad: 5 % of the hour after 38 minutes, and ten more.
  EXPECT_EQ(MinutesUntil("page", 100, 8, 100), 48);
  EXPECT_EQ(Tiers(), "page:breach(mine)");
  Pass(1, 100, 0);
  Pass(4, 100, 3);
  EXPECT_EQ(Tiers(), "page:ok") << "a twelfth of the hour is well";
  Pass(6, 100, 30);
  EXPECT_EQ(Tiers(), "page:hold(mine)") << "over again, and not for long enough yet";
}

TEST_F(SloStatusTest, BudgetAndWhenItIsGone) {
  Pass(10 * 1'440, 100, 0);
  Pass(60, 100, 10);
  SloStatus status = Status();
  // 1,446,000 valid allow 14,460 bad; 600 were.
  EXPECT_EQ(status.total.valid, 1'446'000);
  EXPECT_NEAR(status.budget_left, 1 - 600.0 / 14'460, 1e-12);
  ASSERT_TRUE(status.time_to_exhaust_ns.has_value());
  EXPECT_NEAR(static_cast<double>(*status.time_to_exhaust_ns) / kNanosPerDay,
              status.budget_left * 30 / 10, 1e-6);
  ASSERT_EQ(status.burns.size(), 8U);
  EXPECT_NEAR(*status.burns[0].burn, 10, 1e-9);
  EXPECT_EQ(status.burns.back().window_ns, spec_.window_ns);
  Pass(1'440, 100, 10);
  Pass(1, 100, 10);
  status = Status();
  EXPECT_LT(status.budget_left, 0.1);
  Pass(200, 100, 10);
  status = Status();
  EXPECT_LT(status.budget_left, 0);
  EXPECT_EQ(status.time_to_exhaust_ns, 0);
  // At a rate that the budget outlasts it has no end.
  Pass(120, 10'000, 1);
  status = Status();
  if (status.budget_left > 0) {
    EXPECT_EQ(status.time_to_exhaust_ns, std::nullopt);
  }
}

TEST(WindowName, IsShort) {
  EXPECT_EQ(WindowName(5 * kNanosPerMinute), "5m");
  EXPECT_EQ(WindowName(60 * kNanosPerMinute), "1h");
  EXPECT_EQ(WindowName(30 * kNanosPerDay), "30d");
  EXPECT_EQ(WindowName(90 * kNanosPerMinute), "90m");
}

}  // namespace
}  // namespace pitot
