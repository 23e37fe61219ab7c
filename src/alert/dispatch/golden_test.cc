// Plays every tests/golden/alert/*.timeline and compares what follows with what it says.
// UPDATE_GOLDEN=1 rewrites what follows; read the difference.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "alert/dispatch/timeline_test_util.h"
#include "base/file.h"

namespace pitot::testing {
namespace {

std::filesystem::path Folder() {
  return std::filesystem::path(PITOT_SOURCE_DIR) / "tests/golden/alert";
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(Folder())) {
    if (entry.path().extension() == ".timeline") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

class AlertTimeline : public ::testing::TestWithParam<std::string> {};

TEST_P(AlertTimeline, GoesAsItSays) {
  const std::filesystem::path path = Folder() / (GetParam() + ".timeline");
  const auto text = ReadFile(path.string());
  ASSERT_TRUE(text.ok()) << text.status();
  const std::string played = PlayTimeline(*text);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << played;
    return;
  }
  EXPECT_EQ(played, *text) << path << " differs; UPDATE_GOLDEN=1 rewrites it";
  EXPECT_EQ(played.find("\n    ! "), std::string::npos) << path << " says what cannot be";
}

INSTANTIATE_TEST_SUITE_P(All, AlertTimeline, ::testing::ValuesIn(Names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace pitot::testing
