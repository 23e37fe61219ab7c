// api/handlers.h
//
// The handlers of all resources, for api.cc's table of routes. Each answers call.responder once.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "api/live_pump.h"
#include "api/views/saved_views.h"
#include "base/cancel.h"
#include "gateway/keys/authorizer.h"
#include "query/scope.h"
#include "query/sql.h"

namespace pitot {

// What handlers share. Thread-safe.
struct ApiContext {
  ApiDeps deps;
  SqlRunner sql;
  UnixNanos started_ns;
  std::unique_ptr<LivePump> live;
  SavedViews views;
  std::atomic<bool> repricing{false};  // One at a time.
};

struct ApiCall {
  ApiContext& context;
  HttpRequest request;
  std::vector<std::string> args;  // From the path.
  Responder responder;
  CancelTokenPtr cancel;  // Cancelled when the peer goes away before the answer is complete.
  Caller caller;
  std::string
      project;  // The query parameter `project`, where the caller may; else the caller's own.

  const std::string& Project() const { return project; }
  // Who asks, for the audit log.
  std::string Actor() const { return caller.Actor(); }

  // For one read: the time now, limits.query_seconds from now, and `cancel`.
  QueryContext Query() const;
};

// Quick; run on the I/O thread.
void GetHealthz(ApiCall call);
void GetMetrics(ApiCall call);
void GetOpenApi(ApiCall call);
void PostSpans(ApiCall call);
void GetLive(ApiCall call);
void GetSession(ApiCall call);

// May wait for the store; run on a worker.
void GetReadyz(ApiCall call);
void GetReceipts(ApiCall call);
void GetTraces(ApiCall call);
void GetTraceHistogram(ApiCall call);
void GetTrace(ApiCall call);
void GetExport(ApiCall call);
void GetStory(ApiCall call);
void GetSpan(ApiCall call);
void GetSeries(ApiCall call);
void GetCost(ApiCall call);
void GetCostTree(ApiCall call);
void GetCostForecast(ApiCall call);
void GetCostAnomalies(ApiCall call);
void GetLatency(ApiCall call);
void GetHeatmap(ApiCall call);
void GetTools(ApiCall call);
void GetToolRepeats(ApiCall call);
void GetErrors(ApiCall call);
void GetSessions(ApiCall call);
void GetUsers(ApiCall call);
void GetPrompts(ApiCall call);
void GetModels(ApiCall call);
void GetProviders(ApiCall call);
void PostSql(ApiCall call);
void GetPrices(ApiCall call);
void PostReprice(ApiCall call);
void DeleteTrace(ApiCall call);
void DeleteUser(ApiCall call);
void GetSearch(ApiCall call);
void GetFields(ApiCall call);
void GetFieldValues(ApiCall call);
void PostLogin(ApiCall call);
void PostLogout(ApiCall call);
void GetSettings(ApiCall call);
void GetViews(ApiCall call);
void PostView(ApiCall call);
void DeleteView(ApiCall call);
void GetKeys(ApiCall call);
void GetKey(ApiCall call);
void PostKey(ApiCall call);
void DeleteKey(ApiCall call);
void PostRotateKey(ApiCall call);
void PostResume(ApiCall call);
void PostCloseBreaker(ApiCall call);
void GetBudgets(ApiCall call);
void GetBudget(ApiCall call);
void PutBudgets(ApiCall call);
void PutBudget(ApiCall call);
void DeleteBudget(ApiCall call);
void PostEnableBudget(ApiCall call);
void PostDisableBudget(ApiCall call);
void PostRunbook(ApiCall call);
void GetActions(ApiCall call);
void PostConfirmAction(ApiCall call);
void PostRevertAction(ApiCall call);
void GetStatusPages(ApiCall call);
void GetPreflight(ApiCall call);
void PostAttest(ApiCall call);
void PostWaive(ApiCall call);
void PostWithdraw(ApiCall call);
void PostEvidence(ApiCall call);
void GetAlerts(ApiCall call);
void GetAlertHistory(ApiCall call);
void GetAlert(ApiCall call);
void PostAck(ApiCall call);
void PostUnack(ApiCall call);
void GetRules(ApiCall call);
void GetSlos(ApiCall call);
void GetSlo(ApiCall call);
void GetNotifications(ApiCall call);
void GetReceivers(ApiCall call);
void PostReceiverTest(ApiCall call);
void GetSilences(ApiCall call);
void PostSilence(ApiCall call);
void DeleteSilence(ApiCall call);
void GetV2Alerts(ApiCall call);
void PostV2Alerts(ApiCall call);
void GetV2Groups(ApiCall call);
void GetV2Silences(ApiCall call);
void PostV2Silences(ApiCall call);
void GetV2Silence(ApiCall call);
void DeleteV2Silence(ApiCall call);
void GetV2Status(ApiCall call);
void GetV2Receivers(ApiCall call);

// params.cc: the parameters that many routes share. Errors name parameter, value and limit.
//
// project, since, until and q of figures: spans that ended within the window.
absl::StatusOr<Scope> ReadScope(const ApiCall& call, UnixNanos now,
                                int64_t default_since_ns = kNanosPerDay);
absl::StatusOr<Filter> ReadFilter(const ApiCall& call);
// `limit`: 1 to limits.list_rows.
absl::StatusOr<uint32_t> ReadLimit(const ApiCall& call, uint32_t by_default = 50);
// A whole number between `min` and `max`.
absl::StatusOr<int64_t> ReadInt(const ApiCall& call, std::string_view name, int64_t by_default,
                                int64_t min, int64_t max);
// true, 1, false or 0.
absl::StatusOr<bool> ReadBool(const ApiCall& call, std::string_view name, bool by_default = false);
// "feature,model": without blanks; the same twice is an error.
absl::StatusOr<std::vector<std::string>> ReadList(const ApiCall& call, std::string_view name,
                                                  std::string_view by_default);

// reply.cc
HttpResponse StatusResponse(const absl::Status& status);
void SendJson(ApiCall& call, absl::StatusOr<std::string> json);

}  // namespace pitot
