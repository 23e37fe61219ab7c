// cmd/view/span_contents.h
//
// What was said in a span, as labelled texts. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pitot {

struct SpanText {
  std::string label;  // "system", "user", "tools", "input", "output", ...
  std::string text;   // As it was written; a stranger's.
};

// `body`: the answer of GET /api/v1/traces/{id}/spans/{id}.
std::vector<SpanText> SpanContents(std::string_view body);

}  // namespace pitot
