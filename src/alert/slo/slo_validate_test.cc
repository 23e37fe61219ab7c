#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alert/slo/slo.h"
#include "base/status.h"

namespace pitot {
namespace {

using testing::HasSubstr;

SloSpec Valid() {
  SloSpec spec;
  spec.name = "chat-success";
  spec.filter = "kind = agent";
  spec.good = "status != error";
  return spec;
}

void Accepts(std::string_view why, const SloSpec& spec) {
  const absl::Status status = spec.Validate();
  EXPECT_TRUE(status.ok()) << why << ": " << status.ToString();
}

void Rejects(std::string_view why, const SloSpec& spec, const std::string& message) {
  const absl::Status status = spec.Validate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << why;
  EXPECT_THAT(std::string(Message(status)), HasSubstr(message)) << why;
}

TEST(SloSpec, Accepts) {
  SloSpec spec = Valid();
  Accepts("of the design", spec);
  spec.good = "";
  Accepts("good is not to fail", spec);
  spec = Valid();
  spec.kind = SloKind::kLatency;
  spec.good = "";
  spec.threshold = 2'000;
  Accepts("latency", spec);
  spec.kind = SloKind::kCostPerSuccess;
  spec.threshold = 0.05;
  Accepts("cost per success", spec);
  spec.kind = SloKind::kScore;
  spec.score = "helpful";
  spec.threshold = 0;
  Accepts("a score may have any threshold", spec);
  spec = Valid();
  spec.window_ns = 60 * kNanosPerMinute;
  Accepts("an hour", spec);
  spec.target = 0.9999;
  Accepts("four nines", spec);
}

TEST(SloSpec, Rejects) {
  const auto bad = [](std::string_view why, auto change, const std::string& message) {
    SloSpec spec = Valid();
    change(spec);
    Rejects(why, spec, message);
  };
  bad(
      "no name", [](SloSpec& s) { s.name = ""; }, "name: \"\"");
  bad(
      "upper case", [](SloSpec& s) { s.name = "Chat"; }, "lower-case letters");
  bad(
      "begins with -", [](SloSpec& s) { s.name = "-chat"; }, "beginning and ending");
  bad(
      "too long", [](SloSpec& s) { s.name = std::string(64, 'a'); }, "at most 63");
  bad(
      "target 1", [](SloSpec& s) { s.target = 1; }, "no budget to burn");
  bad(
      "target 0", [](SloSpec& s) { s.target = 0; }, "not between 0 and 1");
  bad(
      "target in percent", [](SloSpec& s) { s.target = 99; }, "0.99 is 99 %");
  bad(
      "window too short", [](SloSpec& s) { s.window_ns = kNanosPerMinute; }, "between 1h and 90d");
  bad(
      "window too long", [](SloSpec& s) { s.window_ns = 91 * kNanosPerDay; }, "between 1h and 90d");
  bad(
      "half minutes", [](SloSpec& s) { s.window_ns += kNanosPerSecond; }, "whole minutes");
  bad(
      "filter", [](SloSpec& s) { s.filter = "kindd = agent"; }, "did you mean \"kind\"");
  bad(
      "good", [](SloSpec& s) { s.good = "status = "; }, "good: ");
  bad(
      "exclusion", [](SloSpec& s) { s.exclude = {"probe"}; }, "did you mean \"probes\"");
  bad(
      "count", [](SloSpec& s) { s.count = "attempt"; }, "did you mean \"attempts\"");
  bad(
      "runbook", [](SloSpec& s) { s.runbook = "error"; }, "did you mean \"errors\"");
  bad(
      "a label of ours", [](SloSpec& s) { s.labels["slo"] = "x"; }, "set by Pitot");
  bad(
      "no label", [](SloSpec& s) { s.labels["a-b"] = "x"; }, "is no label name");
  bad(
      "threshold of a ratio", [](SloSpec& s) { s.threshold = 1; }, "kind ratio has none");
  bad(
      "latency without threshold",
      [](SloSpec& s) {
        s.kind = SloKind::kLatency;
        s.good = "";
      },
      "threshold: it is missing");
  bad(
      "latency with good",
      [](SloSpec& s) {
        s.kind = SloKind::kLatency;
        s.threshold = 1;
      },
      "a filter is for kind ratio");
  bad(
      "score without name",
      [](SloSpec& s) {
        s.kind = SloKind::kScore;
        s.good = "";
      },
      "score: it is missing");
  bad(
      "a name of scores without kind", [](SloSpec& s) { s.score = "x"; }, "it is for kind score");
}

TEST(SloSpec, RefusesThresholdsThatCannotBe) {
  SloSpec spec = Valid();
  spec.target = 0.9;  // 1 / (1 - 0.9) = 10: burn > 10 never is.
  Rejects("10 is not above 10", spec, "burn_threshold_unreachable");
  Rejects("says which", spec, "fast_page (burn > 10), page_quick (burn > 14.4)");
  Rejects("says from where on", spec, "above a target of 0.930556");
  spec.allow_unreachable = true;
  Accepts("asked for", spec);
  spec.allow_unreachable = false;
  spec.alert_fast_page = false;
  Rejects("the tier remains", spec, "page_quick (burn > 14.4)");
  spec.alert_multiwindow = false;
  Accepts("burn > 2 can be", spec);
  spec = Valid();
  spec.target = 0.91;
  spec.alert_multiwindow = false;
  Accepts("11.1 is above 10", spec);
  spec.target = 0.95;
  spec.alert_multiwindow = true;
  Accepts("20 is above 14.4", spec);
}

TEST(SloSpec, RunbookFollowsTheKind) {
  SloSpec spec = Valid();
  EXPECT_EQ(spec.Runbook(), "errors");
  spec.kind = SloKind::kTtft;
  EXPECT_EQ(spec.Runbook(), "latency");
  spec.kind = SloKind::kCostPerSuccess;
  EXPECT_EQ(spec.Runbook(), "cost");
  spec.kind = SloKind::kScore;
  EXPECT_EQ(spec.Runbook(), "");
  spec.runbook = "latency";
  EXPECT_EQ(spec.Runbook(), "latency");
}

}  // namespace
}  // namespace pitot
