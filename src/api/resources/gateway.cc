// POST /api/v1/traces/{trace_id}/resume, POST /api/v1/providers/{upstream}/close: an operator knows better
// than a loop detector or a circuit breaker.
#include "gateway/gateway.h"

#include "api/handlers.h"
#include "base/hex.h"
#include "base/status.h"
#include "store/state.h"

namespace pitot {
namespace {

absl::Status Audit(const ApiCall& call, std::string_view action, std::string_view what) {
  if (call.context.deps.state == nullptr) return absl::OkStatus();
  StateEvent event;
  event.kind = kAuditKind;
  event.id = fmt::format("gateway-{:016x}", call.context.deps.ingest.NextReceiveTime());
  event.actor = call.Actor();
  event.body = fmt::format("{{\"action\":{},\"what\":{}}}", QuoteJson(action), QuoteJson(what));
  return call.context.deps.state->Append(std::move(event)).status();
}

absl::StatusOr<Gateway*> GatewayOf(const ApiCall& call) {
  if (call.context.deps.gateway == nullptr) return Unavailable("no gateway runs here");
  return call.context.deps.gateway;
}

absl::StatusOr<std::string> Resume(const ApiCall& call) {
  ASSIGN_OR_RETURN(Gateway * gateway, GatewayOf(call));
  const std::string& id = call.args[0];
  TraceId trace;
  if (!FromHex(id, reinterpret_cast<char*>(trace.bytes.data()), trace.bytes.size())) {
    return InvalidArgument("\"{}\" is no trace id: 32 hex digits", id);
  }
  if (!gateway->ResumeRun(trace)) {
    return Error(
        absl::StatusCode::kNotFound,
        "the gateway remembers no run {}: it is over, or none of its calls came through here", id);
  }
  RETURN_IF_ERROR(Audit(call, "run.resume", id));
  return fmt::format("{{\"resumed\":{}}}", QuoteJson(id));
}

absl::StatusOr<std::string> Close(const ApiCall& call) {
  ASSIGN_OR_RETURN(Gateway * gateway, GatewayOf(call));
  const std::string_view model = call.request.Param("model");
  if (!gateway->CloseBreaker(call.args[0], model)) {
    return Error(absl::StatusCode::kNotFound, "no call went to {}/{} lately", call.args[0], model);
  }
  const std::string what = fmt::format("{}/{}", call.args[0], model);
  RETURN_IF_ERROR(Audit(call, "breaker.close", what));
  return fmt::format("{{\"closed\":{}}}", QuoteJson(what));
}

}  // namespace

void PostResume(ApiCall call) { SendJson(call, Resume(call)); }
void PostCloseBreaker(ApiCall call) { SendJson(call, Close(call)); }

}  // namespace pitot
