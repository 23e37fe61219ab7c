// GET and POST /api/v1/views, DELETE /api/v1/views/{view_id}
#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

std::string ViewJson(const SavedView& view, const Caller& caller) {
  std::string search;
  for (const auto& [name, value] : view.search) {
    search += fmt::format("{}{}:{}", search.empty() ? "" : ",", QuoteJson(name), QuoteJson(value));
  }
  return fmt::format(
      "{{\"id\":{},\"name\":{},\"page\":{},\"search\":{{{}}},\"created_at\":\"{}\","
      "\"changed_at\":\"{}\",\"created_by\":{},\"may_change\":{}}}",
      QuoteJson(view.id), QuoteJson(view.name), QuoteJson(view.page), search,
      FormatTimeNanos(view.created_at), FormatTimeNanos(view.changed_at),
      QuoteJson(view.created_by), view.MayChange(caller));
}

std::string ListViews(const ApiCall& call) {
  std::string list;
  for (const SavedView& view : call.context.views.List(call.Project())) {
    list += (list.empty() ? "\n" : ",\n") + ViewJson(view, call.caller);
  }
  return fmt::format("{{\"views\":[{}]}}", list);
}

absl::StatusOr<std::string> SaveView(const ApiCall& call) {
  ASSIGN_OR_RETURN(ViewRequest request, ViewRequest::Parse(call.request.body));
  ASSIGN_OR_RETURN(const SavedView view,
                   call.context.views.Save(call.Project(), std::move(request), call.caller));
  return ViewJson(view, call.caller);
}

absl::StatusOr<std::string> RemoveView(const ApiCall& call) {
  RETURN_IF_ERROR(call.context.views.Remove(call.Project(), call.args[0], call.caller));
  return fmt::format("{{\"deleted\":{}}}", QuoteJson(call.args[0]));
}

}  // namespace

void GetViews(ApiCall call) { SendJson(call, ListViews(call)); }
void PostView(ApiCall call) { SendJson(call, SaveView(call)); }
void DeleteView(ApiCall call) { SendJson(call, RemoveView(call)); }

}  // namespace pitot
