#include "alert/slo/burn_rules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace pitot {
namespace {

std::string Text(const SloSpec& spec) {
  std::string out;
  for (const BurnRule& rule : BurnRulesOf(spec)) {
    out += fmt::format("{} {} {} {}m/{}m >{:.4g}{}\n", rule.name, rule.tier, Name(rule.severity),
                       rule.long_minutes, rule.short_minutes, rule.factor,
                       rule.reachable ? "" : " unreachable");
  }
  return out;
}

TEST(BurnRules, OfThirtyDays) {
  SloSpec spec;
  EXPECT_EQ(Text(spec),
            "fast_page page page 5m/1m >10\n"
            "fast_warning warning warning 60m/5m >2\n"
            "page_quick page page 60m/5m >14.4\n"
            "page_slow page page 360m/30m >6\n"
            "ticket_quick ticket ticket 1440m/120m >3\n"
            "ticket_slow ticket ticket 4320m/360m >1\n");
  spec.target = 0.9;
  EXPECT_EQ(Text(spec),
            "fast_page page page 5m/1m >10 unreachable\n"
            "fast_warning warning warning 60m/5m >2\n"
            "page_quick page page 60m/5m >14.4 unreachable\n"
            "page_slow page page 360m/30m >6\n"
            "ticket_quick ticket ticket 1440m/120m >3\n"
            "ticket_slow ticket ticket 4320m/360m >1\n");
}

TEST(BurnRules, FactorsSuitTheWindow) {
  SloSpec spec;
  spec.target = 0.999;
  spec.alert_fast_page = spec.alert_fast_warn = false;
  spec.window_ns = 28 * kNanosPerDay;
  EXPECT_EQ(
      Text(spec),
      "page_quick page page 60m/5m >13.44\n"
      "page_slow page page 360m/30m >5.6\n"
      "ticket_quick ticket ticket 1440m/120m >2.8\n"
      "ticket_slow ticket ticket 4320m/360m >1\n");  // 0.93: a slower burn leaves budget over.
  spec.window_ns = 7 * kNanosPerDay;
  EXPECT_EQ(Text(spec),
            "page_quick page page 60m/5m >3.36\n"
            "page_slow page page 360m/30m >1.4\n"
            "ticket_quick ticket ticket 1440m/120m >1\n"
            "ticket_slow ticket ticket 4320m/360m >1\n");
  spec.window_ns = kNanosPerDay;
  EXPECT_EQ(Text(spec), "") << "nobody is woken by a burn below 1, and a day has no window of days";
  spec.window_ns = 90 * kNanosPerDay;
  EXPECT_EQ(Text(spec),
            "page_quick page page 60m/5m >43.2\n"
            "page_slow page page 360m/30m >18\n"
            "ticket_quick ticket ticket 1440m/120m >9\n"
            "ticket_slow ticket ticket 4320m/360m >3\n");
}

}  // namespace
}  // namespace pitot
