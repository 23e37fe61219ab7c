// A batch is inserted again after a crash; the engine must not take it for one that it has.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "store/testing/store_test_base.h"

namespace pitot {
namespace {

class ReplayTest : public StoreTestBase {};
PITOT_FOR_EACH_STORE(ReplayTest);

// Killed after the engine noted the block as inserted and before the part had its name: at the next
// start there is no part. Found by killing a server at its rename of the part.
TEST_P(ReplayTest, ABlockWhosePartIsGoneIsInsertedAgain) {
  const std::string columns =
      Tsv("SELECT arrayStringConcat(groupArray(name || ' ' || type), ', ') FROM system.columns "
          "WHERE table = 'payloads' AND database = currentDatabase() AND default_kind = ''");
  const std::string block =
      Block(fmt::format("SELECT * FROM generateRandom('{}', 1) LIMIT 1", columns));
  ASSERT_TRUE(Insert("payloads", block).ok());
  const std::string part =
      Tsv("SELECT path FROM system.parts WHERE table = 'payloads' AND database = currentDatabase() "
          "AND active");
  CloseStore();
  server_.Kill();
  server_runs_ = false;
  ASSERT_GT(std::filesystem::remove_all(part), 1u) << part;

  OpenStore();
  EXPECT_EQ(Tsv("SELECT count() FROM payloads"), "0");
  ASSERT_TRUE(Insert("payloads", block).ok());
  EXPECT_EQ(Tsv("SELECT count() FROM payloads"), "1");
}

TEST_P(ReplayTest, NoTableLetsTheEngineIgnoreInserts) {
  EXPECT_EQ(Tsv("SELECT arrayStringConcat(groupArray(name)) FROM system.tables "
                "WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND "
                "name != 'schema_version' AND position(engine_full, "
                "'non_replicated_deduplication_window = 0') = 0"),
            "")
      << "needs non_replicated_deduplication_window = 0, as in src/store/schema/001_spans.sql";
}

}  // namespace
}  // namespace pitot
