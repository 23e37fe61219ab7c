// GET /api/v1/tools
#include "query/figures/tools.h"

#include "api/handlers.h"
#include "base/status.h"

namespace pitot {
namespace {

absl::StatusOr<std::string> Tools(const ApiCall& call) {
  const QueryContext context = call.Query();
  ToolsRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  ASSIGN_OR_RETURN(request.limit, ReadLimit(call));
  ASSIGN_OR_RETURN(const int64_t versions, ReadInt(call, "versions", 0, 0, kToolVersionsMax));
  request.versions = static_cast<uint32_t>(versions);
  return ReadTools(context, request);
}

}  // namespace

void GetTools(ApiCall call) { SendJson(call, Tools(call)); }

}  // namespace pitot
