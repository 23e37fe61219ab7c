// Disks that are full, and spool files that rot: senders are told to wait, the rest survives.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/file.h"
#include "store/testing/server.h"
#include "tests/faults/otlp_body.h"
#include "tests/faults/pitot_process.h"

namespace pitot {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

class DiskTest : public testing::Test {
 protected:
  void SetUp() override {
    pitot_.Set("ingest.batch_delay", "20ms");
    if (!IsSanitizedBuild()) return;
    server_.Start();
    pitot_.Set("store.mode", "remote");
    pitot_.Set("store.urls", server_.url());
  }

  HttpReply Post(uint64_t number, std::string_view text = "") {
    auto reply = PostSpans(client_, pitot_, SmallBody(number, text));
    EXPECT_TRUE(reply.ok()) << reply.status() << "\n" << pitot_.Log();
    return reply.ok() ? *std::move(reply) : HttpReply{};
  }
  void ExpectAccepted(uint64_t first, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      const HttpReply reply = Post(first + i);
      EXPECT_EQ(reply.status, 200) << reply.body << "\n" << pitot_.Log();
    }
  }
  static void ExpectWait(const HttpReply& reply, std::string_view word) {
    EXPECT_EQ(reply.status, 503) << reply.body;
    EXPECT_GT(std::atoi(std::string(reply.headers.Get("retry-after")).c_str()), 0) << reply.body;
    EXPECT_NE(reply.body.find(word), std::string::npos) << reply.body;
  }
  // Ids of the spans in the store, as numbers.
  std::string StoredIds() {
    EXPECT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
    return SqlRows(pitot_,
                   "SELECT arrayStringConcat(arraySort(groupArray(span_id)), ' ') FROM spans");
  }
  static std::string Ids(std::vector<uint64_t> numbers) {
    std::string text;
    for (const uint64_t number : numbers) text += (text.empty() ? "" : " ") + SpanHex(number);
    return "[\"" + text + "\"]";
  }

  TempFolder folder_;
  TestServer server_{folder_ / "server"};
  PitotProcess pitot_{folder_ / "pitot"};
  HttpClient client_;
};

TEST_F(DiskTest, TooLittleSpaceTurnsSendersAwayAndNothingElse) {
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  ExpectAccepted(1, 3);
  pitot_.Kill();
  pitot_.Set("spool.disk_free_bytes", "1000TiB");
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  ExpectWait(Post(4), "spool.disk_free_bytes");
  // Questions are answered, and what was taken before is stored.
  EXPECT_EQ(StoredIds(), Ids({1, 2, 3}));
  pitot_.Kill();
  pitot_.Set("spool.disk_free_bytes", "0");
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  ExpectAccepted(4, 1);
  EXPECT_EQ(StoredIds(), Ids({1, 2, 3, 4}));
}

TEST_F(DiskTest, WritesThatFailAreNotAcknowledgedAndSendersMayComeAgain) {
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  ExpectAccepted(1, 3);
  EXPECT_EQ(StoredIds(), Ids({1, 2, 3}));
  // The store cannot write either now.
  pitot_.LimitFileSize(1);
  for (uint64_t i = 4; i < 8; ++i) ExpectWait(Post(i), "write");
  pitot_.LimitFileSize(-1);
  // Without a restart; also what was refused before.
  ExpectAccepted(6, 5);
  EXPECT_EQ(StoredIds(), Ids({1, 2, 3, 6, 7, 8, 9, 10}));

  pitot_.LimitFileSize(1);
  ExpectWait(Post(11), "write");
  pitot_.Kill();
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  ExpectAccepted(12, 1);
  EXPECT_EQ(StoredIds(), Ids({1, 2, 3, 6, 7, 8, 9, 10, 12}));
}

