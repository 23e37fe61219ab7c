#include "ingest/spool/spool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <latch>
#include <random>

#include "base/status.h"
#include "ingest/spool/spool_format.h"

namespace pitot {
namespace {

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() {
    std::string pattern = ::testing::TempDir() + "/spool.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SpoolTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Spool> Open(SpoolOptions options = {}) {
    options.folder = folder_;
    options.disk_free_bytes_min = 0;
    auto spool = Spool::Open(options, clock_);
    EXPECT_TRUE(spool.ok()) << spool.status();
    (*spool)->Start();
    return std::move(spool).value();
  }

  // Appends and waits for the answer.
  static absl::Status Put(Spool& spool, std::vector<std::string> records) {
    std::latch done(1);
    absl::Status answer;
    spool.Append(std::move(records), [&](absl::Status status) {
      answer = std::move(status);
      done.count_down();
    });
    done.wait();
    return answer;
  }

  static std::vector<std::string> ReadAll(Spool& spool) {
    std::vector<std::string> out;
    while (true) {
      auto entry = spool.ReadNext();
      EXPECT_TRUE(entry.ok()) << entry.status();
      if (!entry.ok() || !entry->has_value()) return out;
      out.push_back((*entry)->payload);
    }
  }

  std::string OnlySegment() const {
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      if (file.path().extension() == ".spool") return file.path();
    }
    return "";
  }

  SystemClock clock_;
  std::string folder_;
};

TEST_F(SpoolTest, WhatWasAcknowledgedIsReadBackInOrderAfterReopen) {
  {
    auto spool = Open();
    ASSERT_TRUE(Put(*spool, {"one", "two"}).ok());
    ASSERT_TRUE(Put(*spool, {"", std::string(3'000'000, 'x')}).ok());
  }
  auto spool = Open();
  const auto read = ReadAll(*spool);
  ASSERT_EQ(read.size(), 4u);
  EXPECT_EQ(read[0], "one");
  EXPECT_EQ(read[1], "two");
  EXPECT_EQ(read[2], "");
  EXPECT_EQ(read[3].size(), 3'000'000u);
  ASSERT_TRUE(Put(*spool, {"five"}).ok());
  EXPECT_EQ(ReadAll(*spool), std::vector<std::string>{"five"});
}

TEST_F(SpoolTest, FinishedEntriesAreNotReadAgainAndTheirSegmentsGo) {
  {
    auto spool = Open({.segment_bytes = 100});
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(Put(*spool, {std::string(60, static_cast<char>('a' + i))}).ok());
    }
    uint64_t bytes = 0;
    for (int i = 0; i < 15; ++i) bytes += (*spool->ReadNext())->file_bytes;
    ASSERT_TRUE(spool->BeginBatch(1, 15).ok());
    spool->FinishBatch(15, bytes);
    EXPECT_LE(spool->Stats().segments, 4u);
  }
  auto spool = Open();
  EXPECT_TRUE(spool->replay_ends().empty());
  const auto read = ReadAll(*spool);
  ASSERT_EQ(read.size(), 5u);
  EXPECT_EQ(read[0][0], 'p');
}

TEST_F(SpoolTest, BatchesThatWereBeingWrittenAreReplayedWithTheSameEnds) {
  {
    auto spool = Open();
    ASSERT_TRUE(Put(*spool, {"1", "2", "3", "4", "5"}).ok());
    ASSERT_TRUE(spool->BeginBatch(1, 2).ok());
    spool->FinishBatch(2, 0);
    ASSERT_TRUE(spool->BeginBatch(3, 3).ok());
    ASSERT_TRUE(spool->BeginBatch(4, 5).ok());
  }
  auto spool = Open();
  EXPECT_EQ(spool->replay_ends(), (std::vector<uint64_t>{3, 5}));
  EXPECT_EQ((*spool->ReadNext())->seq, 3u);
}

TEST_F(SpoolTest, ATailCutAtAnyByteLosesOnlyTheTornRecord) {
  {
    auto spool = Open();
    ASSERT_TRUE(Put(*spool, {"first", "second", "third"}).ok());
  }
  const std::string segment = OnlySegment();
  const std::string whole = ReadFile(segment).value();
  size_t two_end = kSegmentHeaderBytes + 2 * kRecordHeaderBytes + 5 + 6;
  size_t one_end = kSegmentHeaderBytes + kRecordHeaderBytes + 5;
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    ASSERT_TRUE(WriteFileAtomic(segment, whole.substr(0, cut)).ok());
    auto spool = Open();
    const size_t want = cut == whole.size() ? 3 : cut >= two_end ? 2 : cut >= one_end ? 1 : 0;
    ASSERT_EQ(ReadAll(*spool).size(), want) << "cut at " << cut;
    // And it takes new entries behind the cut.
    ASSERT_TRUE(Put(*spool, {"new"}).ok()) << "cut at " << cut;
    ASSERT_EQ(ReadAll(*spool), std::vector<std::string>{"new"}) << "cut at " << cut;
    spool.reset();
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      std::filesystem::remove(file.path());
    }
  }
}

