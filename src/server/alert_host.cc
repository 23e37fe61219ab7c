#include "server/alert_host.h"

#include <algorithm>
#include <utility>

#include "alert/lifecycle/lifecycle.h"
#include "alert/notify/sender.h"
#include "alert/replay.h"
#include "alert/runbook/runbook.h"
#include "base/status.h"
#include "gateway/keys/authorizer.h"
#include "gateway/keys/key_ring.h"
#include "ingest/history/erasure.h"
#include "ingest/ingest.h"
#include "server/address.h"
#include "server/gateway_actuator.h"
#include "server/gateway_host.h"
#include "server/sandbox.h"

namespace pitot {
namespace {

// Of runbooks that are only tried out.
constexpr std::chrono::milliseconds kDryRunDeadline(15'000);

PreflightGateway GatewayConfigOf(const ServerOptions& options) {
  const GatewayOptions& gateway = options.gateway;
  PreflightGateway out;
  out.enabled = true;
  for (const RouteOptions& route : gateway.routes) {
    PreflightRoute& each = out.routes.emplace_back();
    each.upstream = route.upstream;
    each.model = route.model;
    each.feature = route.feature;
    each.key = route.key;
    each.fallbacks = static_cast<int64_t>(route.fallback.size());
    each.degraded = !route.degraded_text.empty();
    each.cache = route.cache_ttl_ns.has_value();
    if (route.deadlines) {
      each.total_ns = std::chrono::nanoseconds(route.deadlines->total).count();
    }
  }
  out.total_ns = std::chrono::nanoseconds(gateway.deadlines.total).count();
  out.attempts = gateway.retry.attempts;
  out.backoff_ns = std::chrono::nanoseconds(gateway.retry.backoff).count();
  out.breaker = gateway.health.breaker.enabled;
  const LoopOptions& loops = gateway.runs.loops;
  const auto blocks = [&](Detector detector, bool set) {
    return gateway.runs.mode == LoopMode::kEnforce && set &&
           loops.blocks[static_cast<size_t>(detector)];
  };
  out.loop_mode = gateway.runs.mode == LoopMode::kOff       ? "off"
                  : gateway.runs.mode == LoopMode::kEnforce ? "enforce"
                                                            : "observe";
  out.loop_blocks = blocks(Detector::kL1, loops.same_result.block > 0) ||
                    blocks(Detector::kL2, loops.same_error.block > 0) ||
                    blocks(Detector::kL3, loops.cycle.block > 0);
  const bool enforced = gateway.runs.mode == LoopMode::kEnforce;
  out.steps_blocked =
      blocks(Detector::kL6, loops.steps.block > 0) || (enforced && loops.run_steps_max > 0);
  out.spend_blocked = blocks(Detector::kL7, loops.spend_block.value > 0) ||
                      (enforced && loops.run_usd_max.value > 0);
  out.shared_budgets = !options.budget_redis.url.empty();
  out.local_when_redis_down = options.budget_redis.local_when_down;
  return out;
}

PreflightBudget BudgetConfigOf(const BudgetSpec& spec) {
  return {.id = spec.id,
          .scope = std::string(Name(spec.scope)),
          .match = spec.match,
          .project = spec.project,
          .window = std::string(Name(spec.window)),
          .limit_usd = static_cast<double>(spec.limit.value) / 1e9,
          .hard = spec.hard};
}

PreflightKey KeyConfigOf(const ApiKey& key) {
  PreflightKey out;
  out.id = key.id;
  out.name = key.name;
  out.project = key.project;
  for (const std::string_view scope : ScopeNames(key.scopes)) out.scopes.emplace_back(scope);
  out.created_at = key.created_ns;
  out.expires_at = key.expires_ns;
  out.from_config = key.from_config;
  return out;
}

}  // namespace

AlertHost::AlertHost(const ServerOptions& options, const Parts& parts)
    : options_(options),
      parts_(parts),
      figures_(parts.gateway.budgets(), parts.gateway.gateway(), parts.ingest,
               static_cast<uint64_t>(options.spool_max_bytes), parts.clock) {}

AlertHost::~AlertHost() { Stop(); }

absl::StatusOr<std::unique_ptr<AlertHost>> AlertHost::Open(const ServerOptions& options,
                                                           const Parts& parts) {
  std::unique_ptr<AlertHost> host(new AlertHost(options, parts));
  RETURN_IF_ERROR(host->OpenParts());
  return host;
}

absl::Status AlertHost::OpenParts() {
  actuator_ = std::make_unique<GatewayActuator>(parts_.gateway.gateway());
  ASSIGN_OR_RETURN(service_, AlertService::Open(options_.alerts, {.engine = parts_.engine,
                                                                  .limits = options_.limits,
                                                                  .state = &parts_.state,
                                                                  .clock = parts_.clock,
                                                                  .figures = figures_,
                                                                  .actuator = actuator_.get(),
                                                                  .version = PITOT_VERSION}));
  OpenPreflight();
  return absl::OkStatus();
}

void AlertHost::OpenPreflight() {
  sandbox_ = std::make_unique<LiveSandbox>(LiveSandbox::Parts{.options = options_,
                                                              .ingest = parts_.ingest,
                                                              .eraser = parts_.eraser,
                                                              .clock = parts_.clock});
  replay_ = std::make_unique<RuleReplay>(options_.alerts);
  PreflightDeps deps;
  deps.state = &parts_.state;
  deps.config = [this] { return Config(); };
  deps.sandbox = sandbox_.get();
  deps.replay = replay_.get();
  deps.hooks.deliveries = [this] { return Deliveries(); };
  deps.hooks.test_receiver = [this](const std::string& receiver) -> absl::Status {
    ASSIGN_OR_RETURN(const auto results, service_->sender().Test(receiver));
    if (Delivered(results)) return absl::OkStatus();
    return Error(absl::StatusCode::kUnavailable, "{}", ResultText(results));
  };
  deps.hooks.dry_run = [this](const std::string& name, const std::string& project) {
    return DryRun(name, project);
  };
  preflight_ = std::make_unique<Preflight>(std::move(deps));
}

std::vector<PreflightDelivery> AlertHost::Deliveries() const {
  std::vector<PreflightDelivery> out;
  for (const ChannelStatus& status : service_->sender().Statuses()) {
    out.push_back({.receiver = status.receiver,
                   .channel = status.channel,
                   .last_success_at = status.last_success_at,
                   .last_error_at = status.last_error_at,
                   .last_error = status.last_error,
                   .latency_ns = status.last_latency_ns});
  }
  return out;
}

absl::StatusOr<PreflightRunbook> AlertHost::DryRun(const std::string& name,
                                                   const std::string& project) const {
  const QueryContext query{.engine = parts_.engine,
                           .limits = options_.limits,
                           .now = parts_.clock.Now(),
                           .deadline = std::chrono::steady_clock::now() + kDryRunDeadline,
                           .cancel = nullptr};
  RunbookInput input;
  input.project = project;
  ASSIGN_OR_RETURN(const RunbookReport report,
                   RunRunbook(name, input,
                              {.query = query,
                               .status_pages = &service_->status_pages(),
                               .figures = &figures_,
                               .actions = &options_.alerts.actions}));
  PreflightRunbook out{.name = name, .steps = static_cast<int64_t>(report.steps.size())};
  for (const Finding& finding : report.steps) {
    // Too little data to tell is no failure of the runbook.
    if (finding.failed) {
      out.failed.push_back(fmt::format("{}: {}", finding.step, finding.words));
    }
  }
  return out;
}

PreflightConfig AlertHost::Config() const {
  PreflightConfig config;
  config.alerts = options_.alerts;
  const std::vector<SuppressedReading> suppressed = service_->lifecycle().Suppressed();
  for (const RuleStatus& status : service_->Rules()) {
    PreflightRule rule{.spec = status.spec,
                       .last_at = status.last_at,
                       .last_error = status.last_error,
                       .series = status.series};
    rule.learning = std::ranges::count_if(suppressed, [&](const SuppressedReading& each) {
      return each.rule_id == status.spec.id && each.verdict == Verdict::kLearning;
    });
    config.rules.push_back(std::move(rule));
  }
  for (const BudgetState& state : parts_.gateway.budgets().List()) {
    config.budgets.push_back(BudgetConfigOf(state.spec));
  }
  for (const ApiKey& key : parts_.keys.List()) config.keys.push_back(KeyConfigOf(key));
  config.keys_required = parts_.authorizer.KeysRequired();
  const auto address = ParseListenAddress("listen.http", options_.http_address);
  config.network = address.ok() && !address->loopback;
  config.gateway = GatewayConfigOf(options_);
  config.redact_secrets = options_.redact_secrets;
  config.redact_personal = options_.redact_personal;
  for (const RedactionRuleOption& rule : options_.redact_rules) {
    config.redact_rules.push_back(rule.name);
  }
  config.retention_days = options_.retention_days;
  return config;
}

void AlertHost::Start() { service_->Start(); }

void AlertHost::Stop() {
  if (service_ != nullptr) service_->Stop();
}

}  // namespace pitot
