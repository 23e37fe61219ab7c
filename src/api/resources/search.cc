// GET /api/v1/search
#include "query/search.h"

#include "api/handlers.h"
#include "base/status.h"

namespace pitot {
namespace {

absl::StatusOr<std::string> Found(const ApiCall& call) {
  const QueryContext context = call.Query();
  SearchRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  ASSIGN_OR_RETURN(request.limit, ReadLimit(call));
  request.words = call.request.Param("query");
  request.cursor = call.request.Param("cursor");
  return Search(context, request);
}

}  // namespace

void GetSearch(ApiCall call) { SendJson(call, Found(call)); }

}  // namespace pitot
