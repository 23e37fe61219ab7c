// GET /api/v1/cost, /api/v1/cost/tree
#include "query/figures/cost.h"

#include "api/handlers.h"
#include "base/status.h"

namespace pitot {
namespace {

constexpr uint32_t kLeavesDefault = 1000;

absl::StatusOr<CostRequest> ReadRequest(const ApiCall& call, UnixNanos now, std::string_view by,
                                        uint32_t limit) {
  CostRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, now));
  ASSIGN_OR_RETURN(request.by, ReadList(call, "by", by));
  ASSIGN_OR_RETURN(request.limit, ReadLimit(call, limit));
  if (const auto timezone = call.request.Param("timezone"); !timezone.empty()) {
    request.timezone = timezone;
  }
  return request;
}

absl::StatusOr<std::string> Cost(const ApiCall& call) {
  const QueryContext context = call.Query();
  ASSIGN_OR_RETURN(CostRequest request, ReadRequest(call, context.now, "feature", 50));
  ASSIGN_OR_RETURN(request.projection, ReadBool(call, "projection"));
  return CostJson(context, request);
}

absl::StatusOr<std::string> CostTree(const ApiCall& call) {
  const QueryContext context = call.Query();
  ASSIGN_OR_RETURN(
      const CostRequest request,
      ReadRequest(call, context.now, "feature,workflow,agent,name,model", kLeavesDefault));
  return CostTreeJson(context, request);
}

}  // namespace

void GetCost(ApiCall call) { SendJson(call, Cost(call)); }

void GetCostTree(ApiCall call) { SendJson(call, CostTree(call)); }

}  // namespace pitot
