#include "gateway/budget/journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/status.h"
#include "gateway/budget/budget_test_util.h"

namespace pitot {
namespace {

class BudgetJournalTest : public ::testing::Test {
 protected:
  ~BudgetJournalTest() override { std::filesystem::remove_all(root_); }

  // A snapshot with one counter and a journal in which two calls are made.
  void Write(const std::string& folder) {
    auto journal = BudgetJournal::Open(folder);
    ASSERT_TRUE(journal.ok()) << journal.status();
    BudgetLedger ledger;
    BudgetLine& line = ledger.Add(1, ledger.AddSeries(1, "b", "shape").id, "ann");
    line.used_at = kTestNow;
    ASSERT_TRUE((*journal)->Begin(EncodeLedger(ledger, "boot", kNever), "boot", kTestNow).ok());
    std::string records;
    BudgetRecords out(records);
    out.Line(line);
    BudgetBucket& bucket = BudgetLedger::AddBucket(line, 0, kNever);
    out.Period(line, bucket);
    out.Lease(line, 0, 1000);
    BudgetCall call;
    call.at = kTestNow;
    call.holds.push_back({&line, 0, 300, true});
    out.Reserve(1, call);
    out.Reserve(2, call);
    out.Settle(1, 120);
    ASSERT_TRUE((*journal)->Append(records).ok());
  }
  absl::StatusOr<BudgetJournal::Loaded> Load(const std::string& folder, std::string_view boot) {
    auto journal = BudgetJournal::Open(folder);
    if (!journal.ok()) return journal.status();
    ledger_ = std::make_unique<BudgetLedger>();
    return (*journal)->Load(boot, *ledger_);
  }
  static std::string Bytes(const std::string& path) { return *ReadFile(path); }
  static void Put(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  const std::filesystem::path root_ = MakeTestFolder();
  const std::string folder_ = root_ / "ledger";
  std::unique_ptr<BudgetLedger> ledger_;
};

TEST_F(BudgetJournalTest, IsReadAsItWasWritten) {
  Write(folder_);
  const auto loaded = Load(folder_, "boot");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->exact);
  BudgetLine* const line = ledger_->Find(1, "ann");
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(line->spent, 120);
  EXPECT_EQ(line->reserved, 300);
  EXPECT_EQ(line->buckets[0].leased, 1000);
  EXPECT_EQ(ledger_->open_calls(), 1);
  EXPECT_EQ(ledger_->last_now(), kTestNow);
}

// Whatever of the last record is missing: it never was; all before it was.
TEST_F(BudgetJournalTest, CutAtEveryByte) {
  Write(folder_);
  const std::string path = folder_ + "/journal.1";
  const std::string bytes = Bytes(path);
  int64_t last_used = 0;
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    Put(path, std::string_view(bytes).substr(0, cut));
    const auto loaded = Load(folder_, "boot");
    if (cut < 20) continue;  // Half a header: that it is of this boot is not known.
    ASSERT_TRUE(loaded.ok()) << "cut at " << cut << ": " << loaded.status();
    BudgetLine* const line = ledger_->Find(1, "ann");
    const int64_t used = line == nullptr ? 0 : line->used();
    EXPECT_TRUE(used == 0 || used == 300 || used == 600 || used == 420) << "cut at " << cut;
    if (cut < bytes.size()) {
      EXPECT_GE(used, last_used) << "cut at " << cut;
    }
    last_used = used;
  }
  EXPECT_EQ(last_used, 420);
}

// A flipped bit is found; a call behind it is not silently lost.
TEST_F(BudgetJournalTest, DamageInTheMiddleIsRefused) {
  Write(folder_);
  const std::string path = folder_ + "/journal.1";
  const std::string bytes = Bytes(path);
  for (size_t at = 0; at + 20 < bytes.size(); ++at) {
    std::string broken = bytes;
    broken[at] = static_cast<char>(broken[at] ^ 0x40);
    Put(path, broken);
    const auto loaded = Load(folder_, "boot");
    if (loaded.ok()) {
      EXPECT_FALSE(loaded->exact) << "flipped at " << at << ": what is lost must count as spent";
    } else {
      EXPECT_EQ(loaded.status().code(), absl::StatusCode::kFailedPrecondition) << at;
    }
  }
}

TEST_F(BudgetJournalTest, AfterAPowerFailureHolesAreExpectedButNotInASnapshot) {
  Write(folder_);
  std::string bytes = Bytes(folder_ + "/journal.1");
  bytes[bytes.size() / 2] ^= 1;
  Put(folder_ + "/journal.1", bytes);
  const auto loaded = Load(folder_, "another boot");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_FALSE(loaded->exact);
  std::string snapshot = Bytes(folder_ + "/snapshot.1");
  snapshot[snapshot.size() - 1] ^= 1;
  Put(folder_ + "/snapshot.1", snapshot);
  EXPECT_EQ(Load(folder_, "another boot").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(BudgetJournalTest, FoldingSaysTheSame) {
  Write(folder_);
  {
    auto journal = BudgetJournal::Open(folder_);
    ASSERT_TRUE(journal.ok());
    BudgetLedger ledger;
    ASSERT_TRUE((*journal)->Load("boot", ledger).ok());
    auto next = (*journal)->Next("boot", kTestNow);
    ASSERT_TRUE(next.ok()) << next.status();
    (*journal)->Switch(*std::move(next));
    ASSERT_TRUE((*journal)->Fold(2, "boot", kNever).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/journal.1"));
  const auto loaded = Load(folder_, "boot");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->exact);
  EXPECT_EQ(ledger_->Find(1, "ann")->spent, 120);
  EXPECT_EQ(ledger_->Find(1, "ann")->reserved, 300);
  EXPECT_EQ(ledger_->open_calls(), 1);
}

}  // namespace
}  // namespace pitot
