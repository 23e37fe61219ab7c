// What an operator, or a runbook, changed for a while: applied to one call.
#include <fmt/ranges.h>

#include <algorithm>

#include "base/status.h"
#include "gateway/attempt_body.h"
#include "gateway/call.h"
#include "gateway/charge.h"
#include "measure/glob.h"

namespace pitot {
namespace {

// A call with a history is in the middle of something, whether or not its beginning was seen here.
bool HasHistory(const WireRequest& request) {
  return std::ranges::any_of(request.messages, [](const WireMessage& message) {
    return message.role == "assistant" || message.role == "model";
  });
}

}  // namespace

// False: the call was refused.
bool GatewayCall::ApplyOverrides() {
  if (!has_run_ || asked_.reads_only) return true;
  const OverrideCall call{.project = who_.project,
                          .upstream = path_.upstream,
                          .provider = upstream_->provider(),
                          .model = wire_.model,
                          .feature = who_.feature,
                          .user = who_.user,
                          .key_id = who_.key_id,
                          .key_name = who_.key_name,
                          .trace = run_.trace_id,
                          .first_of_run = (run_.new_trace || run_.step == 1) && !HasHistory(wire_)};
  OverrideEffect effect = core_.overrides.For(call, start_ns_);
  if (!effect.any()) return true;
  Note("pitot.override", fmt::format("{}", fmt::join(effect.ids, ",")));
  if (effect.stop) {
    const bool later = effect.stop->retry_after.has_value();
    Refuse({.reason = later ? RefusalReason::kThrottled : RefusalReason::kStopped,
            .message = effect.stop->reason,
            .details = {{"override", QuoteJson(effect.stop->id)}},
            .retry_after = effect.stop->retry_after},
           later ? ErrorCategory::kRateLimit : ErrorCategory::kUnknown);
    return false;
  }
  if (effect.timeout) {
    deadlines_.total = std::min(deadlines_.total, *effect.timeout);
    deadlines_.first_byte = std::min(deadlines_.first_byte, *effect.timeout);
  }
  if (effect.output_tokens && (!wire_.max_tokens || *wire_.max_tokens > *effect.output_tokens)) {
    if (auto changed = WithOutputLimit(asked_.api, *body_, *effect.output_tokens)) {
      body_ = std::make_shared<const std::string>(*std::move(changed));
      wire_.max_tokens = effect.output_tokens;
    }
  }
  const bool allowed =
      effect.reroute && (key_ == nullptr || key_->models.empty() || effect.reroute->model.empty() ||
                         MatchesAnyGlob(key_->models, effect.reroute->model));
  if (allowed) {
    // What would have been asked stands in when the new target does not answer.
    std::vector<PlanTarget> others = std::move(plan_.equal);
    others.insert(others.end(), plan_.fallback.begin(), plan_.fallback.end());
    std::erase(others, *effect.reroute);
    plan_ = {.equal = {*std::move(effect.reroute)}, .fallback = std::move(others)};
  }
  if (!effect.call_cost) return true;
  // What has no known price, or no bound, passes: hard budgets refuse such calls, where they are wanted.
  const CallBound bound = Bound();
  if (!bound.worst || !bound.input_known || *bound.worst <= *effect.call_cost) return true;
  Refuse({.reason = RefusalReason::kCallCap,
          .message = fmt::format(
              "{} This call may cost up to {} USD; allowed are {}. Ask for fewer "
              "output tokens, or send less.",
              effect.call_cost_reason, UsdText(*bound.worst), UsdText(*effect.call_cost)),
          .details = {{"limit_usd", UsdText(*effect.call_cost)},
                      {"needed_usd", UsdText(*bound.worst)}}},
         ErrorCategory::kQuota);
  return false;
}

}  // namespace pitot
