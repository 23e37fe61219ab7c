// GET /api/v1/sessions, /api/v1/users, /api/v1/prompts, /api/v1/models, /api/v1/providers
#include "query/figures/groups.h"

#include "api/handlers.h"
#include "base/status.h"

namespace pitot {
namespace {

absl::StatusOr<std::string> List(const ApiCall& call, GroupList list) {
  const QueryContext context = call.Query();
  GroupListRequest request;
  request.list = list;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  ASSIGN_OR_RETURN(request.limit, ReadLimit(call));
  request.order = call.request.Param("order");
  request.cursor = call.request.Param("cursor");
  return GroupListJson(context, request);
}

}  // namespace

void GetSessions(ApiCall call) { SendJson(call, List(call, GroupList::kSessions)); }
void GetUsers(ApiCall call) { SendJson(call, List(call, GroupList::kUsers)); }
void GetPrompts(ApiCall call) { SendJson(call, List(call, GroupList::kPrompts)); }
void GetModels(ApiCall call) { SendJson(call, List(call, GroupList::kModels)); }

// What is stored, and beside it what the gateway sees now.
void GetProviders(ApiCall call) {
  absl::StatusOr<std::string> answer = List(call, GroupList::kProviders);
  if (answer.ok()) {
    const auto& live = call.context.deps.gateway_health;
    answer->pop_back();  // The brace.
    answer->append(R"(,"gateway":)").append(live ? live() : "null").push_back('}');
  }
  SendJson(call, std::move(answer));
}

}  // namespace pitot
