#include "api/handlers.h"
#include "base/log.h"
#include "base/status.h"

namespace pitot {

HttpResponse StatusResponse(const absl::Status& status) {
  const StatusRow& row = RowOf(status.code());
  std::string_view message = Message(status);
  if (row.code == absl::StatusCode::kInternal) {
    // It may quote statements of ours, which help nobody but us.
    LogError("api: {}", message);
    message = "an internal fault; the server's log has the details";
  }
  HttpResponse response = ErrorResponse(row.http, message);
  if (row.retry) {
    const auto wait = RetryAfter(status).count();
    response.headers.Set("Retry-After", fmt::to_string(wait > 0 ? (wait + 999) / 1000 : 1));
  }
  return response;
}

void SendJson(ApiCall& call, absl::StatusOr<std::string> json) {
  if (!json.ok()) return call.responder.Send(StatusResponse(json.status()));
  call.responder.Send(JsonResponse(200, *std::move(json)));
}

QueryContext ApiCall::Query() const {
  const ApiDeps& deps = context.deps;
  return QueryContext{.engine = deps.store.engine(),
                      .limits = deps.limits,
                      .now = deps.clock.Now(),
                      .deadline = std::chrono::steady_clock::now() +
                                  std::chrono::seconds(deps.limits.query_seconds),
                      .cancel = cancel};
}

}  // namespace pitot
