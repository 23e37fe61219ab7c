// POST /api/v1/runbooks/{name}, GET /api/v1/actions, POST /api/v1/actions/{action_id}/confirm and
// /revert, GET /api/v1/status-pages
#include <algorithm>
#include <boost/json.hpp>

#include "alert/runbook/action_book.h"
#include "alert/runbook/runbook.h"
#include "alert/runbook/status_pages.h"
#include "alert/service.h"
#include "api/alert_view.h"
#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

namespace json = boost::json;

// Whether a caller may know of what is in a project.
bool Sees(const ApiCall& call, std::string_view project) {
  return call.caller.SeesAll() || project == call.caller.Project();
}

// {"since":"1h","until":"...","q":"feature = checkout","alert":"9f2c61d0..."}; all optional.
struct RunbookBody {
  std::string project, since, until, q, alert;
};

absl::StatusOr<RunbookBody> ReadRunbookBody(std::string_view text) {
  RunbookBody out;
  if (TrimText(text).empty()) return out;
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return InvalidArgument("the body must be a JSON object");
  const std::pair<std::string_view, std::string*> kFields[] = {{"project", &out.project},
                                                               {"since", &out.since},
                                                               {"until", &out.until},
                                                               {"q", &out.q},
                                                               {"alert", &out.alert}};
  for (const auto& [name, member] : value.get_object()) {
    const std::string_view key(name.data(), name.size());
    const auto field =
        std::ranges::find(kFields, key, &std::pair<std::string_view, std::string*>::first);
    if (field == std::end(kFields) || (!member.is_string() && !member.is_null())) {
      return InvalidArgument(
          "\"{}\" is not expected: the body may have project, since, until, q and alert (texts)",
          key);
    }
    if (member.is_string()) *field->second = std::string(member.get_string());
  }
  return out;
}

absl::StatusOr<std::string> Run(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  ASSIGN_OR_RETURN(const RunbookBody body, ReadRunbookBody(call.request.body));
  const QueryContext query = call.Query();
  RunbookInput input;
  if (!body.alert.empty()) {
    ASSIGN_OR_RETURN(const Alert alert, SeenAlert(call, *service, body.alert, query.now));
    input = InputOf(alert);
  }
  if (!body.project.empty()) {
    ASSIGN_OR_RETURN(input.project, call.caller.ProjectFor(body.project));
  }
  if (input.project.empty()) input.project = call.Project();
  ASSIGN_OR_RETURN(input.filter, ParseFilter(body.q));
  if (!body.since.empty() || !body.until.empty()) {
    ASSIGN_OR_RETURN(input.window,
                     ParseWindow(body.since, body.until, 15 * kNanosPerMinute, query.now));
  }
  ASSIGN_OR_RETURN(const RunbookReport report, service->Runbook(call.args[0], input, query));
  return ReportJson(report);
}

absl::StatusOr<std::string> ListActions(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  ASSIGN_OR_RETURN(const uint32_t limit, ReadLimit(call));
  const std::string_view state = call.request.Param("state");
  if (!state.empty() && std::ranges::find(kActionStateNames, state) == kActionStateNames.end()) {
    return InvalidArgument("state \"{}\" is none of offered, active, reverted, expired, failed",
                           state);
  }
  std::string list;
  uint32_t shown = 0;
  for (const Action& action : service->actions().List(call.request.Param("project"))) {
    if (!Sees(call, action.target.project) || (!state.empty() && Name(action.state) != state))
      continue;
    if (++shown > limit) break;
    list += (list.empty() ? "\n" : ",\n") + ActionJson(action);
  }
  return fmt::format("{{\"at\":{},\"mode\":{},\"actions\":[{}]}}",
                     TimeOrNull(call.context.deps.clock.Now()),
                     QuoteJson(service->options().actions.mode), list);
}

absl::StatusOr<std::string> Change(const ApiCall& call, bool confirm) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  const std::string& id = call.args[0];
  const UnixNanos now = call.context.deps.clock.Now();
  if (!confirm) {
    ASSIGN_OR_RETURN(const Action action, service->actions().Revert(id, call.Actor(), now));
    return ActionJson(action);
  }
  ASSIGN_OR_RETURN(const bool dry_run, ReadBool(call, "dry_run"));
  ASSIGN_OR_RETURN(const Action action, service->actions().Confirm(id, call.Actor(), now, dry_run));
  return ActionJson(action);
}

std::string PageJson(const StatusPage& page) {
  std::string components;
  for (const PageComponent& component : page.report.components) {
    components += fmt::format("{}{{\"name\":{},\"status\":{}}}", components.empty() ? "" : ",",
                              QuoteJson(component.name), QuoteJson(component.status));
  }
  std::string incidents;
  for (const PageIncident& incident : page.report.incidents) {
    incidents += fmt::format(
        "{}{{\"name\":{},\"impact\":{},\"status\":{},\"url\":{},\"started_at\":{},\"last_update\":{"
        "}}}",
        incidents.empty() ? "" : ",", QuoteJson(incident.name), QuoteJson(incident.impact),
        QuoteJson(incident.status), QuoteJson(incident.url), TimeOrNull(incident.started_at),
        QuoteJson(incident.last_update));
  }
  return fmt::format(
      "{{\"provider\":{},\"url\":{},\"state\":\"{}\",\"description\":{},\"fetched_at\":{},"
      "\"stale\":{},"
      "\"error\":{},\"components\":[{}],\"incidents\":[{}]}}",
      QuoteJson(page.provider), QuoteJson(page.url), Name(page.report.state),
      QuoteJson(page.report.description), TimeOrNull(page.fetched_at), page.stale,
      page.error.empty() ? "null" : QuoteJson(page.error), components, incidents);
}

absl::StatusOr<std::string> ListPages(const ApiCall& call) {
  ASSIGN_OR_RETURN(AlertService * service, AlertsOf(call));
  std::string list;
  for (const StatusPage& page : service->status_pages().List(call.context.deps.clock.Now())) {
    list += (list.empty() ? "\n" : ",\n") + PageJson(page);
  }
  return fmt::format("{{\"pages\":[{}]}}", list);
}

}  // namespace

void PostRunbook(ApiCall call) { SendJson(call, Run(call)); }
void GetActions(ApiCall call) { SendJson(call, ListActions(call)); }
void PostConfirmAction(ApiCall call) { SendJson(call, Change(call, true)); }
void PostRevertAction(ApiCall call) { SendJson(call, Change(call, false)); }
void GetStatusPages(ApiCall call) { SendJson(call, ListPages(call)); }

}  // namespace pitot
