#include "store/testing/store_test_base.h"

#include <utility>

namespace pitot {

void StoreTestBase::OpenStore() {
  store_.reset();
  auto store = Store::Open(Options(), clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  store_ = *std::move(store);
}

StoreOptions StoreTestBase::Options() {
  StoreOptions options;
  options.mode = GetParam();
  options.embedded.data_path = folder_ / "embedded";
  options.embedded.library_path = TestEnginePath();
  options.disk_free_bytes_min = 0;
  if (options.mode == StoreMode::kRemote) {
    if (!server_runs_) server_.Start();
    server_runs_ = true;
    options.remote.urls = {server_.url()};
  }
  return options;
}

std::string StoreTestBase::Tsv(std::string_view sql, std::vector<SqlParam> params) {
  QueryOptions options;
  options.format = "TSV";
  options.params = std::move(params);
  auto result = engine().Query(sql, options);
  EXPECT_TRUE(result.ok()) << sql << "\n" << result.status();
  if (!result.ok()) return "";
  if (result->body.ends_with('\n')) result->body.pop_back();
  return std::move(result->body);
}

std::string StoreTestBase::Block(std::string_view select) {
  QueryOptions options;
  options.format = "Native";
  auto result = engine().Query(select, options);
  EXPECT_TRUE(result.ok()) << select << "\n" << result.status();
  return result.ok() ? std::move(result->body) : "";
}

absl::Status StoreTestBase::Insert(std::string_view table, std::string_view block) {
  return engine().Insert(table, block, kStoreTestDeadline);
}

std::vector<StoreMode> StoreModesUnderTest() {
  if (IsSanitizedBuild()) return {StoreMode::kRemote};
  return {StoreMode::kEmbedded, StoreMode::kRemote};
}

std::string StoreModeName(const testing::TestParamInfo<StoreMode>& info) {
  return info.param == StoreMode::kEmbedded ? "Embedded" : "Remote";
}

}  // namespace pitot
