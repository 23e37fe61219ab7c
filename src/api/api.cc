#include "api/api.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "api/handlers.h"
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

// A route's query parameters, separated by blanks; `project` is known to all of /api/v1. Others are
// refused by name: a misspelt filter must not look like an answer.
struct Route {
  RoutePattern pattern;
  std::string_view params;
  void (*handle)(ApiCall call);
  RunOn run_on;
};

constexpr Route kRoutes[] = {
    {{"GET", "/healthz"}, "", GetHealthz, RunOn::kCaller},
    {{"GET", "/readyz"}, "", GetReadyz, RunOn::kWorker},
    {{"GET", "/metrics"}, "", GetMetrics, RunOn::kCaller},
    {{"GET", "/api/v1/traces"}, "since until q limit cursor", GetTraces, RunOn::kWorker},
    {{"GET", "/api/v1/traces/{trace_id}"}, "", GetTrace, RunOn::kWorker},
    {{"GET", "/api/v1/traces/{trace_id}/story"},
     "text_bytes limit cursor",
     GetStory,
     RunOn::kWorker},
    {{"GET", "/api/v1/traces/{trace_id}/spans/{span_id}"}, "", GetSpan, RunOn::kWorker},
    {{"GET", "/api/v1/search"}, "query since until q limit cursor", GetSearch, RunOn::kWorker},
    {{"GET", "/api/v1/fields"}, "", GetFields, RunOn::kCaller},
    {{"GET", "/api/v1/fields/{name}/values"},
     "prefix since until q limit",
     GetFieldValues,
     RunOn::kWorker},
    {{"GET", "/api/v1/openapi.json"}, "", GetOpenApi, RunOn::kCaller},
    {{"GET", "/api/v1/live"}, "q last_event_id", GetLive, RunOn::kCaller},
    {{"GET", "/api/v1/cost"},
     "since until q by timezone limit projection",
     GetCost,
     RunOn::kWorker},
    {{"GET", "/api/v1/cost/tree"}, "since until q by timezone limit", GetCostTree, RunOn::kWorker},
    {{"GET", "/api/v1/latency"},
     "since until q by timezone limit kind",
     GetLatency,
     RunOn::kWorker},
    {{"GET", "/api/v1/latency/heatmap"},
     "since until q kind measure columns",
     GetHeatmap,
     RunOn::kWorker},
    {{"GET", "/api/v1/tools"}, "since until q limit", GetTools, RunOn::kWorker},
    {{"GET", "/api/v1/errors"}, "since until q limit examples", GetErrors, RunOn::kWorker},
    {{"GET", "/api/v1/sessions"}, "since until q limit cursor order", GetSessions, RunOn::kWorker},
    {{"GET", "/api/v1/users"}, "since until q limit cursor order", GetUsers, RunOn::kWorker},
    {{"GET", "/api/v1/prompts"}, "since until q limit cursor order", GetPrompts, RunOn::kWorker},
    {{"GET", "/api/v1/models"}, "since until q limit cursor order", GetModels, RunOn::kWorker},
    {{"GET", "/api/v1/providers"},
     "since until q limit cursor order",
     GetProviders,
     RunOn::kWorker},
    {{"GET", "/api/v1/export"}, "format since until q", GetExport, RunOn::kWorker},
    {{"GET", "/api/v1/receipts"}, "", GetReceipts, RunOn::kWorker},
    {{"GET", "/api/v1/prices"}, "model provider since until limit", GetPrices, RunOn::kWorker},
    {{"POST", "/api/v1/reprice"}, "since until q dry_run", PostReprice, RunOn::kWorker},
    {{"DELETE", "/api/v1/traces/{trace_id}"}, "", DeleteTrace, RunOn::kWorker},
    {{"DELETE", "/api/v1/users/{user_id}"}, "", DeleteUser, RunOn::kWorker},
    {{"POST", "/api/v1/spans"}, "import", PostSpans, RunOn::kCaller},
    {{"POST", "/api/v1/sql"}, "", PostSql, RunOn::kWorker},
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
  if (!path.starts_with("/api/")) return absl::OkStatus();  // Scrapers add what they like.
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
                 std::make_unique<LivePump>(deps.ingest.live(), deps.limits, deps.live_heartbeat)} {
  }

  void EndStreams() { context_.live->Stop(); }

  void Handle(HttpRequest request, Responder responder) {
    RouteMatch match = MatchRoute(kPatterns, request.method, request.path);
    switch (match.result) {
      case RouteMatch::Result::kNoPath:
        if (auto web = ServeWeb(BuiltInWebFiles(), request)) {
          return responder.Send(*std::move(web));
        }
        return responder.Send(NoPath(request, match));
      case RouteMatch::Result::kNoMethod:
        return responder.Send(NoMethod(request, match));
      case RouteMatch::Result::kFound:
        break;
    }
    const Route& route = kRoutes[match.route];
    ApiCall call{context_, std::move(request), std::move(match.args), std::move(responder),
                 std::make_shared<CancelToken>()};
    if (const absl::Status status = CheckParams(call.request, route); !status.ok()) {
      return call.responder.Send(StatusResponse(status));
    }
    call.responder.OnDisconnect([cancel = call.cancel] { cancel->Cancel(); });
    if (!IsProjectName(call.Project())) {
      return call.responder.Send(
          ErrorResponse(400, "project must be 1 to 64 of A-Z a-z 0-9 _ . -"));
    }
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
  ApiContext context_;
  WorkerPool workers_{kWorkers, kQueuedMax};  // Last: its jobs use the context.
};

Api::Api(const ApiDeps& deps) : impl_(std::make_unique<Impl>(deps)) {}
Api::~Api() = default;

void Api::EndStreams() { impl_->EndStreams(); }

void Api::Handle(HttpRequest request, Responder responder) {
  impl_->Handle(std::move(request), std::move(responder));
}

}  // namespace pitot
