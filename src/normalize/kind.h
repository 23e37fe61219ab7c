// normalize/kind.h
//
// What kind of work a span is. Ordered evidence; the first that speaks decides. Kinds of other
// conventions are folded into our ten: speech is llm, prompt and memory are retriever, task is
// chain, mcp is tool, http and db are span (Span::op keeps the source's word).
#pragma once

#include <optional>
#include <string_view>

#include "model/span.h"

namespace pitot {

struct KindClues {
  std::string_view kind_word;  // Given by the format itself: trusted. Lower case, may be unknown.
  std::optional<Kind> word;    // What the best attribute that names a kind says.
  std::string_view mcp_method;
  std::string_view db_system;
  bool has_tool = false;  // Tool name, call id or arguments.
  bool has_usage = false;
  bool has_model = false;
  bool has_messages = false;
  bool has_vector_attribute = false;
  bool has_guard_attribute = false;
};

Kind DetectKind(const KindClues& clues);

// The kind of an attribute's word, in any case; nothing for words that decide nothing ("span").
std::optional<Kind> KindOfWord(std::string_view lower_word);

}  // namespace pitot
