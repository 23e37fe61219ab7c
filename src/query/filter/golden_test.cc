// tests/golden/filter/*.test: filters, each with its normal form or its error.
// UPDATE_GOLDEN=1 writes those; read the difference.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "query/filter/ast.h"
#include "query/filter/filter.h"

namespace pitot {
namespace {

const std::string kFile = PITOT_SOURCE_DIR "/tests/golden/filter/language.test";

std::string Outcome(std::string_view text) {
  const absl::StatusOr<Filter> filter = ParseFilter(text);
  if (!filter.ok()) return "! " + std::string(Message(filter.status()));
  return "= " + PrintFilter(*filter->root());
}

TEST(FilterGolden, Language) {
  const auto wanted = ReadFile(kFile);
  ASSERT_TRUE(wanted.ok()) << wanted.status();
  std::string got;
  int cases = 0;
  for (const std::string_view line : SplitText(*wanted, '\n')) {
    if (line.starts_with("    ")) continue;  // An outcome.
    got += fmt::format("{}{}", got.empty() ? "" : "\n", line);
    if (line.empty() || line.starts_with('#')) continue;
    got += fmt::format("\n    {}", Outcome(line));
    ++cases;
  }
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteFileAtomic(kFile, got).ok());
  } else {
    EXPECT_EQ(got, *wanted) << "if this is right, run with UPDATE_GOLDEN=1";
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace pitot
