// Migrations, retention, health and durability of a store of either kind.
#include "store/store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "store/migrate.h"
#include "store/schema.h"
#include "store/testing/store_test_base.h"

namespace pitot {
namespace {

using absl::StatusCode;

class StoreTest : public StoreTestBase {};
PITOT_FOR_EACH_STORE(StoreTest);

constexpr std::string_view kTables =
    "SELECT arrayStringConcat(arraySort(groupArray(name)), ' ') FROM system.tables "
    "WHERE database = currentDatabase()";

TEST_P(StoreTest, MigratesFromNothing) {
  EXPECT_EQ(
      Tsv(kTables),
      "erased erased_payloads facts logs metric_points payloads schema_version scores spans state "
      "traces");
  EXPECT_EQ(Tsv("SELECT max(version), count(), any(applied_ns) FROM schema_version"),
            fmt::format("{0}\t{0}\t{1}", SchemaFiles().size(), clock_.Now()));
  EXPECT_EQ(store_->Health(kStoreTestDeadline).schema_version, SchemaFiles().size());
}

TEST_P(StoreTest, MigratesOnceAndGoesOnWhereItStopped) {
  const std::string before = Tsv("SELECT * FROM schema_version FINAL ORDER BY version");
  clock_.Advance(std::chrono::hours(1));
  OpenStore();
  EXPECT_EQ(Tsv("SELECT * FROM schema_version FINAL ORDER BY version"), before);

  // As if the program had been killed between the last file's statements and its record.
  std::vector<EmbeddedText> files(SchemaFiles().begin(), SchemaFiles().end());
  files.push_back({"999_more.sql",
                   "CREATE TABLE IF NOT EXISTS more_a (a UInt8) ENGINE = Memory;\n"
                   "CREATE TABLE IF NOT EXISTS more_b (b UInt8) ENGINE = Memory;\n"});
  ASSERT_TRUE(Execute("CREATE TABLE more_a (a UInt8) ENGINE = Memory").ok());
  const auto version = Migrate(engine(), files, clock_.Now());
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(*version, files.size());
  EXPECT_EQ(Tsv("EXISTS TABLE more_b"), "1");
}

TEST_P(StoreTest, RefusesTablesOfANewerProgram) {
  ASSERT_TRUE(Execute("INSERT INTO schema_version VALUES (999, '999_future.sql', 1)").ok());
  CloseStore();
  const auto store = Store::Open(Options(), clock_);
  EXPECT_EQ(store.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(store.status().ToString().find("schema version 999"), std::string::npos)
      << store.status();
}

TEST_P(StoreTest, ABrokenMigrationNamesItsFile) {
  std::vector<EmbeddedText> files(SchemaFiles().begin(), SchemaFiles().end());
  files.push_back({"999_broken.sql", "CREATE TABLE broken;\n"});
  const auto version = Migrate(engine(), files, clock_.Now());
  EXPECT_FALSE(version.ok());
  EXPECT_NE(version.status().ToString().find("999_broken.sql"), std::string::npos);
  EXPECT_EQ(Tsv("SELECT max(version) FROM schema_version"), std::to_string(files.size() - 1));
}

TEST_P(StoreTest, RetentionDropsExpiredPartitionsOnly) {
  // Ten days back from today in three classes of keeping, in two tables.
  const int64_t today = clock_.Now() / kNanosPerDay;
  const auto rows = [&](int keep_days) {
    return Block(
        fmt::format("SELECT toUInt16({}) AS keep_days, toDate({} - number) AS day, "
                    "'p' AS project, "
                    "toFixedString(toString(number), 16) AS hash FROM numbers(10)",
                    keep_days, today));
  };
  for (const int keep_days : {0, 3, 7}) {
    ASSERT_TRUE(Insert("payloads", rows(keep_days)).ok());
    ASSERT_TRUE(Insert("logs", rows(keep_days)).ok());
  }
  const auto days_left = [&] {
    return Tsv("SELECT groupArray((keep_days, n)) FROM (SELECT keep_days, count() AS n "
               "FROM payloads GROUP BY keep_days ORDER BY keep_days)") +
           Tsv("SELECT groupArray((keep_days, n)) FROM (SELECT keep_days, count() AS n "
               "FROM logs GROUP BY keep_days ORDER BY keep_days)");
  };
  const auto twice = [](const std::string& text) { return text + text; };

  const RetentionPass pass = store_->DropExpired(clock_.Now());
  ASSERT_TRUE(pass.status.ok()) << pass.status;
  // Kept are today and keep_days before it: 4 days of class 3, 8 of class 7.
  EXPECT_EQ(days_left(), twice("[(0,10),(3,4),(7,8)]"));
  EXPECT_EQ(pass.dropped.size(), 2u * (6 + 2));
  for (const DroppedPartition& dropped : pass.dropped) {
    EXPECT_LT(dropped.day + dropped.keep_days, today);
    EXPECT_EQ(dropped.rows, 1u);
    EXPECT_GT(dropped.bytes, 0u);
  }
  EXPECT_TRUE(store_->DropExpired(clock_.Now()).dropped.empty()) << "a second pass finds nothing";

  clock_.Advance(std::chrono::hours(24));
  EXPECT_EQ(store_->DropExpired(clock_.Now()).dropped.size(), 4u);
  EXPECT_EQ(days_left(), twice("[(0,10),(3,3),(7,7)]"));
  clock_.Advance(std::chrono::hours(24 * 1000));
  EXPECT_TRUE(store_->DropExpired(clock_.Now()).status.ok());
  EXPECT_EQ(days_left(), twice("[(0,10)]")) << "class 0 is kept for ever";
}

TEST_P(StoreTest, RetentionLeavesOtherTablesAlone) {
  ASSERT_TRUE(
      Execute("CREATE TABLE mine (d Date) ENGINE = MergeTree PARTITION BY d ORDER BY d").ok());
  ASSERT_TRUE(Execute("INSERT INTO mine VALUES ('2001-01-01')").ok());
  ASSERT_TRUE(Execute("INSERT INTO state VALUES ('budget', 'b', 1, 1, 'me', '{}', 0)").ok());
  EXPECT_TRUE(store_->DropExpired(clock_.Now()).dropped.empty());
  EXPECT_EQ(Tsv("SELECT (SELECT count() FROM mine) + (SELECT count() FROM state)"), "2");
}

TEST_P(StoreTest, DataOutlivesTheStore) {
  ASSERT_TRUE(Execute("INSERT INTO state VALUES ('budget', 'b', 1, 1, 'me', '{}', 0)").ok());
  CloseStore();
  OpenStore();
  EXPECT_EQ(Tsv("SELECT id FROM state"), "b");
}

TEST_P(StoreTest, HealthTellsWhatIs) {
  const StoreHealth health = store_->Health(kStoreTestDeadline);
  EXPECT_TRUE(health.status.ok()) << health.status;
  EXPECT_EQ(health.engine, engine().Describe());
  if (GetParam() == StoreMode::kEmbedded) {
    EXPECT_GT(health.disk_free_bytes, 0u);
  }
}

TEST_P(StoreTest, AFullDiskRefusesInserts) {
  if (GetParam() == StoreMode::kRemote) GTEST_SKIP() << "the server's disk is the server's";
  const std::string block = Block("SELECT 'budget' AS kind, 'b' AS id");
  CloseStore();
  StoreOptions options = Options();
  options.disk_free_bytes_min = ~0ULL;
  auto store = Store::Open(options, clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  store_ = *std::move(store);
  const absl::Status refused = Insert("state", block);
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_NE(refused.ToString().find("MB free"), std::string::npos) << refused;
  EXPECT_EQ(store_->Health(kStoreTestDeadline).status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(Tsv("SELECT count() FROM state"), "0") << "reading works on";
}

TEST_P(StoreTest, OpensInAReadableTime) {
  CloseStore();
  const auto start = std::chrono::steady_clock::now();
  OpenStore();
  const auto elapsed = std::chrono::steady_clock::now() - start;
  RecordProperty(
      "open_ms",
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count()));
  EXPECT_LT(elapsed, std::chrono::seconds(10));
}

// --- kill -9 -------------------------------------------------------------------------------------

constexpr char kChildFolder[] = "PITOT_STORE_TEST_CHILD";

// Not a test: what DurableTest runs in a process of its own. Inserts one row after another for as
// long as it lives, and writes a byte to standard output after each reply.
TEST(DurableTestChild, DISABLED_InsertsUntilKilled) {
  const char* folder = std::getenv(kChildFolder);
  ASSERT_NE(folder, nullptr);
  SystemClock clock;
  StoreOptions options;
  options.embedded.data_path = folder;
  options.embedded.library_path = TestEnginePath();
  auto store = Store::Open(options, clock);
  ASSERT_TRUE(store.ok()) << store.status();
  for (int i = 0;; ++i) {
    const auto block = (*store)->engine().Query(
        fmt::format("SELECT 'k' AS kind, '{}' AS id, toInt64({}) AS at_ns", i, i),
        {.format = "Native"});
    ASSERT_TRUE(block.ok()) << block.status();
    ASSERT_TRUE((*store)->engine().Insert("state", block->body, kStoreTestDeadline).ok());
    if (write(STDOUT_FILENO, "+", 1) != 1) return;
  }
}

// Starts the child above and kills it after `replies` of them; returns how many there were.
int InsertUntilKilled(const std::string& folder, int replies) {
  std::array<int, 2> pipe_ends = {};
  EXPECT_EQ(pipe(pipe_ends.data()), 0);
  setenv(kChildFolder, folder.c_str(), 1);  // Before the fork: other threads run.
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(pipe_ends[1], STDOUT_FILENO);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    execl("/proc/self/exe", "store_test", "--gtest_also_run_disabled_tests", "--gtest_brief=1",
          "--gtest_filter=DurableTestChild.*", nullptr);
    _exit(127);
  }
  close(pipe_ends[1]);
  int seen = 0;
  const auto count = [&](const char* bytes, ssize_t size) {
    for (ssize_t i = 0; i < size; ++i) seen += bytes[i] == '+' ? 1 : 0;
  };
  std::array<char, 256> bytes;
  ssize_t size = 0;
  while (seen < replies && (size = read(pipe_ends[0], bytes.data(), bytes.size())) > 0) {
    count(bytes.data(), size);
  }
  EXPECT_GE(seen, replies) << "the child ended by itself";
  kill(pid, SIGKILL);
  while ((size = read(pipe_ends[0], bytes.data(), bytes.size())) > 0) count(bytes.data(), size);
  close(pipe_ends[0]);
  waitpid(pid, nullptr, 0);
  return seen;
}

TEST(DurableTest, EmbeddedKeepsWhatItAcknowledged) {
  if (IsSanitizedBuild()) GTEST_SKIP() << "libchdb is not instrumented";
  TempFolder folder;
  for (const int replies : {1, 30, 100}) {
    const int acknowledged = InsertUntilKilled(folder.path(), replies);
    SystemClock clock;
    StoreOptions options;
    options.embedded.data_path = folder.path();
    options.embedded.library_path = TestEnginePath();
    auto store = Store::Open(options, clock);
    ASSERT_TRUE(store.ok()) << store.status();
    const auto found = (*store)->engine().Query(
        "SELECT uniqExact(id) FROM state WHERE at_ns < {n:Int64}",
        {.params = {{"n", std::to_string(acknowledged)}}, .format = "TSV"});
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->body, fmt::format("{}\n", acknowledged));
    ASSERT_TRUE((*store)->engine().Execute("TRUNCATE TABLE state", kStoreTestDeadline).ok());
  }
}

}  // namespace
}  // namespace pitot
