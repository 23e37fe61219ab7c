// store/testing/store_test_base.h
//
// A store of either kind behind the same test: embedded in the test program, or remote with a real
// server in a child process. Under sanitizers remote only, since libchdb is not instrumented.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/store.h"
#include "store/testing/server.h"

namespace pitot {

inline constexpr std::chrono::milliseconds kStoreTestDeadline{30'000};

class StoreTestBase : public testing::TestWithParam<StoreMode> {
 protected:
  void SetUp() override { OpenStore(); }

  // (Re)opens the store on the same data; starts the server when it does not run.
  void OpenStore();
  void CloseStore() { store_.reset(); }
  // The server (or nothing, when embedded) runs; no store is open.
  StoreOptions Options();

  Engine& engine() { return store_->engine(); }

  // The result as TSV without the last newline; a failure of the test and "" on error.
  std::string Tsv(std::string_view sql, std::vector<SqlParam> params = {});
  // A Native block made by the engine itself.
  std::string Block(std::string_view select);
  absl::Status Insert(std::string_view table, std::string_view block);
  absl::Status Execute(std::string_view sql) { return engine().Execute(sql, kStoreTestDeadline); }

  TempFolder folder_;
  TestServer server_{folder_ / "server"};
  bool server_runs_ = false;
  FakeClock clock_{1'795'000'000'000'000'000};  // 2026-11-18T11:06:40Z
  std::unique_ptr<Store> store_;
};

std::vector<StoreMode> StoreModesUnderTest();
std::string StoreModeName(const testing::TestParamInfo<StoreMode>& info);

#define PITOT_FOR_EACH_STORE(Suite) \
  INSTANTIATE_TEST_SUITE_P(Store, Suite, testing::ValuesIn(StoreModesUnderTest()), StoreModeName)

}  // namespace pitot
