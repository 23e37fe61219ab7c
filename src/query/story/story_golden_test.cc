// Each file of tests/golden/story is a run (story_test_util.h) and, after a line of dashes, the steps
// told of it. UPDATE_GOLDEN=1 rewrites the second half: read the diff.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "query/story/story_test_util.h"

namespace pitot {
namespace {

constexpr std::string_view kLine = "----\n";

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string WithoutComments(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) out += line + '\n';
  }
  return out;
}

TEST(StoryGolden, Files) {
  const std::filesystem::path folder = std::string(PITOT_SOURCE_DIR) + "/tests/golden/story";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  ASSERT_FALSE(files.empty()) << folder;
  const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
  for (const auto& file : files) {
    SCOPED_TRACE(file.string());
    const std::string text = ReadAll(file);
    const size_t line = text.find(kLine);
    ASSERT_NE(line, std::string::npos) << "no line of dashes between the run and its story";
    boost::system::error_code error;
    const auto run = boost::json::parse(WithoutComments(text.substr(0, line)), error);
    ASSERT_FALSE(error) << "the run is no JSON: " << error.message();
    const StoryPage page = MemoryStory(run).Tell();
    EXPECT_NO_THROW(boost::json::parse("[" + page.steps + "]"));
    const std::string told =
        page.steps + "\n" + (page.next == 0 ? "" : "next: " + std::to_string(page.next) + "\n");
    if (update) {
      std::ofstream(file, std::ios::binary) << text.substr(0, line) << kLine << told;
      continue;
    }
    EXPECT_EQ(text.substr(line + kLine.size()), told)
        << "If the change is meant: UPDATE_GOLDEN=1 and read the diff.";
  }
}

}  // namespace
}  // namespace pitot
