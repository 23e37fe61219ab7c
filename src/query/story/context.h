// query/story/context.h
//
// What was new to the model in a call. Pure.
//
// A context is the call's input: a list of pieces, each a message as the store has it ('#' and a hash,
// or '=' and text), so that equal pieces are equal messages. Agents resend their whole history with
// each call; new is what stands behind the longest beginning that the call shares with one before it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

struct StoryContext {
  std::vector<std::string_view> input;
  std::vector<std::string_view> system;
  std::vector<std::string_view> output;
  std::string_view model;
};

struct ContextChange {
  size_t known = 0;        // Messages at the beginning that are not new.
  bool compacted = false;  // The history was replaced by a shorter one: everything is new.
  size_t echoed = 0;       // New messages that are the model's own last answer, resent.
};

// `before`: contexts that this one may continue, newest first. The one with the longest common
// beginning is taken, the newest of equals.
//
// Compacted: shorter than that one and not its continuation, and evidently the same conversation: a
// common beginning, or the same system prompt and model. Everything else that continues nothing is a
// conversation of its own.
ContextChange CompareContexts(const StoryContext& now,
                              const std::vector<const StoryContext*>& before);

}  // namespace pitot
