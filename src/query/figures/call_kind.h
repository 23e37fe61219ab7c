// query/figures/call_kind.h
//
// Whose durations: the parameter `kind` of latency and its heat map.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace pitot {

struct CallKind {
  std::string sql;          // A condition over facts AS f.
  std::string of;           // What is counted, in words: "llm calls".
  bool calls_only = false;  // All of them have f.is_call.
};

// A kind of span, or "any". Model and tool calls are those of scope.h, each once; of other kinds, and
// of "any", every span that is not running. kInvalidArgument names the nearest kind.
absl::StatusOr<CallKind> ParseCallKind(std::string_view kind);

}  // namespace pitot
