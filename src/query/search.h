// query/search.h
//
// Full text over names, messages and contents: which spans hold some words, and where.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "query/scope.h"

namespace pitot {

struct SearchRequest {
  Scope scope;          // Spans that ended within its window and satisfy its filter.
  std::string words;    // As a quoted text of the filter language: in this order, in any case.
  uint32_t limit = 50;  // >= 1
  std::string cursor;   // `next` of the page before.
};

// {"hits":[{"trace_id","span_id","name","kind","at","where","snippet","highlights"}],"next","words"},
// newest end first, at most three spans a trace and page: an agent that resends its history repeats
// its texts. `highlights` are [from,to] in characters of `snippet`.
//
// The newest day is searched first, then ever more, until a page is full.
// kInvalidArgument: no words, too many of them, a bad cursor.
absl::StatusOr<std::string> Search(const QueryContext& context, const SearchRequest& request);

}  // namespace pitot
