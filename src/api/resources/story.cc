// GET /api/v1/traces/{trace_id}/story
#include "query/story/story.h"

#include "api/handlers.h"
#include "base/status.h"

namespace pitot {
namespace {

absl::StatusOr<StoryOptions> ReadOptions(const ApiCall& call) {
  constexpr int64_t kTextBytesMax = 1 << 20;
  StoryOptions options;
  ASSIGN_OR_RETURN(const int64_t text_bytes, ReadInt(call, "text_bytes", 4000, 0, kTextBytesMax));
  const int64_t rows = call.context.deps.limits.list_rows;
  ASSIGN_OR_RETURN(options.steps_max, ReadLimit(call, static_cast<uint32_t>(rows)));
  options.text_bytes = static_cast<size_t>(text_bytes);
  return options;
}

}  // namespace

void GetStory(ApiCall call) {
  const auto options = ReadOptions(call);
  if (!options.ok()) return call.responder.Send(StatusResponse(options.status()));
  SendJson(call, ReadStory(call.Query(), call.Project(), call.args[0], *options,
                           std::string(call.request.Param("cursor"))));
}

}  // namespace pitot