// libchdb by itself calls such inserts successful (src/store/engine/engine_writes.h).
TEST_F(DiskTest, AFullDiskUnderTheStoreDelaysWhatIsStored) {
  if (IsSanitizedBuild()) GTEST_SKIP() << "needs the embedded store";
  pitot_.Set("ingest.batch_delay", "500ms");
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  // Text that does not compress below the limit.
  std::mt19937 random(1);
  std::string text(200'000, ' ');
  for (char& c : text) c = static_cast<char>('0' + random() % 64);
  ASSERT_EQ(Post(1, text).status, 200);
  // Room for the spool's journal, not for the store's part.
  pitot_.LimitFileSize(20'000);
  const auto refused = [this] {
    return GetText(pitot_, "/api/v1/receipts").find("refuses writes: File too large") !=
           std::string::npos;
  };
  EXPECT_TRUE(Poll(refused, seconds(20))) << GetText(pitot_, "/api/v1/receipts");
  pitot_.LimitFileSize(-1);
  EXPECT_EQ(StoredIds(), Ids({1}));
  EXPECT_EQ(DropTotal(pitot_, "quarantined"), 0);
  EXPECT_FALSE(refused()) << GetText(pitot_, "/api/v1/receipts");
  const std::string shown =
      GetText(pitot_, fmt::format("/api/v1/traces/{}/spans/{}", TraceHex(1), SpanHex(1)));
  EXPECT_GE(shown.size(), text.size());

  // Killed while it waits, the same.
  ASSERT_EQ(Post(2, text).status, 200);
  pitot_.LimitFileSize(20'000);
  EXPECT_TRUE(Poll(refused, seconds(20))) << GetText(pitot_, "/api/v1/receipts");
  pitot_.Kill();
  ASSERT_NO_FATAL_FAILURE(pitot_.Start());
  EXPECT_EQ(StoredIds(), Ids({1, 2}));
}

// Records that cannot be flushed for the length of the test, so that they are read back from files.
class RottenSpoolTest : public DiskTest {
 protected:
  static constexpr uint64_t kSpans = 60;

  void SetUp() override {
    DiskTest::SetUp();
    pitot_.Set("ingest.batch_delay", "1m");
    pitot_.Set("spool.segment_bytes", "4KiB");
    ASSERT_NO_FATAL_FAILURE(pitot_.Start());
    for (uint64_t i = 1; i <= kSpans; ++i) {
      ASSERT_EQ(Post(i, Note(i)).status, 200);
    }
    pitot_.Kill();
    for (const auto& entry : fs::directory_iterator(pitot_.data_folder() + "/spool")) {
      if (entry.path().extension() == ".spool") segments_.push_back(entry.path());
    }
    std::sort(segments_.begin(), segments_.end());
    ASSERT_GE(segments_.size(), 3u) << "too few files to spoil one in the middle";
  }

  // Makes a record easy to find, and no two alike.
  static std::string Note(uint64_t number) {
    return fmt::format("note-{}-{}", number, std::string(200, 'n'));
  }

  std::string Read(size_t segment) { return ReadFile(segments_[segment]).value(); }
  void Write(size_t segment, std::string_view bytes) {
    std::ofstream(segments_[segment], std::ios::binary | std::ios::trunc) << bytes;
  }
  // The numbers of the spans whose records a file holds.
  static std::vector<uint64_t> NumbersIn(const std::string& bytes) {
    std::vector<uint64_t> numbers;
    for (uint64_t i = 1; i <= kSpans; ++i) {
      if (bytes.find(Note(i)) != std::string::npos) numbers.push_back(i);
    }
    return numbers;
  }

  void ExpectStoredBut(const std::vector<uint64_t>& lost, int64_t corrupt) {
    pitot_.Set("ingest.batch_delay", "20ms");
    ASSERT_NO_FATAL_FAILURE(pitot_.Start());
    std::vector<uint64_t> expected;
    for (uint64_t i = 1; i <= kSpans + 1; ++i) {
      if (std::find(lost.begin(), lost.end(), i) == lost.end()) expected.push_back(i);
    }
    // What comes after the damage is taken and stored as ever.
    ExpectAccepted(kSpans + 1, 1);
    EXPECT_EQ(StoredIds(), Ids(expected));
    EXPECT_EQ(DropTotal(pitot_, "spool_corrupt"), corrupt);
  }

  std::vector<std::string> segments_;
};

TEST_F(RottenSpoolTest, AFlippedBitLosesItsRecord) {
  std::string bytes = Read(1);
  const std::vector<uint64_t> numbers = NumbersIn(bytes);
  ASSERT_GE(numbers.size(), 3u);
  bytes[bytes.find(Note(numbers[1]))] ^= 0x10;
  Write(1, bytes);
  ExpectStoredBut({numbers[1]}, 1);
}

TEST_F(RottenSpoolTest, AHoleLosesWhatItCovers) {
  std::string bytes = Read(1);
  const std::vector<uint64_t> numbers = NumbersIn(bytes);
  ASSERT_GE(numbers.size(), 4u);
  const size_t first = bytes.find(Note(numbers[1]));
  const size_t last = bytes.find(Note(numbers[2]));
  std::fill(bytes.begin() + static_cast<ptrdiff_t>(first),
            bytes.begin() + static_cast<ptrdiff_t>(last), '\0');
  Write(1, bytes);
  ExpectStoredBut({numbers[1], numbers[2]}, 1);
}

TEST_F(RottenSpoolTest, AFileCutShortLosesItsEnd) {
  const std::string bytes = Read(1);
  const std::vector<uint64_t> numbers = NumbersIn(bytes);
  ASSERT_GE(numbers.size(), 2u);
  Write(1, bytes.substr(0, bytes.find(Note(numbers.back()))));
  ExpectStoredBut({numbers.back()}, 1);
}

TEST_F(RottenSpoolTest, TheLastRecordMayRotToo) {
  const size_t last = segments_.size() - 1;
  std::string bytes = Read(last);
  bytes[bytes.find(Note(kSpans))] ^= 0x10;
  Write(last, bytes);
  ExpectStoredBut({kSpans}, 1);
}

TEST_F(RottenSpoolTest, ATornWriteAtTheEndIsNoLoss) {
  const size_t last = segments_.size() - 1;
  const std::string bytes = Read(last);
  Write(last, bytes + bytes.substr(16, 30));
  ExpectStoredBut({}, 0);
}

TEST_F(RottenSpoolTest, AJournalOfGarbageIsNoLoss) {
  std::ofstream(pitot_.data_folder() + "/spool/journal", std::ios::app)
      << "D 99999999 deadbeef\nB \xff\xfe 7\n"
      << std::string(1000, '\0');
  ExpectStoredBut({}, 0);
}

}  // namespace
}  // namespace pitot
