// pitot/tags.h
//
// Who and what a piece of work is for. Tags given to a scope (TagScope) hold for every span and every
// model call below it in the same context, and travel to other processes with inject/extract.
// Thread-safety: values.
#pragma once

#include <string>

namespace pitot {
inline namespace sdk {

// Empty: not said. Plain text; a Context cuts values beyond 256 bytes.
struct Tags {
  std::string feature = {};   // Part of the product: "checkout". The first thing money is asked by.
  std::string user = {};      // Pseudonymous id of the end user.
  std::string session = {};   // Conversation.
  std::string workflow = {};  // Kind of run: "refund".
  std::string agent = {};     // Name of the agent that acts.
  std::string prompt = {};    // Name of the prompt.
  std::string prompt_version = {};  // Of the prompt: "7", a hash.

  bool operator==(const Tags&) const = default;
};

// Field by field: `own` where it says something, else `base`. Throws nothing but std::bad_alloc.
Tags merged(const Tags& base, const Tags& own);

}  // namespace sdk
}  // namespace pitot
