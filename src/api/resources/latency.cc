// GET /api/v1/latency, /api/v1/latency/heatmap
#include "query/figures/latency.h"

#include "api/handlers.h"
#include "base/status.h"
#include "query/figures/heatmap.h"

namespace pitot {
namespace {

std::string ParamOr(const ApiCall& call, std::string_view name, std::string_view by_default) {
  const std::string_view value = call.request.Param(name);
  return std::string(value.empty() ? by_default : value);
}

absl::StatusOr<std::string> Latency(const ApiCall& call) {
  const QueryContext context = call.Query();
  LatencyRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  ASSIGN_OR_RETURN(request.by, ReadList(call, "by", "model"));
  ASSIGN_OR_RETURN(request.limit, ReadLimit(call));
  request.kind = ParamOr(call, "kind", request.kind);
  request.timezone = ParamOr(call, "timezone", request.timezone);
  return ReadLatency(context, request);
}

absl::StatusOr<std::string> Heatmap(const ApiCall& call) {
  const QueryContext context = call.Query();
  HeatmapRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  ASSIGN_OR_RETURN(request.columns,
                   ReadInt(call, "columns", request.columns, 1, kHeatmapColumnsMax));
  request.kind = ParamOr(call, "kind", request.kind);
  request.measure = ParamOr(call, "measure", request.measure);
  return ReadHeatmap(context, request);
}

}  // namespace

void GetLatency(ApiCall call) { SendJson(call, Latency(call)); }

void GetHeatmap(ApiCall call) { SendJson(call, Heatmap(call)); }

}  // namespace pitot
