// query/span_refs.h
//
// The spans of a scope that have usage or a cost, as ids: what is to be repriced.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <vector>

#include "query/scope.h"
#include "store/repriced_spans.h"

namespace pitot {

struct ScopedSpan {
  SpanRef ref;
  bool counted = false;  // Its usage and cost are in the figures.
};

absl::StatusOr<uint64_t> CountScopedSpans(const QueryContext& context, const Scope& scope);

// Calls `visit` page by page, one day of ends each, sorted by trace: until it fails. Spans that come
// meanwhile may or may not be among them.
absl::Status VisitScopedSpans(
    const QueryContext& context, const Scope& scope,
    const std::function<absl::Status(const std::vector<ScopedSpan>&)>& visit);

// [{"provider":...,"model":...,"calls":1,"tokens":1,"first_at":"...","last_at":"..."},...]: models
// whose counted calls have no price, most tokens first.
absl::StatusOr<std::string> ReadUnpricedModels(const QueryContext& context, const Scope& scope,
                                               uint32_t limit);

}  // namespace pitot
