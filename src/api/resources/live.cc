// GET /api/v1/live: spans as they start and end, as server-sent events.
#include <charconv>

#include "api/handlers.h"
#include "api/live_pump.h"
#include "base/status.h"

namespace pitot {
namespace {

// Browsers send the header when they connect again; programs may find the parameter easier.
absl::StatusOr<std::optional<uint64_t>> ReadLastId(const HttpRequest& request) {
  std::string_view text = request.Param("last_event_id");
  if (text.empty()) text = request.headers.Get("Last-Event-ID");
  if (text.empty()) return std::nullopt;
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 0) {
    return InvalidArgument("last event id \"{}\" is not one: take `id` of the last event", text);
  }
  return static_cast<uint64_t>(id);
}

}  // namespace

void GetLive(ApiCall call) {
  auto filter = ReadFilter(call);
  if (!filter.ok()) return call.responder.Send(StatusResponse(filter.status()));
  const auto last_id = ReadLastId(call.request);
  if (!last_id.ok()) return call.responder.Send(StatusResponse(last_id.status()));
  if (call.request.method == "HEAD") {
    HttpResponse head;
    head.headers.Set("Content-Type", "text/event-stream");
    return call.responder.Send(std::move(head));
  }
  const absl::Status taken = call.context.live->Add({.project = call.Project(),
                                                     .filter = *std::move(filter),
                                                     .last_id = *last_id,
                                                     .gone = call.cancel},
                                                    call.responder);
  if (!taken.ok()) call.responder.Send(StatusResponse(taken));
}

}  // namespace pitot
