// alert/runbook/changes.h
//
// Internal to alert/runbook/: what came into use shortly before the trouble: versions of prompts, models
// of features, definitions of tools. And whether the trouble goes with it.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/runbook/investigation.h"
#include "measure/proportions.h"

namespace pitot {

// A prompt's version, or a feature's model, that came into use within kChangeNs before the trouble,
// with what it replaced. Calls now against those of what was used before, before.
struct VersionChange {
  bool model_changed = false;
  std::string what;  // "planner", or "feature search".
  std::string from;  // "v4", or the model.
  std::string to;
  std::string feature;  // That most of its calls are of; empty: none.
  UnixNanos since = 0;  // Its first call ended.
  Side before;
  Side after;
  double excess = 0;  // Time that its calls took longer, in all.
  std::vector<std::string> trace_ids;

  double Ratio() const;  // Of medians.
  double OutputRatio() const;
  double InputRatio() const;
};

// What adds most time first.
absl::StatusOr<std::vector<VersionChange>> ReadVersionChanges(const Investigation& run);
// "planner v5 came into use at 10:31 UTC: its calls take 2.6x as long as those of v4 ..."
std::string DescribeLatencyOf(const VersionChange& change, UnixNanos now);

// A share of failing spans by prompt version: did it come with a new one?
struct PromptBlame {
  std::string prompt;
  std::string from;
  std::string to;
  UnixNanos since = 0;
  Proportion before;  // Of the version before: all its spans, also those that end now.
  Proportion after;
};
// `spans` and `bad`: SQL over facts AS f. Nothing: no version came into use, or the share did not come
// with it.
absl::StatusOr<std::optional<PromptBlame>> FindPromptBlame(const Investigation& run,
                                                           std::string_view spans,
                                                           std::string_view bad,
                                                           std::vector<SqlParam> params);

// A tool's definition, as model calls carry it, that differs from the one before.
struct DefinitionChange {
  UnixNanos since = 0;  // The first call that carries it began.
  std::string
      words;  // "customer_id is required now, customer is gone"; empty: only its text differs.
};
struct DefinitionView {
  bool known = false;  // Calls carry definitions of this tool.
  std::optional<DefinitionChange> change;
};
absl::StatusOr<DefinitionView> ReadDefinitions(const Investigation& run, const std::string& tool);

// What differs between two definitions of one tool, in words. Pure. Forms: OpenAI's {"function":{...}},
// Anthropic's {"input_schema"}, MCP's {"inputSchema"}, a bare {"parameters"}.
std::string DiffDefinitions(std::string_view before_json, std::string_view after_json);
// The definition of `tool` in a content of tool definitions (one object, or an array of them, also
// inside functionDeclarations), as JSON with sorted members; empty: it is not there.
std::string DefinitionOf(std::string_view content_json, std::string_view tool);

}  // namespace pitot
