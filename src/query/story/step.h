// query/story/step.h
//
// One step of a story: what was chosen is matched to what ran, and written as JSON. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "query/story/context.h"
#include "query/story/outline.h"
#include "query/story/text.h"

namespace pitot {

// A tool call that the model chose, and the span that ran it.
struct StoryChoice {
  ToolCallPart call;
  uint32_t span = kNoSpan;  // kNoSpan: nothing that ran is known.
  size_t attempts = 0;      // Spans with the call's id.
};

// `calls` of the step's answer; empty: the tools that ran after it are taken for chosen.
std::vector<StoryChoice> MatchChoices(std::span<const StorySpan> spans, const StoryOutline& outline,
                                      const StoryStep& step, const Answer& answer);

// What a tool was given and gave back.
struct ToolContents {
  std::optional<StoryPiece> arguments;
  std::optional<StoryPiece> result;
};

struct StepParts {
  size_t number = 0;  // From 1.
  int64_t trace_start_ns = 0;
  size_t context_messages = 0;
  ContextChange change;
  std::vector<StoryPiece> new_messages;
  std::vector<StoryPiece> reasoning;
  Answer answer;
  std::vector<StoryChoice> choices;
  std::vector<ToolContents> tools;  // Of each choice.
};

std::string StepJson(std::span<const StorySpan> spans, const StoryOutline& outline,
                     const StoryStep& step, const StepParts& parts, size_t text_bytes);

}  // namespace pitot
