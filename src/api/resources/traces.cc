// GET /api/v1/traces, /api/v1/traces/{trace_id}, /api/v1/traces/{trace_id}/spans/{span_id}
#include "query/traces.h"

#include "api/handlers.h"
#include "api/streamed_reply.h"
#include "base/status.h"
#include "query/trace_list.h"

namespace pitot {
namespace {

absl::StatusOr<TraceListRequest> ListRequest(const ApiCall& call) {
  const HttpRequest& http = call.request;
  TraceListRequest list;
  list.project = call.Project();
  if (const auto since = http.Param("since"); !since.empty()) list.since = since;
  list.until = http.Param("until");
  list.cursor = http.Param("cursor");
  ASSIGN_OR_RETURN(list.filter, ReadFilter(call));
  ASSIGN_OR_RETURN(list.limit, ReadLimit(call));
  return list;
}

}  // namespace

void GetTraces(ApiCall call) {
  const auto list = ListRequest(call);
  if (!list.ok()) return call.responder.Send(StatusResponse(list.status()));
  SendJson(call, ListTraces(call.Query(), *list));
}

void GetTrace(ApiCall call) {
  StreamedReply reply(call, "application/json");
  reply.Finish(StreamTrace(call.Query(), call.Project(), call.args[0], reply.sink()));
}

void GetSpan(ApiCall call) {
  SendJson(call, ReadSpan(call.Query(), call.Project(), call.args[0], call.args[1]));
}

}  // namespace pitot
