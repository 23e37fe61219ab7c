// GET /api/v1/errors
#include "query/figures/errors.h"

#include "api/handlers.h"
#include "base/status.h"

namespace pitot {
namespace {

absl::StatusOr<std::string> Errors(const ApiCall& call) {
  const QueryContext context = call.Query();
  ErrorsRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  ASSIGN_OR_RETURN(request.limit, ReadLimit(call));
  ASSIGN_OR_RETURN(const int64_t examples,
                   ReadInt(call, "examples", request.examples, 0, kErrorExamplesMax));
  request.examples = static_cast<uint32_t>(examples);
  return ReadErrors(context, request);
}

}  // namespace

void GetErrors(ApiCall call) { SendJson(call, Errors(call)); }

}  // namespace pitot
