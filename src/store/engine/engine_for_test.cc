// EngineForTest of table_test_util.h: embedded, or, with PITOT_TEST_STORE=remote and in sanitized
// builds, a real server in a child process.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "store/store.h"
#include "store/tables/table_test_util.h"
#include "store/testing/server.h"

namespace pitot {
namespace {

bool WantsServer() {
  const char* wanted = std::getenv("PITOT_TEST_STORE");
  return IsSanitizedBuild() || (wanted != nullptr && std::string_view(wanted) == "remote");
}

class EngineEnvironment final : public ::testing::Environment {
 public:
  Engine& engine() {
    if (store_ == nullptr) Open();
    return store_->engine();
  }

  // libchdb has to be closed while the program still stands, not by static destructors.
  void TearDown() override {
    store_.reset();
    server_.reset();
    folder_.reset();
  }

 private:
  void Open() {
    folder_.emplace();
    StoreOptions options;
    options.disk_free_bytes_min = 0;
    if (WantsServer()) {
      server_.emplace(*folder_ / "server");
      server_->Start();
      options.mode = StoreMode::kRemote;
      options.remote.urls = {server_->url()};
    } else {
      options.embedded.data_path = *folder_ / "embedded";
      options.embedded.library_path = TestEnginePath();
    }
    auto store = Store::Open(options, clock_);
    if (!store.ok()) {
      fmt::print(stderr, "no engine for the tests: {}\nRun `tools/install_engine` (make does).\n",
                 store.status().ToString());
      std::exit(1);  // Without one no test here can say anything.
    }
    store_ = *std::move(store);
  }

  SystemClock clock_;
  std::optional<TempFolder> folder_;
  std::optional<TestServer> server_;
  std::unique_ptr<Store> store_;
};

EngineEnvironment& Environment() {
  static auto* environment =
      static_cast<EngineEnvironment*>(::testing::AddGlobalTestEnvironment(new EngineEnvironment));
  return *environment;
}

// Registered before main, so that gtest tears it down.
[[maybe_unused]] const EngineEnvironment& kRegistered = Environment();

}  // namespace

Engine& EngineForTest() { return Environment().engine(); }

}  // namespace pitot
