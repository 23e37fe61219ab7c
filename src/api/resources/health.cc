// GET /healthz: the process answers. GET /readyz: spans are taken and questions answered.
#include "api/handlers.h"
#include "base/status.h"

namespace pitot {
namespace {
constexpr std::chrono::milliseconds kHealthDeadline{5'000};
}  // namespace

void GetHealthz(ApiCall call) { call.responder.Send(JsonResponse(200, "{\"status\":\"ok\"}")); }

void GetReadyz(ApiCall call) {
  const ApiDeps& deps = call.context.deps;
  absl::Status status = deps.ingest.Health();
  if (status.ok()) status = Annotate(deps.store.Health(kHealthDeadline).status, "store");
  if (!status.ok()) return call.responder.Send(ErrorResponse(503, Message(status)));
  call.responder.Send(JsonResponse(200, "{\"status\":\"ready\"}"));
}

}  // namespace pitot
