#include "server/gateway_host.h"

#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "gateway/key_budget.h"
#include "gateway/route.h"

namespace pitot {

absl::StatusOr<std::unique_ptr<GatewayHost>> GatewayHost::Open(const ServerOptions& options,
                                                               const Parts& parts) {
  std::unique_ptr<GatewayHost> host(new GatewayHost(parts));
  host->memory_ = std::make_shared<MemoryBudget>(options.limits.gateway_inflight_bytes);
  BudgetOptions budgets;
  budgets.folder = options.data_dir + "/gateway";
  budgets.specs = options.budgets;
  budgets.counters_max = options.limits.budget_counters;
  budgets.redis = options.budget_redis;
  if (!options.config_file.empty()) budgets.config_name = options.config_file;
  for (const ApiKey& key : parts.keys.List()) {
    if (!key.budget || !key.from_config) continue;
    ASSIGN_OR_RETURN(BudgetSpec spec, BudgetOfKey(key));
    budgets.specs.push_back(std::move(spec));
  }
  for (const std::string& words : LooseBudgets(budgets.specs, parts.keys.List())) {
    LogWarning("{}", words);
  }
  ASSIGN_OR_RETURN(host->budgets_, Budgets::Open(std::move(budgets), parts.state, parts.clock));
  host->baseline_ = std::make_unique<SpendBaseline>(parts.engine, parts.clock);

  GatewayOptions gateway = options.gateway;
  gateway.limits = options.limits;
  gateway.runs.runs_max = options.limits.gateway_runs;
  gateway.runs.spend_p99 = [baseline = host->baseline_.get()](std::string_view project,
                                                              std::string_view feature) {
    return baseline->P99(project, feature);
  };
  gateway.runs.context_tokens = [&ingest = parts.ingest](std::string_view model) {
    return ingest.book()->ContextTokens("", model).value_or(0);
  };
  ASSIGN_OR_RETURN(host->gateway_, Gateway::Open(std::move(gateway), {.ingest = parts.ingest,
                                                                      .budgets = *host->budgets_,
                                                                      .keys = parts.keys,
                                                                      .clock = parts.clock}));
  return host;
}

GatewayHost::~GatewayHost() { Stop(std::chrono::milliseconds(0)); }

void GatewayHost::Start() {
  baseline_->Start();
  gateway_->Start();
}

void GatewayHost::Stop(std::chrono::milliseconds drain) {
  if (gateway_ != nullptr) gateway_->Stop(drain);
  if (baseline_ != nullptr) baseline_->Stop();
}

bool GatewayHost::IsFor(std::string_view path) { return IsGatewayPath(path); }

void GatewayHost::Admit(const HttpRequest& head, Admission& admission) const {
  const auto caller = parts_.authorizer.Authorize(head, KeyScope::kGateway);
  if (!caller.ok()) {
    const int status = RowOf(caller.status().code()).http;
    admission.answer = gateway_->Refuse(head, status, Message(caller.status()));
    return;
  }
  gateway_->Admit(head, admission);
  admission.memory = memory_;
}

}  // namespace pitot
