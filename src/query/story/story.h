// query/story/story.h
//
// A run as decisions: for each model call what was new to the model, its reasoning, what it said, what
// it chose, and what came of it.
//
// Steps are model calls, each once. `new` is the context behind its longest common beginning with an
// earlier call of the same agent (query/story/context.h). A tool call that the model chose is matched
// to the tool span with its id, else to the next of its name among the tools that ran before the
// agent's next call; the last of several with one id is its outcome. Of calls without contents, the
// tools that ran after them are what they chose. An agent below a tool's span is whom the work was
// delegated to. Empty fields are left out, but for those where null says something.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/scope.h"
#include "query/story/outline.h"
#include "query/story/text.h"

namespace pitot {

// A span's contents as stored: each piece is '#' and 16 bytes of hash, or '=' and the text itself.
struct StoryContents {
  uint16_t day = 0;  // Of payloads.
  std::vector<std::string_view> input;
  std::vector<std::string_view> output;
  std::vector<std::string_view> system;
  std::vector<std::string_view> reasoning;
  std::shared_ptr<const std::string> bytes;  // What the views point into.
};

// Payloads by day and raw hash: `first` is their beginning.
struct StoryPayload {
  std::string first;
  uint64_t bytes = 0;
};
using StoryPayloadKey = std::pair<uint16_t, std::string>;
using StoryPayloads = absl::flat_hash_map<StoryPayloadKey, StoryPayload>;

// Where contents come from.
class StorySource {
 public:
  virtual ~StorySource() = default;
  // In any order; what is not there is left out.
  virtual absl::StatusOr<absl::flat_hash_map<SpanId, StoryContents, IdHash<8>>> Contents(
      const std::vector<SpanId>& spans) = 0;
  virtual absl::StatusOr<StoryPayloads> Payloads(const std::vector<StoryPayloadKey>& keys) = 0;
};

struct StoryOptions {
  size_t text_bytes = 4000;     // Longer texts are cut and marked.
  size_t steps_max = 1000;      // Of a page;
  size_t page_bytes = 8 << 20;  // it also ends with the step that makes it larger than this.
  size_t first_step = 0;
};

struct StoryPage {
  std::string steps;  // JSON objects, separated by ",\n".
  size_t next = 0;    // The first step of the next page; 0: this was the last.
};

absl::StatusOr<StoryPage> TellSteps(std::span<const StorySpan> spans, const StoryOutline& outline,
                                    StorySource& source, const StoryOptions& options);

// {"trace_id","root_name","status","steps":[...],"steps_total":N,"next":"..."|null}. `cursor`: next of
// the page before. kNotFound: no such trace.
absl::StatusOr<std::string> ReadStory(const QueryContext& context, const std::string& project,
                                      const std::string& trace_id, StoryOptions options,
                                      const std::string& cursor);

}  // namespace pitot
