// query/figures/prompt_change.h
//
// Did a tool's calls change when the prompt did? Two versions of a prompt, compared by how the calls
// of one tool ended. Pure.
//
// Before and after are not randomised: traffic may have changed too. The verdict says what the figures
// bear, the message in words a person understands.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/span.h"

namespace pitot {

// Calls by tool_status, in the order of ToolStatus; the first, without a status, is "unknown".
struct ToolCounts {
  std::array<int64_t, kToolStatusNames.size()> by_status{};

  int64_t calls() const;
  int64_t of(ToolStatus status) const { return by_status[static_cast<size_t>(status)]; }
  // Calls that ended otherwise than well, as far as is known.
  int64_t failed() const;
};

struct PromptChange {
  std::string tool;
  std::string prompt_name;
  std::string from_version;
  std::string to_version;
  UnixNanos since = 0;  // The first call with to_version ended.
  ToolCounts before;
  ToolCounts after;
};

enum class ChangeVerdict : uint8_t {
  kLowN,         // Too few calls on one side.
  kSchemaDrift,  // Arguments are refused more often: the tool or its description moved.
  kWorse,
  kBetter,
  kSame,  // No difference that the figures bear.
};
std::string_view Name(ChangeVerdict verdict);

ChangeVerdict JudgeChange(const ToolCounts& before, const ToolCounts& after);

// One sentence. `now` decides whether the time of `since` needs its date.
std::string DescribeChange(const PromptChange& change, ChangeVerdict verdict, UnixNanos now);

}  // namespace pitot
