// GET /api/v1/cost, /api/v1/cost/tree, /api/v1/cost/forecast, /api/v1/cost/anomalies
#include "query/figures/cost.h"

#include <charconv>
#include <cmath>

#include "api/handlers.h"
#include "base/status.h"
#include "query/figures/anomaly.h"
#include "query/figures/projection.h"

namespace pitot {
namespace {

constexpr uint32_t kLeavesDefault = 1000;
constexpr uint32_t kCausesDefault = 5;
constexpr int64_t kAnomalyWindowNs = 7 * kNanosPerDay;

absl::StatusOr<CostRequest> ReadRequest(const ApiCall& call, UnixNanos now, std::string_view by,
                                        uint32_t limit) {
  CostRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, now));
  ASSIGN_OR_RETURN(request.by, ReadList(call, "by", by));
  ASSIGN_OR_RETURN(request.limit, ReadLimit(call, limit));
  if (const auto timezone = call.request.Param("timezone"); !timezone.empty()) {
    request.timezone = timezone;
  }
  return request;
}

absl::StatusOr<std::string> Cost(const ApiCall& call) {
  const QueryContext context = call.Query();
  ASSIGN_OR_RETURN(CostRequest request, ReadRequest(call, context.now, "feature", 50));
  ASSIGN_OR_RETURN(request.projection, ReadBool(call, "projection"));
  return CostJson(context, request);
}

absl::StatusOr<std::string> CostTree(const ApiCall& call) {
  const QueryContext context = call.Query();
  ASSIGN_OR_RETURN(
      const CostRequest request,
      ReadRequest(call, context.now, "feature,workflow,agent,name,model", kLeavesDefault));
  return CostTreeJson(context, request);
}

// An amount of a budget; 0 when it is not given.
absl::StatusOr<double> ReadUsd(const ApiCall& call, std::string_view name) {
  const std::string_view text = call.request.Param(name);
  if (text.empty()) return 0;
  double usd = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), usd);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(usd) || usd <= 0) {
    return InvalidArgument("{} \"{}\" is no amount of US dollars above 0", name, text);
  }
  return usd;
}

absl::StatusOr<std::string> CostForecast(const ApiCall& call) {
  const QueryContext context = call.Query();
  ForecastRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now));
  ASSIGN_OR_RETURN(request.budget_usd, ReadUsd(call, "budget_usd"));
  ASSIGN_OR_RETURN(request.month_budget_usd, ReadUsd(call, "month_budget_usd"));
  if (const auto timezone = call.request.Param("timezone"); !timezone.empty()) {
    request.timezone = timezone;
  }
  return ForecastJson(context, request);
}

absl::StatusOr<std::string> CostAnomalies(const ApiCall& call) {
  const QueryContext context = call.Query();
  AnomalyRequest request;
  ASSIGN_OR_RETURN(request.scope, ReadScope(call, context.now, kAnomalyWindowNs));
  ASSIGN_OR_RETURN(request.by, ReadList(call, "by", "feature,model"));
  ASSIGN_OR_RETURN(request.limit, ReadLimit(call, kCausesDefault));
  return AnomaliesJson(context, request);
}

}  // namespace

void GetCost(ApiCall call) { SendJson(call, Cost(call)); }

void GetCostTree(ApiCall call) { SendJson(call, CostTree(call)); }

void GetCostForecast(ApiCall call) { SendJson(call, CostForecast(call)); }

void GetCostAnomalies(ApiCall call) { SendJson(call, CostAnomalies(call)); }

}  // namespace pitot
