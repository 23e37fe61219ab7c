// The state log over both kinds of store, and without one.
#include "store/state.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "base/status.h"
#include "store/testing/store_test_base.h"

namespace pitot {
namespace {

StateEvent Event(std::string kind, std::string id, std::string body, bool is_deleted = false) {
  StateEvent event;
  event.kind = std::move(kind);
  event.id = std::move(id);
  event.actor = "tester";
  event.body = std::move(body);
  event.is_deleted = is_deleted;
  return event;
}

class StateLogTest : public StoreTestBase {
 protected:
  std::unique_ptr<StateLog> Open() {
    auto log = StateLog::Open(folder_ / "state", clock_);
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }
  static std::string Body(const StateLog& log, std::string_view kind, std::string_view id) {
    const auto event = log.Find(kind, id);
    return event ? event->body : "none";
  }
};

PITOT_FOR_EACH_STORE(StateLogTest);

TEST_P(StateLogTest, TheNewestEventHoldsAlsoAfterARestartWithoutStore) {
  {
    const auto log = Open();
    ASSERT_TRUE(log->Append(Event("view", "a", R"({"v":1})")).ok());
    ASSERT_TRUE(
        log->Append(Event("view", "a", "{\"v\":\"tab\\t and line\\n, raw: \t\n\\\"}")).ok());
    ASSERT_TRUE(log->Append(Event("view", "b", "{}")).ok());
    ASSERT_TRUE(log->Append(Event("view", "b", "", true)).ok());
    ASSERT_TRUE(log->Append(Event("viewer", "c", "{}")).ok());
  }
  const auto log = Open();
  EXPECT_EQ(Body(*log, "view", "a"), "{\"v\":\"tab\\t and line\\n, raw: \t\n\\\"}");
  ASSERT_EQ(log->Latest("view").size(), 1u);
  EXPECT_EQ(log->Latest("view")[0].id, "a");
  EXPECT_TRUE(log->Find("view", "b")->is_deleted);
  EXPECT_EQ(log->unapplied(), 5u);
}

TEST_P(StateLogTest, TimeAndNumberNeverGoBack) {
  const auto log = Open();
  const auto first = log->Append(Event("view", "a", "1"));
  clock_.Advance(-std::chrono::hours(1));
  const auto second = log->Append(Event("view", "a", "2"));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_GE(second->at_ns, first->at_ns);
  EXPECT_GT(second->seq, first->seq);
  EXPECT_EQ(Body(*log, "view", "a"), "2");
}

TEST_P(StateLogTest, TheTableHasEveryEventOnceAndHistoryIsNewestFirst) {
  const auto log = Open();
  ASSERT_TRUE(log->Append(Event("view", "a", "1")).ok());
  ASSERT_TRUE(log->Append(Event("view", "a", "2")).ok());
  ASSERT_TRUE(log->Append(Event("audit", "x", "did")).ok());
  ASSERT_TRUE(log->Apply(engine()).ok());
  EXPECT_EQ(log->unapplied(), 0u);
  ASSERT_TRUE(log->Append(Event("view", "a", "3")).ok());
  auto history = log->History(engine(), "view", "a", 10, kStoreTestDeadline);
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_EQ(history->size(), 3u);
  EXPECT_EQ((*history)[0].body, "3");
  EXPECT_EQ((*history)[2].body, "1");
  // The journal is still there: a restart writes it again, and nothing is twice.
  const auto again = Open();
  ASSERT_TRUE(again->Apply(engine()).ok());
  history = again->History(engine(), "view", "", 2, kStoreTestDeadline);
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->size(), 2u);
  EXPECT_EQ(Tsv("SELECT count() FROM state FINAL"), "4");
}

TEST_P(StateLogTest, ALostFolderIsReadBackFromTheTable) {
  {
    const auto log = Open();
    ASSERT_TRUE(log->Append(Event("view", "a", "kept")).ok());
    ASSERT_TRUE(log->Append(Event("view", "gone", "", true)).ok());
    ASSERT_TRUE(log->Apply(engine()).ok());
  }
  std::filesystem::remove_all(folder_ / "state");
  const auto log = Open();
  EXPECT_EQ(Body(*log, "view", "a"), "none");
  ASSERT_TRUE(log->Apply(engine()).ok());
  EXPECT_EQ(Body(*log, "view", "a"), "kept");
  EXPECT_TRUE(log->Find("view", "gone")->is_deleted);
}

TEST_P(StateLogTest, TheThreadWritesToTheTableAndALongJournalBecomesASnapshot) {
  const auto log = Open();
  log->Start(engine());
  const std::string body(10'000, 'x');
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(log->Append(Event("audit", fmt::format("{}", i), body)).ok());
    ASSERT_TRUE(log->Append(Event("view", "a", fmt::format("{}", i))).ok());
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (log->unapplied() > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(log->unapplied(), 0u);
  EXPECT_EQ(Tsv("SELECT kind, count() FROM state FINAL GROUP BY kind ORDER BY kind"),
            "audit\t60\nview\t60");
  log->Stop();
  ASSERT_TRUE(std::filesystem::exists(folder_ / "state/snapshot"));
  EXPECT_LT(std::filesystem::file_size(folder_ / "state/snapshot"), 10'000u);
  const auto again = Open();
  EXPECT_EQ(Body(*again, "view", "a"), "59");
}

TEST_P(StateLogTest, AJournalThatCannotBeReplacedTakesNothingUntilItCan) {
  const std::string journal = folder_ / "state/journal";
  const auto log = Open();
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(log->Append(Event("view", "a", std::string(10'000, 'x'))).ok());
  }
  // A folder in its place cannot be replaced by a file.
  std::filesystem::remove(journal);
  std::filesystem::create_directories(journal + "/in_the_way");
  EXPECT_FALSE(log->Apply(engine()).ok()) << "the long journal was to become a snapshot";
  EXPECT_EQ(log->Append(Event("view", "a", "lost?")).status().code(),
            absl::StatusCode::kUnavailable);
  std::filesystem::remove_all(journal);
  ASSERT_TRUE(log->Append(Event("view", "a", "kept")).ok());
  EXPECT_EQ(Body(*Open(), "view", "a"), "kept");
}

TEST_P(StateLogTest, ATornTailIsCutAndDamageIsNamed) {
  const std::string journal = folder_ / "state/journal";
  {
    const auto log = Open();
    ASSERT_TRUE(log->Append(Event("view", "a", "1")).ok());
    ASSERT_TRUE(log->Append(Event("view", "b", "2")).ok());
  }
  const std::string whole = ReadFile(journal).value();
  // Cut at every byte: what was whole is kept.
  const size_t first = whole.find('\n') + 1;
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    std::ofstream(journal, std::ios::trunc) << whole.substr(0, cut);
    const auto log = Open();
    ASSERT_NE(log, nullptr) << "cut at " << cut;
    EXPECT_EQ(log->unapplied(), cut == whole.size() ? 2u : cut >= first ? 1u : 0u) << cut;
    ASSERT_TRUE(log->Append(Event("view", "c", "3")).ok());
    EXPECT_EQ(Body(*Open(), "view", "c"), "3") << "cut at " << cut;
  }
  std::string rotten = whole;
  rotten[12] ^= 1;
  std::ofstream(journal, std::ios::trunc) << rotten;
  const auto damaged = StateLog::Open(folder_ / "state", clock_);
  EXPECT_EQ(damaged.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(damaged.status().message().find("journal"), absl::string_view::npos);
}

}  // namespace
}  // namespace pitot
