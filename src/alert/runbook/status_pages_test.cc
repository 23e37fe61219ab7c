#include "alert/runbook/status_pages.h"

#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "base/status.h"

namespace pitot {
namespace {

constexpr UnixNanos kNow = 1'795'000'000'000'000'000;  // 2026-11-18T11:06:40Z

std::string Recorded(const std::string& name) {
  const auto text =
      ReadFile(std::string(PITOT_SOURCE_DIR) + "/tests/golden/status_pages/" + name + ".json");
  EXPECT_TRUE(text.ok()) << text.status().ToString();
  return text.ok() ? *text : "";
}

TEST(ParseStatusPageTest, ReadsStatuspageAndIncidentIo) {
  struct Case {
    const char* why;
    std::string summary, incidents;
    std::vector<std::string> components;
    PageState state;
    size_t shown, open;
  };
  const Case kCases[] = {
      {"all is well", Recorded("all_well"), "", {}, PageState::kOk, 0, 0},
      {"degraded", Recorded("anthropic_degraded"), "", {}, PageState::kDegraded, 1, 1},
      {"degraded, in what matters",
       Recorded("anthropic_degraded"),
       "",
       {"Claude API (api.anthropic.com)"},
       PageState::kDegraded,
       1,
       1},
      {"degraded, in something else",
       Recorded("anthropic_degraded"),
       "",
       {"CLAUDE.ai"},
       PageState::kOk,
       0,
       1},
      {"incident.io with its incidents",
       Recorded("openai_summary"),
       Recorded("openai_incidents"),
       {"Responses"},
       PageState::kOutage,
       1,
       1},
      {"incident.io without them",
       Recorded("openai_summary"),
       "",
       {"Chat Completions"},
       PageState::kOk,
       0,
       0},
      {"the whole of that page", Recorded("openai_summary"), "", {}, PageState::kOutage, 2, 0},
      {"none of the components", Recorded("all_well"), "", {"API"}, PageState::kUnknown, 0, 0},
      {"no JSON", "<html>", "", {}, PageState::kUnknown, 0, 0},
      {"no object", "[]", "", {}, PageState::kUnknown, 0, 0},
      {"nothing known in it", R"({"ok":true})", "", {}, PageState::kUnknown, 0, 0},
      {"a word that is not known",
       R"({"components":[{"name":"a","status":"meh"}]})",
       "",
       {"a"},
       PageState::kUnknown,
       1,
       0},
  };
  for (const Case& c : kCases) {
    const PageReport report = ParseStatusPage(c.summary, c.incidents, c.components);
    EXPECT_EQ(report.state, c.state) << c.why << ": " << Name(report.state);
    EXPECT_EQ(report.components.size(), c.shown) << c.why;
    EXPECT_EQ(report.incidents.size(), c.open) << c.why;
    if (report.state == PageState::kUnknown) {
      EXPECT_FALSE(report.description.empty() && report.components.empty()) << c.why;
    }
  }
  EXPECT_TRUE(NeedsIncidents(Recorded("openai_summary")));
  EXPECT_FALSE(NeedsIncidents(Recorded("all_well")));
  const PageReport report = ParseStatusPage(Recorded("anthropic_degraded"), "", {});
  EXPECT_EQ(report.description, "Partially Degraded Service");
  EXPECT_EQ(report.incidents[0].name, "Elevated errors on Claude Sonnet");
  EXPECT_EQ(report.incidents[0].started_at, 1'794'998'400'000'000'000);
  EXPECT_EQ(report.incidents[0].last_update, "We have found the cause and are working on it.");
}

TEST(ParseStatusPageTest, ACutAnswerIsNeverFine) {
  const std::string whole = Recorded("all_well");
  for (size_t cut = 0; cut + 2 < whole.size(); ++cut) {
    EXPECT_EQ(ParseStatusPage(whole.substr(0, cut), "", {}).state, PageState::kUnknown) << cut;
  }
}

TEST(KnownStatusPageTest, IsInTheCatalogue) {
  const auto page = KnownStatusPage("anthropic");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->url, "https://status.claude.com");
  EXPECT_FALSE(page->components.empty());
  EXPECT_TRUE(KnownStatusPage("openai"));
  EXPECT_FALSE(KnownStatusPage("nobody"));
  FakeClock clock(kNow);
  const StatusPages pages({{.provider = "openai"}, {.provider = "nobody"}}, clock);
  ASSERT_EQ(pages.List(kNow).size(), 1u);
  EXPECT_EQ(pages.List(kNow)[0].url, "https://status.openai.com");
}

// Answers from memory; counts what was asked.
class StatusPagesTest : public testing::Test {
 protected:
  StatusPagesTest() {
    pages_ = std::make_unique<StatusPages>(
        std::vector<StatusPageOptions>{{.provider = "anthropic", .url = "https://status.x/"}},
        clock_,
        [this](const std::string& url,
               const std::string& etag) -> absl::StatusOr<StatusPages::Reply> {
          ++asked_[url];
          last_etag_ = etag;
          const auto found = replies_.find(url);
          if (found == replies_.end()) return Unavailable("no connection to {}", url);
          return found->second;
        });
  }

