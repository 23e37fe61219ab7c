// GET /api/v1/tools/repeats
#include "query/figures/tool_repeats.h"

#include "api/handlers.h"
#include "base/status.h"

namespace pitot {
namespace {

absl::StatusOr<std::string> ToolRepeats(const ApiCall& call) {
  const QueryContext context = call.Query();
  ToolRepeatsRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  ASSIGN_OR_RETURN(request.limit, ReadLimit(call));
  ASSIGN_OR_RETURN(request.least, ReadInt(call, "least", request.least, 2, kToolTriesMax));
  return ReadToolRepeats(context, request);
}

}  // namespace

void GetToolRepeats(ApiCall call) { SendJson(call, ToolRepeats(call)); }

}  // namespace pitot
