#include "api/api.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "api/handlers.h"
#include "api/login_page.h"
#include "api/router.h"
#include "api/web.h"
#include "api/worker_pool.h"
#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

// Queries in parallel are bounded by the store's connections too; ingest needs one of those.
constexpr size_t kWorkers = 4;
constexpr size_t kQueuedMax = 64;

enum class RunOn { kCaller, kWorker };

// The scope a key must have; nothing: no key is asked for, and none is looked at.
using Need = std::optional<KeyScope>;
constexpr Need kOpen = std::nullopt;
constexpr Need kIngest = KeyScope::kIngest;
constexpr Need kRead = KeyScope::kRead;
constexpr Need kSql = KeyScope::kSql;
constexpr Need kAdmin = KeyScope::kAdmin;

// A route's query parameters, separated by blanks; `project` is known to all of /api. Others are
// refused by name in /api/v1: a misspelt filter must not look like an answer.
struct Route {
  RoutePattern pattern;
  std::string_view params;
  void (*handle)(ApiCall call);
  RunOn run_on;
  Need need;
};

constexpr Route kRoutes[] = {
    {{"GET", "/healthz"}, "", GetHealthz, RunOn::kCaller, kOpen},
    {{"GET", "/readyz"}, "", GetReadyz, RunOn::kWorker, kOpen},
    {{"GET", "/metrics"}, "", GetMetrics, RunOn::kCaller, kRead},
    {{"GET", "/api/v1/traces"}, "since until q limit cursor", GetTraces, RunOn::kWorker, kRead},
    // Paths with a word come before those with an id in its place: the first that matches answers.
    {{"GET", "/api/v1/traces/histogram"},
     "since until q points",
     GetTraceHistogram,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/traces/{trace_id}"}, "", GetTrace, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/traces/{trace_id}/story"},
     "text_bytes limit cursor",
     GetStory,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/traces/{trace_id}/spans/{span_id}"}, "", GetSpan, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/search"},
     "query since until q limit cursor",
     GetSearch,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/fields"}, "", GetFields, RunOn::kCaller, kRead},
    {{"GET", "/api/v1/fields/{name}/values"},
     "prefix since until q limit",
     GetFieldValues,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/openapi.json"}, "", GetOpenApi, RunOn::kCaller, kOpen},
    {{"GET", "/api/v1/live"}, "q last_event_id", GetLive, RunOn::kCaller, kRead},
    {{"GET", "/api/v1/series"},
     "since until q kind by groups points measures",
     GetSeries,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/cost"},
     "since until q by timezone limit projection",
     GetCost,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/cost/tree"},
     "since until q by timezone limit",
     GetCostTree,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/cost/forecast"},
     "q timezone budget_usd month_budget_usd",
     GetCostForecast,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/cost/anomalies"},
     "since until q by limit",
     GetCostAnomalies,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/latency"},
     "since until q by timezone limit kind",
     GetLatency,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/latency/heatmap"},
     "since until q kind measure columns",
     GetHeatmap,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/tools"}, "since until q limit versions", GetTools, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/tools/repeats"},
     "since until q limit least",
     GetToolRepeats,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/errors"}, "since until q limit examples", GetErrors, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/sessions"},
     "since until q limit cursor order",
     GetSessions,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/users"}, "since until q limit cursor order", GetUsers, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/prompts"},
     "since until q limit cursor order",
     GetPrompts,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/models"},
     "since until q limit cursor order",
     GetModels,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/providers"},
     "since until q limit cursor order",
     GetProviders,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/export"}, "format since until q", GetExport, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/receipts"}, "", GetReceipts, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/prices"},
     "model provider since until limit",
     GetPrices,
     RunOn::kWorker,
     kRead},
    {{"POST", "/api/v1/reprice"}, "since until q dry_run", PostReprice, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/traces/{trace_id}/resume"}, "", PostResume, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/providers/{upstream}/close"},
     "model",
     PostCloseBreaker,
     RunOn::kWorker,
     kAdmin},
    {{"DELETE", "/api/v1/traces/{trace_id}"}, "", DeleteTrace, RunOn::kWorker, kAdmin},
    {{"DELETE", "/api/v1/users/{user_id}"}, "", DeleteUser, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/spans"}, "import", PostSpans, RunOn::kCaller, kIngest},
    {{"POST", "/api/v1/sql"}, "", PostSql, RunOn::kWorker, kSql},
    {{"GET", "/api/v1/settings"}, "", GetSettings, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/views"}, "", GetViews, RunOn::kWorker, kRead},
    // Their own: whose a view is, is looked at when it is known which.
    {{"POST", "/api/v1/views"}, "", PostView, RunOn::kWorker, kRead},
    {{"DELETE", "/api/v1/views/{view_id}"}, "", DeleteView, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/session"}, "", GetSession, RunOn::kCaller, kRead},
    {{"POST", "/api/v1/login"}, "", PostLogin, RunOn::kWorker, kOpen},
    {{"POST", "/api/v1/logout"}, "", PostLogout, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/keys"}, "", GetKeys, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/keys"}, "", PostKey, RunOn::kWorker, kAdmin},
    {{"GET", "/api/v1/keys/{key_id}"}, "", GetKey, RunOn::kWorker, kAdmin},
    {{"DELETE", "/api/v1/keys/{key_id}"}, "", DeleteKey, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/keys/{key_id}/rotate"}, "", PostRotateKey, RunOn::kWorker, kAdmin},
    {{"GET", "/api/v1/budgets"}, "", GetBudgets, RunOn::kWorker, kRead},
    {{"PUT", "/api/v1/budgets"}, "", PutBudgets, RunOn::kWorker, kAdmin},
    {{"GET", "/api/v1/budgets/{budget_id}"}, "limit counter", GetBudget, RunOn::kWorker, kRead},
    {{"PUT", "/api/v1/budgets/{budget_id}"}, "", PutBudget, RunOn::kWorker, kAdmin},
    {{"DELETE", "/api/v1/budgets/{budget_id}"}, "", DeleteBudget, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/budgets/{budget_id}/enable"}, "", PostEnableBudget, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/budgets/{budget_id}/disable"},
     "",
     PostDisableBudget,
     RunOn::kWorker,
     kAdmin},
    {{"GET", "/api/v1/alerts"},
     "state receiver match groups limit",
     GetAlerts,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/alerts/history"},
     "since until match limit",
     GetAlertHistory,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v1/alerts/{fingerprint}"}, "", GetAlert, RunOn::kWorker, kRead},
    {{"POST", "/api/v1/alerts/{fingerprint}/ack"}, "", PostAck, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/alerts/{fingerprint}/unack"}, "", PostUnack, RunOn::kWorker, kAdmin},
    {{"GET", "/api/v1/slos"}, "", GetSlos, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/slos/{slo}"}, "points", GetSlo, RunOn::kWorker, kRead},
    {{"POST", "/api/v1/runbooks/{name}"}, "", PostRunbook, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/actions"}, "state limit", GetActions, RunOn::kWorker, kRead},
    {{"POST", "/api/v1/actions/{action_id}/confirm"},
     "dry_run",
     PostConfirmAction,
     RunOn::kWorker,
     kAdmin},
    {{"POST", "/api/v1/actions/{action_id}/revert"}, "", PostRevertAction, RunOn::kWorker, kAdmin},
    {{"GET", "/api/v1/status-pages"}, "", GetStatusPages, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/preflight"}, "probes points format", GetPreflight, RunOn::kWorker, kRead},
    {{"POST", "/api/v1/preflight/{point}/attest"}, "", PostAttest, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/preflight/{point}/waive"}, "", PostWaive, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/preflight/{point}/withdraw"}, "", PostWithdraw, RunOn::kWorker, kAdmin},
    {{"POST", "/api/v1/preflight/{point}/evidence"}, "", PostEvidence, RunOn::kWorker, kAdmin},
    {{"GET", "/api/v1/rules"}, "", GetRules, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/notifications"}, "receiver limit", GetNotifications, RunOn::kWorker, kRead},
    {{"GET", "/api/v1/receivers"}, "", GetReceivers, RunOn::kWorker, kRead},
    {{"POST", "/api/v1/receivers/{name}/test"}, "", PostReceiverTest, RunOn::kWorker, kAdmin},
    {{"GET", "/api/v1/silences"}, "state", GetSilences, RunOn::kWorker, kRead},
    {{"POST", "/api/v1/silences"}, "", PostSilence, RunOn::kWorker, kAdmin},
    {{"DELETE", "/api/v1/silences/{silence_id}"}, "", DeleteSilence, RunOn::kWorker, kAdmin},
    {{"GET", "/api/v2/alerts"},
     "active silenced inhibited unprocessed filter receiver",
     GetV2Alerts,
     RunOn::kWorker,
     kRead},
    {{"POST", "/api/v2/alerts"}, "", PostV2Alerts, RunOn::kWorker, kIngest},
    {{"GET", "/api/v2/alerts/groups"},
     "active silenced inhibited unprocessed filter receiver",
     GetV2Groups,
     RunOn::kWorker,
     kRead},
    {{"GET", "/api/v2/silences"}, "filter creator", GetV2Silences, RunOn::kWorker, kRead},
    {{"POST", "/api/v2/silences"}, "", PostV2Silences, RunOn::kWorker, kAdmin},
    {{"GET", "/api/v2/silence/{silence_id}"}, "", GetV2Silence, RunOn::kWorker, kRead},
    {{"DELETE", "/api/v2/silence/{silence_id}"}, "", DeleteV2Silence, RunOn::kWorker, kAdmin},
    {{"GET", "/api/v2/status"}, "", GetV2Status, RunOn::kCaller, kRead},
    {{"GET", "/api/v2/receivers"}, "", GetV2Receivers, RunOn::kCaller, kRead},
};

constexpr auto kPatterns = [] {
  std::array<RoutePattern, std::size(kRoutes)> patterns;
  for (size_t i = 0; i < patterns.size(); ++i) patterns[i] = kRoutes[i].pattern;
  return patterns;
}();

std::vector<std::string_view> ParamsOf(const Route& route) {
  std::vector<std::string_view> params;
  if (route.pattern.path.starts_with("/api/")) params.push_back("project");
  for (const std::string_view name : SplitText(route.params, ' ')) {
    if (!name.empty()) params.push_back(name);
  }
  return params;
}

absl::Status CheckParams(const HttpRequest& request, const Route& route) {
  const std::string_view path = route.pattern.path;
  // Scrapers add what they like, and so do clients of an Alertmanager.
  if (!path.starts_with("/api/v1/")) return absl::OkStatus();
  const std::vector<std::string_view> known = ParamsOf(route);
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(known, name) == known.end()) {
      return InvalidArgument("{} knows no parameter \"{}\"{}; it takes {}", path, name,
                             DidYouMean(name, known), fmt::join(known, ", "));
    }
    if (std::ranges::find(seen, name) != seen.end()) {
      return InvalidArgument("parameter \"{}\" is given twice", name);
    }
    seen.push_back(name);
  }
  return absl::OkStatus();
}

absl::Status TakeProject(ApiCall& call, const Route& route) {
  if (!route.pattern.path.starts_with("/api/")) return absl::OkStatus();
  ASSIGN_OR_RETURN(call.project, call.caller.ProjectFor(call.request.Param("project")));
  if (IsProjectName(call.project)) return absl::OkStatus();
  return InvalidArgument("project must be 1 to 64 of A-Z a-z 0-9 _ . -");
}

HttpResponse Refusal(const absl::Status& status) {
  HttpResponse response = StatusResponse(status);
  // RFC 9110, 15.5.2: a 401 names what would be accepted.
  if (response.status == 401) response.headers.Set("WWW-Authenticate", "Bearer realm=\"pitot\"");
  return response;
}

HttpResponse NoPath(const HttpRequest& request, const RouteMatch& match) {
  std::string message = fmt::format("nothing is at {}", request.path);
  if (!match.nearest.empty()) message += fmt::format("; did you mean {}?", match.nearest);
  return ErrorResponse(404, message);
}

HttpResponse NoMethod(const HttpRequest& request, const RouteMatch& match) {
  HttpResponse response = ErrorResponse(
      405,
      fmt::format("{} does not answer {}, only {}", request.path, request.method, match.allow));
  response.headers.Set("Allow", match.allow);
  return response;
}

}  // namespace

std::vector<ApiRoute> ApiRoutes() {
  std::vector<ApiRoute> routes;
  for (const Route& route : kRoutes) {
    routes.push_back({route.pattern.method, route.pattern.path, ParamsOf(route)});
  }
  return routes;
}

class Api::Impl {
 public:
  explicit Impl(const ApiDeps& deps)
      : context_{deps, SqlRunner(deps.store.engine(), deps.limits, deps.clock), deps.clock.Now(),
                 std::make_unique<LivePump>(deps.ingest.live(), deps.limits, deps.live_heartbeat),
                 SavedViews(deps.state, static_cast<size_t>(deps.limits.views))} {}

  void EndStreams() { context_.live->Stop(); }

  std::optional<HttpResponse> Admit(const HttpRequest& head) const {
    const RouteMatch match = MatchRoute(kPatterns, head.method, head.path);
    if (match.result != RouteMatch::Result::kFound) return std::nullopt;
    if (const auto caller = CallerOf(head, kRoutes[match.route]); !caller.ok()) {
      return Refusal(caller.status());
    }
    return std::nullopt;
  }

  void Handle(HttpRequest request, Responder responder) {
    RouteMatch match = MatchRoute(kPatterns, request.method, request.path);
    switch (match.result) {
      case RouteMatch::Result::kNoPath:
        return responder.Send(Page(request, match));
      case RouteMatch::Result::kNoMethod:
        return responder.Send(NoMethod(request, match));
      case RouteMatch::Result::kFound:
        break;
    }
    const Route& route = kRoutes[match.route];
    auto caller = CallerOf(request, route);
    if (!caller.ok()) return responder.Send(Refusal(caller.status()));
    ApiCall call{context_,
                 std::move(request),
                 std::move(match.args),
                 std::move(responder),
                 std::make_shared<CancelToken>(),
                 *std::move(caller),
                 ""};
    absl::Status status = CheckParams(call.request, route);
    if (status.ok()) status = TakeProject(call, route);
    if (!status.ok()) return call.responder.Send(StatusResponse(status));
    call.responder.OnDisconnect([cancel = call.cancel] { cancel->Cancel(); });
    if (route.run_on == RunOn::kCaller) return route.handle(std::move(call));

    // Copyable, as std::function wants it.
    auto shared = std::make_shared<ApiCall>(std::move(call));
    WorkerPool::Job job = [shared, &route] {
      // Nobody waits any more: not worth a query.
      if (!shared->cancel->cancelled()) route.handle(std::move(*shared));
    };
    if (!workers_.TryRun(job)) {
      shared->responder.Send(
          StatusResponse(Unavailable("{} queries are waiting already; ask again", kQueuedMax)));
    }
  }

 private:
  absl::StatusOr<Caller> CallerOf(const HttpRequest& head, const Route& route) const {
    const Authorizer* authorizer = context_.deps.authorizer;
    if (!route.need || authorizer == nullptr) return Caller{nullptr, head.peer, ""};
    return authorizer->AuthorizePage(head, *route.need);
  }

  // A page of the web UI, or the one to log in with before.
  HttpResponse Page(const HttpRequest& request, const RouteMatch& match) const {
    const Authorizer* authorizer = context_.deps.authorizer;
    if (authorizer != nullptr && IsWebPage(BuiltInWebFiles(), request) &&
        !authorizer->AuthorizePage(request, KeyScope::kRead).ok()) {
      return LoginPage(request, "");
    }
    auto web = ServeWeb(BuiltInWebFiles(), request);
    return web ? *std::move(web) : NoPath(request, match);
  }

  ApiContext context_;
  WorkerPool workers_{kWorkers, kQueuedMax};  // Last: its jobs use the context.
};

Api::Api(const ApiDeps& deps) : impl_(std::make_unique<Impl>(deps)) {}
Api::~Api() = default;

void Api::EndStreams() { impl_->EndStreams(); }

std::optional<HttpResponse> Api::Admit(const HttpRequest& head) const { return impl_->Admit(head); }

void Api::Handle(HttpRequest request, Responder responder) {
  impl_->Handle(std::move(request), std::move(responder));
}

}  // namespace pitot
