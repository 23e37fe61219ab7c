// EngineForTest of table_test_util.h.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "store/embedded_engine.h"
#include "store/migrate.h"
#include "store/schema.h"
#include "store/table_test_util.h"

namespace pitot {
namespace {

namespace fs = std::filesystem;

// Where `make` puts libchdb.so: the build folder. Tests lie in a folder of it.
std::string LibraryFolder() {
  if (const char* build = std::getenv("PITOT_BUILD_DIR"); build != nullptr) return build;
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path();
}

class EngineEnvironment final : public ::testing::Environment {
 public:
  Engine& engine() {
    if (engine_ == nullptr) Open();
    return *engine_;
  }

  // libchdb has to be closed while the program still stands, not by static destructors.
  void TearDown() override {
    engine_.reset();
    if (!folder_.empty()) fs::remove_all(folder_);
  }

 private:
  void Open() {
    folder_ = fs::temp_directory_path() / ("pitot_tables_test." + std::to_string(getpid()));
    EmbeddedOptions options;
    options.data_path = folder_;
    options.library_path = LibraryFolder();
    auto engine = OpenEmbeddedEngine(options);
    Require(engine.status());
    engine_ = *std::move(engine);
    Require(Migrate(*engine_, SchemaFiles(), 0).status());
  }

  // Without an engine no test here can say anything.
  static void Require(const absl::Status& status) {
    if (status.ok()) return;
    fmt::print(stderr, "no engine for the tests: {}\nRun `tools/install_engine` (make does).\n",
               status.ToString());
    std::exit(1);
  }

  fs::path folder_;
  std::unique_ptr<Engine> engine_;
};

EngineEnvironment& Environment() {
  static auto* environment = static_cast<EngineEnvironment*>(
      ::testing::AddGlobalTestEnvironment(new EngineEnvironment));
  return *environment;
}

// Registered before main, so that gtest tears it down.
[[maybe_unused]] const EngineEnvironment& kRegistered = Environment();

}  // namespace

Engine& EngineForTest() { return Environment().engine(); }

}  // namespace pitot