  StatusPage Poll(UnixNanos now) {
    pages_->Poll(now);
    return *pages_->Of("anthropic", now);
  }

  static constexpr const char* kUrl = "https://status.x/api/v2/summary.json";
  FakeClock clock_{kNow};
  std::map<std::string, StatusPages::Reply> replies_;
  std::map<std::string, int> asked_;
  std::string last_etag_;
  std::unique_ptr<StatusPages> pages_;
};

TEST_F(StatusPagesTest, AsksEveryFiveMinutesAndEachMinuteWhileSomethingFires) {
  replies_[kUrl] = {.status = 200, .body = Recorded("all_well"), .etag = "\"1\""};
  EXPECT_EQ(Poll(kNow).report.state, PageState::kOk);
  Poll(kNow + 4 * kNanosPerMinute);
  EXPECT_EQ(asked_[kUrl], 1);
  pages_->SetFiring(true);
  Poll(kNow + 4 * kNanosPerMinute);
  EXPECT_EQ(asked_[kUrl], 2);
  EXPECT_EQ(last_etag_, "\"1\"");
  pages_->SetFiring(false);
  Poll(kNow + 5 * kNanosPerMinute);
  EXPECT_EQ(asked_[kUrl], 2);
}

TEST_F(StatusPagesTest, AnOldAnswerIsStaleAndItsErrorIsShown) {
  EXPECT_TRUE(Poll(kNow).stale);
  EXPECT_EQ(Poll(kNow).report.state, PageState::kUnknown) << "never UNKNOWN as fine";
  replies_[kUrl] = {.status = 200, .body = Recorded("anthropic_degraded"), .etag = "\"1\""};
  UnixNanos now = kNow + StatusPages::kEveryNs;
  EXPECT_FALSE(Poll(now).stale);
  replies_[kUrl] = {.status = 304};
  now += StatusPages::kEveryNs;
  EXPECT_EQ(Poll(now).fetched_at, now) << "not changed is an answer";
  EXPECT_EQ(Poll(now).report.state, PageState::kDegraded);
  replies_[kUrl] = {.status = 502};
  const UnixNanos later = now + StatusPages::kStaleNs + 1;
  const StatusPage page = Poll(later);
  EXPECT_TRUE(page.stale);
  EXPECT_EQ(page.error, "https://status.x answered 502");
  EXPECT_EQ(page.report.state, PageState::kDegraded) << "as it was";
}

TEST_F(StatusPagesTest, FollowsRedirectsToHttpsOnly) {
  replies_[kUrl] = {.status = 302, .location = "https://status.y/api/v2/summary.json"};
  replies_["https://status.y/api/v2/summary.json"] = {.status = 200, .body = Recorded("all_well")};
  EXPECT_EQ(Poll(kNow).report.state, PageState::kOk);
  replies_[kUrl] = {.status = 302, .location = "http://evil/"};
  EXPECT_NE(Poll(kNow + StatusPages::kEveryNs).error.find("not https"), std::string::npos);
  replies_[kUrl] = {.status = 302, .location = "/api/v2/summary.json"};
  EXPECT_NE(Poll(kNow + 2 * StatusPages::kEveryNs).error.find("too many redirects"),
            std::string::npos);
}

TEST_F(StatusPagesTest, AsksForIncidentsWhereTheSummaryHasNone) {
  replies_[kUrl] = {.status = 200, .body = Recorded("openai_summary")};
  replies_["https://status.x/api/v2/incidents.json"] = {.status = 200,
                                                        .body = Recorded("openai_incidents")};
  const StatusPage page = Poll(kNow);
  ASSERT_EQ(page.report.incidents.size(), 1u);
  EXPECT_EQ(page.report.incidents[0].status, "investigating");
  EXPECT_FALSE(pages_->Of("openai", kNow)) << "no page of that provider";
}

TEST_F(StatusPagesTest, StartsAndStops) {
  replies_[kUrl] = {.status = 200, .body = Recorded("all_well")};
  pages_->Start();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (pages_->Of("anthropic", kNow)->fetched_at == 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), until) << "its thread did not ask";
    std::this_thread::yield();
  }
  pages_->Stop();
  pages_->Stop();
}

}  // namespace
}  // namespace pitot
