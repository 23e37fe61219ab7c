#include "server/gateway_actuator.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "base/text.h"
#include "gateway/gateway.h"

namespace pitot {
namespace {

// "calls of feature checkout with gpt-5-mini"
std::string WhoseCalls(const ActionTarget& target) {
  std::string out = "calls";
  const auto add = [&](std::string_view word, std::string_view value) {
    if (!value.empty()) out += fmt::format(" {} {}", word, value);
  };
  add("of run", target.trace_id);
  add("of feature", target.feature);
  add("of user", target.user);
  add("with key", target.key);
  add("with", target.model);
  add("at", target.upstream);
  add("in project", target.project);
  return out;
}

Override OverrideOf(const Action& action) {
  const ActionTarget& target = action.target;
  Override out;
  out.id = action.id;
  out.project = target.project;
  out.upstream = target.upstream;
  out.model = target.model;
  out.feature = target.feature;
  out.user = target.user;
  out.key = target.key;
  out.trace_id = target.trace_id;
  out.until = action.expires_at;
  out.reason = fmt::format("An operator's action{} holds until {}: {}",
                           action.runbook.empty() ? "" : " (" + action.runbook + " runbook)",
                           FormatTime(action.expires_at), action.words);
  return out;
}

// Fills in what the action does; the words for the log.
// `to_upstream`: of a reroute, by its name in the gateway.
absl::StatusOr<ActionEffect> Settle(const Action& action, std::string to_upstream, Override& out) {
  const ActionSettings& settings = action.settings;
  switch (action.kind) {
    case ActionKind::kReroute:
      out.reroute = PlanTarget{.upstream = std::move(to_upstream), .model = settings.to_model};
      out.share = settings.share;
      return ActionEffect{"as asked for", fmt::format("{:.0f} % of new runs go to {}",
                                                      settings.share * 100, settings.to_model)};
    case ActionKind::kTimeout:
      out.timeout = std::chrono::milliseconds(settings.timeout_ns / kNanosPerMilli);
      return ActionEffect{"the configured deadline",
                          fmt::format("a deadline of {} s, retries included",
                                      settings.timeout_ns / kNanosPerSecond)};
    case ActionKind::kCap: {
      std::string after;
      if (settings.output_tokens > 0) {
        out.output_tokens = settings.output_tokens;
        after = fmt::format("at most {} output tokens a call", settings.output_tokens);
      }
      if (settings.request_usd > 0) {
        out.call_cost = NanoUsd{static_cast<int64_t>(settings.request_usd * 1e9)};
        after +=
            fmt::format("{}at most {} USD a call", after.empty() ? "" : ", ", settings.request_usd);
      }
      return ActionEffect{"no cap of this kind", std::move(after)};
    }
    case ActionKind::kThrottle:
      out.calls_per_minute = settings.calls_per_minute;
      return ActionEffect{"no limit of this kind",
                          fmt::format("{} calls a minute", settings.calls_per_minute)};
    case ActionKind::kBlockTrace:
    case ActionKind::kDisableScope:
    case ActionKind::kDisableKey:
      out.block = true;
      return ActionEffect{"allowed", WhoseCalls(action.target) + " are refused"};
    case ActionKind::kAdvice:
    case ActionKind::kBreaker:
    case ActionKind::kEnd:
      break;
  }
  return InvalidArgument("the gateway cannot do \"{}\"", Name(action.kind));
}

}  // namespace

absl::StatusOr<ActionEffect> GatewayActuator::Apply(const Action& action, UnixNanos now) {
  const std::string upstream = gateway_.UpstreamOf(action.target.upstream);
  if (action.kind == ActionKind::kBreaker) {
    if (upstream.empty()) {
      return InvalidArgument("no upstream of the gateway answers for \"{}\"",
                             action.target.upstream);
    }
    if (!gateway_.OpenBreaker(upstream, action.target.model, action.expires_at, action.words)) {
      return InvalidArgument("breakers are switched off (gateway.breaker.enabled)");
    }
    return ActionEffect{
        "closed", fmt::format("the breaker of {} at {} is open", action.target.model, upstream)};
  }
  Override given = OverrideOf(action);
  const std::string& to = action.settings.to_upstream;
  ASSIGN_OR_RETURN(ActionEffect effect,
                   Settle(action, to.empty() ? "" : gateway_.UpstreamOf(to), given));
  RETURN_IF_ERROR(gateway_.overrides().Put(std::move(given), now));
  return effect;
}

absl::Status GatewayActuator::Revert(const Action& action, UnixNanos) {
  if (action.kind == ActionKind::kBreaker) {
    gateway_.CloseBreaker(gateway_.UpstreamOf(action.target.upstream), action.target.model);
    return absl::OkStatus();
  }
  gateway_.overrides().Remove(action.id);
  return absl::OkStatus();
}

}  // namespace pitot
