// query/export/export_parquet.h
//
// Internal to query/export/.
#pragma once

#include <absl/status/status.h>

#include "query/export/export.h"
#include "query/scope.h"

namespace pitot {

// Everything that FactsWhere can name.
inline constexpr Window kAllTime = {0, 7'258'118'400LL * kNanosPerSecond};

// " AND ..." over spans, with the parameter `project`: the spans that the request asks for.
SqlPiece MatchingSpans(const ExportRequest& request);

// One file, made by the engine: what was resolved of each span, and its contents as JSON text.
absl::Status ExportParquet(const QueryContext& context, const ExportRequest& request,
                           const ResultSink& sink);

}  // namespace pitot
