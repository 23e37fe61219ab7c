#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/bounded_queue.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/status.h"

namespace pitot {
namespace {

TEST(Status, RetryAfterSurvivesAnnotation) {
  const absl::Status status = Annotate(
      WithRetryAfter(absl::UnavailableError("spool full"), std::chrono::milliseconds(1500)),
      "ingest");
  EXPECT_EQ(status.message(), "ingest: spool full");
  EXPECT_EQ(RetryAfter(status).count(), 1500);
  EXPECT_EQ(RetryAfter(absl::UnavailableError("x")).count(), 0);
}

TEST(Status, OnlyTheRetryableAnswersAreMarkedRetry) {
  for (const StatusRow& row : kStatusRows) {
    const bool http_retry =
        row.http == 429 || row.http == 502 || row.http == 503 || row.http == 504;
    EXPECT_EQ(row.retry, http_retry) << row.http;
  }
}

TEST(Hex, RoundTripAndRejects) {
  char raw[3];
  ASSERT_TRUE(FromHex("00fFa9", raw, 3));
  EXPECT_EQ(ToHex({raw, 3}), "00ffa9");
  EXPECT_FALSE(FromHex("00ff", raw, 3)) << "too short";
  EXPECT_FALSE(FromHex("00fg11", raw, 3)) << "not hex";
}

TEST(Hash, KnownVectors) {
  // RFC 3720 B.4: 32 bytes of zero.
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(Crc32c("6789", Crc32c("12345")), Crc32c("123456789"));
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283U);
  // FIPS 180-2: "abc".
  const auto sha = Sha128("abc");
  EXPECT_EQ(ToHex({reinterpret_cast<const char*>(sha.data()), sha.size()}),
            "ba7816bf8f01cfea414140de5dae2223");
}

// FIPS 180-4 examples; each thread has a state of its own.
TEST(Sha256, IsTheStandards) {
  const auto check = [] {
    EXPECT_EQ(DigestToHex(Sha256("")),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(DigestToHex(Sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(DigestToHex(Sha256(std::string(1'000'000, 'a'))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  };
  check();
  std::thread(check).join();
  Sha256Digest digest;
  EXPECT_TRUE(DigestFromHex(DigestToHex(Sha256("abc")), digest));
  EXPECT_EQ(digest, Sha256("abc"));
  EXPECT_FALSE(DigestFromHex("ba78", digest));
}

TEST(BoundedQueue, SaysNoWhenFullAndDrainsAfterClose) {
  BoundedQueue<int> queue(2);
  int a = 1, b = 2, c = 3;
  EXPECT_TRUE(queue.TryPush(a));
  EXPECT_TRUE(queue.TryPush(b));
  EXPECT_FALSE(queue.TryPush(c));
  queue.Close();
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), 2);
  EXPECT_EQ(queue.Pop(), std::nullopt);
  EXPECT_FALSE(queue.TryPush(c));
}

TEST(File, AtomicReplaceAndLock) {
  const std::string folder = ::testing::TempDir() + "/base_test." + std::to_string(::getpid());
  ASSERT_TRUE(MakeFolders(folder + "/a/b").ok());
  ASSERT_TRUE(WriteFileAtomic(folder + "/a/f", "one").ok());
  ASSERT_TRUE(WriteFileAtomic(folder + "/a/f", "two").ok());
  EXPECT_EQ(ReadFile(folder + "/a/f").value(), "two");
  EXPECT_EQ(ListFolder(folder + "/a").value(), (std::vector<std::string>{"b", "f"}));
  EXPECT_EQ(ReadFile(folder + "/nope").status().code(), absl::StatusCode::kNotFound);
  auto lock = LockFile(folder + "/lock");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(LockFile(folder + "/lock").status().code(), absl::StatusCode::kFailedPrecondition);
  std::filesystem::remove_all(folder);
}

TEST(Limits, DefaultsLieWithinTheirBounds) {
  const Limits limits;
  for (const LimitRow& row : kLimitRows) {
    EXPECT_LE(row.min, limits.*row.value) << row.name;
    EXPECT_GE(row.max, limits.*row.value) << row.name;
    EXPECT_FALSE(row.at_limit.empty()) << row.name;
  }
}

}  // namespace
}  // namespace pitot