TEST_F(SpoolTest, ADamagedRecordIsSkippedAndCountedAndTheRestIsRead) {
  {
    auto spool = Open();
    ASSERT_TRUE(Put(*spool, {"first", "second", "third"}).ok());
  }
  const std::string segment = OnlySegment();
  const std::string whole = ReadFile(segment).value();
  const size_t begin = kSegmentHeaderBytes + kRecordHeaderBytes + 5;
  const size_t end = begin + kRecordHeaderBytes + 6;
  for (size_t at = begin; at < end; ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x5a);
    ASSERT_TRUE(WriteFileAtomic(segment, bad).ok());
    auto spool = Open();
    ASSERT_EQ(ReadAll(*spool), (std::vector<std::string>{"first", "third"})) << "byte " << at;
    EXPECT_EQ(spool->Stats().corrupt_records, 1u) << "byte " << at;
  }
}

// As at a crash a record may be torn, but not whole and wrong: it may have been acknowledged.
TEST_F(SpoolTest, ADamagedLastRecordIsCountedAndNotWaitedFor) {
  {
    auto spool = Open({.segment_bytes = 1});
    ASSERT_TRUE(Put(*spool, {"first"}).ok());
    ASSERT_TRUE(Put(*spool, {"second"}).ok());
  }
  const std::string segment = folder_ + "/0000000000000002.spool";
  std::string bytes = ReadFile(segment).value();
  bytes.back() = 'x';
  ASSERT_TRUE(WriteFileAtomic(segment, bytes).ok());
  {
    auto spool = Open();
    EXPECT_EQ(spool->Stats().corrupt_records, 1u);
    EXPECT_EQ(ReadAll(*spool), std::vector<std::string>{"first"});
  }
  // The same where a later segment exists, and is empty.
  ASSERT_TRUE(WriteFileAtomic(segment, bytes).ok());
  ASSERT_TRUE(WriteFileAtomic(folder_ + "/0000000000000003.spool", SegmentHeader()).ok());
  auto spool = Open();
  EXPECT_EQ(ReadAll(*spool), std::vector<std::string>{"first"});
  EXPECT_EQ(spool->Stats().corrupt_records, 1u);
  EXPECT_FALSE(spool->WaitReadable(std::chrono::milliseconds(1))) << "nothing is left to read";
  ASSERT_TRUE(Put(*spool, {"new"}).ok());
  EXPECT_TRUE(spool->WaitReadable(std::chrono::milliseconds(1)));
  EXPECT_EQ(ReadAll(*spool), std::vector<std::string>{"new"});
}

TEST_F(SpoolTest, AWriteThatFailsMeansUnavailableWithRetryAfterUntilOneSucceeds) {
  auto spool = Open({.segment_bytes = 1});
  ASSERT_TRUE(Put(*spool, {"first"}).ok());
  // The next segment cannot be made.
  const std::string path = folder_ + "/0000000000000002.spool";
  std::filesystem::create_directory(path);
  const absl::Status status = Put(*spool, {"second"});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_GT(RetryAfter(status).count(), 0);
  EXPECT_FALSE(spool->Stats().error.empty());
  std::filesystem::remove(path);
  EXPECT_TRUE(Put(*spool, {"third"}).ok());
  EXPECT_TRUE(spool->Stats().error.empty()) << spool->Stats().error;
  EXPECT_EQ(ReadAll(*spool), (std::vector<std::string>{"first", "third"}));
}

TEST_F(SpoolTest, FullMeansUnavailableWithRetryAfterAndRoomAgainAfterFinish) {
  auto spool = Open({.max_bytes = 1000});
  ASSERT_TRUE(Put(*spool, {std::string(800, 'x')}).ok());
  const absl::Status full = Put(*spool, {std::string(800, 'x')});
  EXPECT_EQ(full.code(), absl::StatusCode::kUnavailable);
  EXPECT_GT(RetryAfter(full).count(), 0);
  EXPECT_NE(Message(full).find("spool.max_bytes is 1000"), std::string_view::npos) << full;
  const auto entry = spool->ReadNext();
  spool->FinishBatch((*entry)->seq, (*entry)->file_bytes);
  EXPECT_TRUE(Put(*spool, {std::string(800, 'x')}).ok());
}

TEST_F(SpoolTest, ASegmentOfANewerVersionIsRefusedByName) {
  { Open(); }
  std::string header = SegmentHeader();
  header[8] = 9;
  ASSERT_TRUE(WriteFileAtomic(folder_ + "/0000000000000001.spool", header).ok());
  SpoolOptions options;
  options.folder = folder_;
  const auto spool = Spool::Open(options, clock_);
  EXPECT_EQ(spool.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(Message(spool.status()).find("version 9"), std::string_view::npos) << spool.status();
}

TEST_F(SpoolTest, AppendAfterStopIsRefused) {
  auto spool = Open();
  spool->Stop();
  EXPECT_EQ(Put(*spool, {"x"}).code(), absl::StatusCode::kUnavailable);
}

TEST_F(SpoolTest, ConcurrentAppendsShareSyncsAndLoseNothing) {
  auto spool = Open({.segment_bytes = 4000});
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&spool, t] {
        for (int i = 0; i < kEach; ++i) {
          EXPECT_TRUE(Put(*spool, {fmt::format("{}:{}", t, i)}).ok());
        }
      });
    }
  }
  std::vector<std::string> read = ReadAll(*spool);
  std::sort(read.begin(), read.end());
  EXPECT_EQ(std::unique(read.begin(), read.end()), read.end());
  EXPECT_EQ(read.size(), static_cast<size_t>(kThreads * kEach));
  EXPECT_LE(spool->Stats().syncs, static_cast<uint64_t>(kThreads * kEach));
}

}  // namespace
}  // namespace pitot
