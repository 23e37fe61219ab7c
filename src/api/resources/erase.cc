// DELETE /api/v1/traces/{trace_id}, DELETE /api/v1/users/{user_id}
#include "api/handlers.h"
#include "api/ndjson.h"
#include "base/status.h"
#include "ingest/history/erasure.h"

namespace pitot {
namespace {

void Erase(ApiCall call, Erasure::What what) {
  Eraser* eraser = call.context.deps.eraser;
  if (eraser == nullptr) {
    return call.responder.Send(StatusResponse(Unavailable("this server deletes nothing")));
  }
  auto reply = std::make_shared<NdjsonReply>(std::move(call.responder));
  const absl::Status begun = eraser->Begin(
      what, call.Project(), call.args[0], call.Actor(), [reply](const ErasureProgress& progress) {
        if (!progress.ended) return reply->Progress(progress.done, progress.total);
        if (!progress.status.ok()) return reply->Error(progress.status);
        reply->Result(
            fmt::format("{{\"traces\":{},\"spans\":{},\"payloads\":{},\"verified\":true}}",
                        progress.traces, progress.spans, progress.payloads));
      });
  if (!begun.ok()) reply->Error(begun);
}

}  // namespace

void DeleteTrace(ApiCall call) { Erase(std::move(call), Erasure::What::kTrace); }
void DeleteUser(ApiCall call) { Erase(std::move(call), Erasure::What::kUser); }

}  // namespace pitot
