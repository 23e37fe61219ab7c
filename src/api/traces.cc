// GET /api/v1/traces, /api/v1/traces/{trace_id}, /api/v1/traces/{trace_id}/spans/{span_id}
#include "query/traces.h"

#include <algorithm>

#include "api/handlers.h"
#include "base/status.h"
#include "query/trace_list.h"

namespace pitot {
namespace {

// Larger answers go out in pieces, so that a slow reader costs memory once.
constexpr size_t kPieceBytes = 256 << 10;

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

void SendStructure(ApiCall& call, TraceStructure structure) {
  const size_t bytes = structure.head.size() + structure.spans.size() + structure.tail.size();
  if (bytes <= kPieceBytes) {
    return SendJson(call, structure.head + structure.spans + structure.tail);
  }
  ResponseStream stream = call.responder.Begin(JsonResponse(200, std::move(structure.head)));
  for (size_t at = 0; at < structure.spans.size(); at += kPieceBytes) {
    if (!stream.Write(structure.spans.substr(at, kPieceBytes)).ok()) return;  // The peer is gone.
  }
  if (stream.Write(std::move(structure.tail)).ok()) stream.End();
}

}  // namespace

void GetTraces(ApiCall call) {
  const auto list = ListRequest(call);
  if (!list.ok()) return call.responder.Send(StatusResponse(list.status()));
  SendJson(call, ListTraces(call.Query(), *list));
}

void GetTrace(ApiCall call) {
  auto structure = ReadTrace(call.context.deps.store.engine(), call.Project(), call.args[0]);
  if (!structure.ok()) return call.responder.Send(StatusResponse(structure.status()));
  SendStructure(call, *std::move(structure));
}

void GetSpan(ApiCall call) {
  SendJson(call,
           ReadSpan(call.context.deps.store.engine(), call.Project(), call.args[0], call.args[1]));
}

}  // namespace pitot
