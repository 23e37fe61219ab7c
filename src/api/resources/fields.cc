// GET /api/v1/fields, /api/v1/fields/{name}/values
#include "api/handlers.h"
#include "base/status.h"
#include "query/field_values.h"

namespace pitot {
namespace {

absl::StatusOr<std::string> Values(const ApiCall& call) {
  const QueryContext context = call.Query();
  FieldValuesRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  ASSIGN_OR_RETURN(request.limit, ReadLimit(call));
  request.field = call.args[0];
  request.prefix = call.request.Param("prefix");
  return ReadFieldValues(context, request);
}

}  // namespace

void GetFields(ApiCall call) { SendJson(call, FieldsJson()); }

void GetFieldValues(ApiCall call) { SendJson(call, Values(call)); }

}  // namespace pitot
