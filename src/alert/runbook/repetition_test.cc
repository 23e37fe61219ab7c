#include "alert/runbook/repetition.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

// One letter a call: equal letters are equal tools and arguments; the result is the digit behind it.
std::vector<ToolStep> Steps(std::string_view text) {
  std::vector<ToolStep> steps;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    ToolStep step;
    step.tool = std::string("tool_") + text[i];
    step.key = static_cast<uint64_t>(text[i]);
    step.result = static_cast<uint64_t>(text[i + 1]);
    step.failed = text[i + 1] == '!';
    step.start_ns = static_cast<UnixNanos>(i);
    steps.push_back(std::move(step));
  }
  return steps;
}

TEST(FindRepetitionTest, FindsTheLongest) {
  struct Case {
    const char* why;
    std::string_view steps;
    std::string words;  // Empty: none.
  };
  const Case kCases[] = {
      {"nothing", "", ""},
      {"each once", "a1b2c3d4", ""},
      {"twice is none", "a1a1b1", ""},
      {"the same, with the same result", "x1a1a1a1a1b1",
       "tool_a called 4 times in a row with the same arguments and the same result"},
      {"polling: other results", "a1a2a3",
       "tool_a called 3 times in a row with the same arguments"},
      {"failing", "a!a!a!",
       "tool_a called 3 times in a row with the same arguments and fails each "
       "time"},
      {"a cycle of two", "a1b1a1b1a1b1",
       "the calls tool_a and tool_b repeated 3 times in a row with the same arguments and the same "
       "result"},
      {"a cycle of three behind other work", "x1y1a1b1c1a1b1c2a1b1c1",
       "the calls tool_a, tool_b and tool_c repeated 3 times in a row with the same arguments"},
      {"equal calls are no cycle of two", "a1a1a1a1a1a1",
       "tool_a called 6 times in a row with the same arguments and the same result"},
      {"the longer of two", "a1a1a1b1c1c1c1c1c1",
       "tool_c called 5 times in a row with the same arguments and the same result"},
      {"edit and build in turn, results differ: work", "e1b1f2b2g3b3", ""},
  };
  for (const Case& c : kCases) {
    const auto found = FindRepetition(Steps(c.steps));
    EXPECT_EQ(found ? RepetitionWords(*found) : "", c.words) << c.why;
  }
}

TEST(FindRepetitionTest, KnowsWhereItBegan) {
  const auto found = FindRepetition(Steps("x1y1a1a1a1a1"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->begin, 2u);
  EXPECT_EQ(found->times, 4);
}

}  // namespace
}  // namespace pitot
