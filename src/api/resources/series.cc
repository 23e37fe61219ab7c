// GET /api/v1/series, GET /api/v1/traces/histogram
#include "query/series/series.h"

#include "api/handlers.h"
#include "base/status.h"
#include "query/series/steps.h"
#include "query/series/trace_histogram.h"

namespace pitot {
namespace {

absl::StatusOr<std::string> Series(const ApiCall& call) {
  const QueryContext context = call.Query();
  SeriesRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  if (const auto kind = call.request.Param("kind"); !kind.empty()) request.kind = kind;
  ASSIGN_OR_RETURN(request.by, ReadList(call, "by", ""));
  ASSIGN_OR_RETURN(request.groups, ReadInt(call, "groups", request.groups, 1, kSeriesGroupsMax));
  ASSIGN_OR_RETURN(request.points, ReadInt(call, "points", request.points, kPointsMin, kPointsMax));
  ASSIGN_OR_RETURN(request.measures, ReadList(call, "measures", "spans,errors"));
  return ReadSeries(context, request);
}

absl::StatusOr<std::string> Histogram(const ApiCall& call) {
  const QueryContext context = call.Query();
  TraceHistogramRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  ASSIGN_OR_RETURN(request.points, ReadInt(call, "points", request.points, kPointsMin, kPointsMax));
  return ReadTraceHistogram(context, request);
}

}  // namespace

void GetSeries(ApiCall call) { SendJson(call, Series(call)); }
void GetTraceHistogram(ApiCall call) { SendJson(call, Histogram(call)); }

}  // namespace pitot
