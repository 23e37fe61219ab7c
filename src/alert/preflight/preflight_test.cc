// The table, people's word, and reports.
#include "alert/preflight/preflight.h"

#include <boost/json.hpp>
#include <set>

#include "alert/preflight/preflight_test_util.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(PreflightPoints, AreForty) {
  EXPECT_EQ(PreflightPoints().size(), 40u);
  std::set<std::string_view> ids;
  int stars = 0;
  for (const PreflightPoint& point : PreflightPoints()) {
    EXPECT_TRUE(ids.insert(point.id).second) << point.id << " stands there twice";
    EXPECT_FALSE(point.title.empty()) << point.id;
    EXPECT_FALSE(point.how.empty()) << point.id;
    EXPECT_FALSE(point.wants.empty()) << point.id;
    EXPECT_FALSE(point.remedy.empty()) << point.id;
    stars += point.star ? 1 : 0;
  }
  EXPECT_EQ(stars, 11);
  ASSERT_NE(FindPreflightPoint("ins-01"), nullptr);
  EXPECT_EQ(FindPreflightPoint("ins-01")->id, "INS-01");
  EXPECT_EQ(FindPreflightPoint("INS-99"), nullptr);
}

class PreflightTest : public PreflightTestBase {
 protected:
  PreflightReport Report(const PreflightRequest& request) {
    Preflight preflight(Deps());
    auto report = preflight.Run(Context(), request);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? *report : PreflightReport{};
  }
};
PITOT_FOR_EACH_STORE(PreflightTest);

TEST_P(PreflightTest, AllPointsOfAnEmptyProject) {
  const PreflightReport report = Report({.project = "empty", .probes = false, .actor = ""});
  ASSERT_EQ(report.results.size(), 40u);
  for (const PreflightResult& result : report.results) {
    EXPECT_THAT(result.words, Not(HasSubstr("could not be judged"))) << result.point->id;
    EXPECT_FALSE(result.words.empty()) << result.point->id;
  }
  EXPECT_FALSE(report.Launch());
  boost::system::error_code error;
  const boost::json::value json = boost::json::parse(PreflightJson(report), error);
  ASSERT_FALSE(error) << PreflightJson(report);
  EXPECT_EQ(json.at("points").as_array().size(), 40u);
  EXPECT_FALSE(json.at("launch").as_bool());
}

TEST_P(PreflightTest, PeoplesWord) {
  Preflight preflight(Deps());
  const auto target = [](const char* id) {
    return PreflightTarget{.project = "nobody", .id = id, .by = "ada", .actor = "key k1"};
  };
  const auto status = [&](const char* id) { return Name(Judge(id, "nobody").status); };

  // Not every point can be attested, none is attested over a fail.
  EXPECT_EQ(preflight.Attest(target("QLT-06"), "done", now_).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(preflight.Attest(target("OPS-99"), "done", now_).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(preflight.Attest(target("OPS-04"), "", now_).code(),
            absl::StatusCode::kInvalidArgument);
  config_.alerts.preflight.owner.clear();
  EXPECT_EQ(status("OPS-04"), "insufficient_data");
  ASSERT_TRUE(preflight.Attest(target("ops-04"), "the rota is in the wiki", now_).ok());
  EXPECT_EQ(status("OPS-04"), "attested");
  config_.keys_required = false;
  ASSERT_TRUE(preflight.Attest(target("SEC-05"), "all is fine", now_).ok());
  EXPECT_EQ(status("SEC-05"), "fail");

  // It ends after 90 days.
  now_ += 91 * kNanosPerDay;
  EXPECT_EQ(status("OPS-04"), "insufficient_data");

  // Any point can be waived, for a while.
  EXPECT_EQ(preflight.Waive(target("SEC-05"), "behind the VPN", now_ - 1, now_).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(preflight.Waive(target("SEC-05"), "", now_ + kNanosPerDay, now_).code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(preflight.Waive(target("SEC-05"), "behind the VPN", now_ + kNanosPerDay, now_).ok());
  const PreflightResult waived = Judge("SEC-05", "nobody");
  EXPECT_EQ(Name(waived.status), "waived");
  EXPECT_EQ(Name(waived.judged), "fail");
  EXPECT_THAT(waived.words, HasSubstr("behind the VPN"));
  EXPECT_FALSE(waived.stops_launch());
  EXPECT_EQ(Name(Judge("SEC-05", "other").status), "fail");  // Of another project.
  ASSERT_TRUE(preflight.Withdraw(target("SEC-05")).ok());
  EXPECT_EQ(status("SEC-05"), "fail");
  EXPECT_EQ(preflight.Withdraw(target("SEC-05")).code(), absl::StatusCode::kNotFound);

  // Each is audited with who asked, and outlives a restart.
  const auto audit = state_->History(engine(), kAuditKind, "", 100, kStoreTestDeadline);
  ASSERT_TRUE(audit.ok()) << audit.status().ToString();
  EXPECT_EQ(audit->size(), 5u);
  EXPECT_EQ(audit->at(0).actor, "key k1");
  EXPECT_THAT(audit->at(0).body, HasSubstr("preflight_withdraw"));
  ASSERT_TRUE(preflight.Waive(target("SEC-04"), "later", now_ + kNanosPerDay, now_).ok());
  state_.reset();
  auto state = StateLog::Open(folder_ / "state", wall_);
  ASSERT_TRUE(state.ok());
  state_ = *std::move(state);
  EXPECT_EQ(status("SEC-04"), "waived");
}

TEST_P(PreflightTest, MarkdownIsATable) {
  PreflightReport report =
      Report({.project = "nobody", .probes = false, .actor = "", .only = {"OPS-04", "CST-02"}});
  ASSERT_EQ(report.results.size(), 2u);
  const std::string text = PreflightMarkdown(report);
  EXPECT_THAT(text, HasSubstr("# Preflight of nobody: ready\n"));
  EXPECT_THAT(text,
              HasSubstr("| OPS-04 |  | On-call owner and escalation | pass | ada is on call |"));
  config_.gateway.loop_mode = "observe";
  report = Report({.project = "nobody", .probes = false, .actor = "", .only = {"CST-02"}});
  const std::string failed = PreflightMarkdown(report);
  EXPECT_THAT(failed, HasSubstr("not ready"));
  EXPECT_THAT(failed, HasSubstr("**FAIL**"));
  EXPECT_THAT(failed, HasSubstr("- **CST-02** Set gateway.loops"));
  EXPECT_FALSE(report.Launch());
}

TEST_P(PreflightTest, AStarWithoutDataStopsTheLaunch) {
  const auto launch = [&](const char* id) {
    return Report({.project = "nobody", .probes = false, .actor = "", .only = {id}}).Launch();
  };
  EXPECT_FALSE(launch("INS-01"));
  EXPECT_TRUE(launch("INS-06"));
  EXPECT_FALSE(launch("QLT-03"));  // Fails.
}

}  // namespace
}  // namespace pitot
