// GET and PUT /api/v1/budgets, GET, PUT and DELETE /api/v1/budgets/{budget_id}, POST
// /api/v1/budgets/{budget_id}/enable and /disable
#include "gateway/budget/budgets.h"

#include <boost/json.hpp>

#include "api/handlers.h"
#include "base/status.h"
#include "base/text.h"
#include "price/override.h"
#include "store/state.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr int kUsdDecimals = 9;

absl::StatusOr<Budgets*> BudgetsOf(const ApiCall& call) {
  if (call.context.deps.budgets != nullptr) return call.context.deps.budgets;
  return Error(absl::StatusCode::kNotFound, "this server runs no gateway, so it has no budgets");
}

std::string TimeJson(UnixNanos at) {
  return at == 0 ? "null" : fmt::format("\"{}\"", FormatTimeNanos(at));
}

std::string WhyJson(bool disabled, std::string_view why) {
  return disabled ? QuoteJson(why) : "null";
}

std::string CounterJson(const BudgetCounter& counter) {
  return fmt::format(
      "{{\"value\":{},\"limit_usd\":{},\"spent_usd\":{},\"reserved_usd\":{},\"leased_usd\":{},"
      "\"elsewhere_usd\":{},\"overshoot_usd\":{},\"calls\":{},\"in_flight\":{},\"refused\":{},"
      "\"window_start\":{},\"window_end\":{},\"disabled\":{},\"why\":{}}}",
      QuoteJson(counter.value), UsdText(counter.limit), UsdText(counter.spent),
      UsdText(counter.reserved), UsdText(counter.leased), UsdText(counter.elsewhere),
      UsdText(counter.overshoot), counter.calls, counter.in_flight, counter.refused,
      TimeJson(counter.window_start), TimeJson(counter.window_end), counter.disabled,
      WhyJson(counter.disabled, counter.why));
}

std::string BudgetJson(const BudgetState& state, const Caller& caller) {
  std::string out = BudgetToJson(state.spec);
  out.pop_back();
  out += fmt::format(
      ",\"disabled\":{},\"why\":{},\"spent_usd\":{},\"reserved_usd\":{},\"overshoot_usd\":{},"
      "\"refused\":{},\"counters_total\":{},\"counters_disabled\":{},\"counters\":[",
      state.disabled, WhyJson(state.disabled, state.why), UsdText(state.spent),
      UsdText(state.reserved), UsdText(state.overshoot), state.refused, state.counters,
      state.counters_disabled);
  // Names of users and sessions of other projects are not everybody's.
  const bool shown = caller.SeesAll() || !state.spec.project.empty() || !state.spec.each();
  for (size_t i = 0; shown && i < state.top.size(); ++i) {
    out += (i == 0 ? "" : ",") + CounterJson(state.top[i]);
  }
  return out + "]}";
}

// Whether a caller may know of a budget at all.
bool MaySee(const BudgetState& state, const Caller& caller) {
  return caller.SeesAll() || state.spec.project.empty() || state.spec.project == caller.Project();
}

std::string HealthJson(const BudgetsHealth& health) {
  const auto message = [](const absl::Status& status) {
    return status.ok() ? "null" : QuoteJson(Message(status));
  };
  return fmt::format("{{\"journal_error\":{},\"redis_error\":{},\"clock_behind_ms\":{}}}",
                     message(health.journal), message(health.redis),
                     health.clock_behind_ns / kNanosPerMilli);
}

absl::Status Audit(const ApiCall& call, std::string_view action, std::string_view id,
                   const std::string& what) {
  if (call.context.deps.state == nullptr) return absl::OkStatus();
  StateEvent event;
  event.kind = kAuditKind;
  event.id = fmt::format("budget-{:016x}", call.context.deps.ingest.NextReceiveTime());
  event.actor = call.Actor();
  event.body = fmt::format("{{\"action\":\"budget_{}\",\"budget\":{},\"what\":{}}}", action,
                           QuoteJson(id), what);
  return call.context.deps.state->Append(std::move(event)).status();
}

absl::StatusOr<std::string> ShowOne(const ApiCall& call, std::string_view id) {
  ASSIGN_OR_RETURN(const Budgets* budgets, BudgetsOf(call));
  ASSIGN_OR_RETURN(const uint32_t limit, ReadLimit(call));
  std::optional<std::string_view> counter;
  // An empty one is a counter too: of calls that name nobody.
  for (const auto& [name, value] : call.request.query) {
    if (name == "counter") counter = value;
  }
  ASSIGN_OR_RETURN(const BudgetState state, budgets->Show(id, limit, counter));
  if (!MaySee(state, call.caller)) {
    return Error(absl::StatusCode::kNotFound, "no budget has the id \"{}\"", id);
  }
  return BudgetJson(state, call.caller);
}

absl::StatusOr<std::string> ListAll(const ApiCall& call) {
  ASSIGN_OR_RETURN(const Budgets* budgets, BudgetsOf(call));
  std::string list;
  for (const BudgetState& state : budgets->List()) {
    if (!MaySee(state, call.caller)) continue;
    list += (list.empty() ? "\n" : ",\n") + BudgetJson(state, call.caller);
  }
  return fmt::format("{{\"budgets\":[{}],\"ledger\":{}}}", list, HealthJson(budgets->Health()));
}

absl::StatusOr<std::string> Put(const ApiCall& call, std::string_view id) {
  ASSIGN_OR_RETURN(Budgets * budgets, BudgetsOf(call));
  ASSIGN_OR_RETURN(BudgetSpec spec, BudgetFromJson(call.request.body, id));
  ASSIGN_OR_RETURN(spec, budgets->Set(std::move(spec), call.Actor()));
  RETURN_IF_ERROR(Audit(call, "set", spec.id, BudgetToJson(spec)));
  ASSIGN_OR_RETURN(const BudgetState state, budgets->Show(spec.id, 1));
  return BudgetJson(state, call.caller);
}

absl::StatusOr<std::string> Remove(const ApiCall& call) {
  ASSIGN_OR_RETURN(Budgets * budgets, BudgetsOf(call));
  RETURN_IF_ERROR(budgets->Remove(call.args[0], call.Actor()));
  RETURN_IF_ERROR(Audit(call, "removed", call.args[0], "null"));
  return fmt::format("{{\"removed\":{}}}", QuoteJson(call.args[0]));
}

// {"counter":"alice","reason":"runs wild"} or {"counter":"alice","extra_usd":5}; all optional.
struct SwitchBody {
  std::optional<std::string> counter;
  std::string reason;
  NanoUsd extra;
};

absl::StatusOr<SwitchBody> ReadSwitch(std::string_view body, bool enable) {
  SwitchBody out;
  if (TrimText(body).empty()) return out;
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) return InvalidArgument("the body must be a JSON object");
  for (const auto& [name, member] : value.get_object()) {
    const std::string_view key = name;
    if (member.is_null()) continue;
    if (key == "counter" && member.is_string()) {
      out.counter = std::string(member.get_string());
    } else if (!enable && key == "reason" && member.is_string()) {
      out.reason = member.get_string();
    } else if (enable && key == "extra_usd" && (member.is_number() || member.is_string())) {
      const std::string text = member.is_string()
                                   ? std::string(member.get_string())
                                   : fmt::format("{:.9f}", member.to_number<double>());
      const auto extra = ParseDecimal(text, kUsdDecimals, kBudgetLimitMax.value);
      if (!extra) {
        return InvalidArgument("extra_usd must be a number of dollars from 0 to {}",
                               UsdText(kBudgetLimitMax));
      }
      out.extra.value = *extra;
    } else {
      return InvalidArgument(
          "\"{}\" is not expected: the body may have {}", key,
          enable ? "counter (a text) and extra_usd (a number)" : "counter and reason (texts)");
    }
  }
  return out;
}

absl::StatusOr<std::string> Switch(const ApiCall& call, bool enable) {
  ASSIGN_OR_RETURN(Budgets * budgets, BudgetsOf(call));
  ASSIGN_OR_RETURN(const SwitchBody body, ReadSwitch(call.request.body, enable));
  const std::string& id = call.args[0];
  std::optional<std::string_view> counter;
  if (body.counter) counter = *body.counter;
  RETURN_IF_ERROR(enable ? budgets->Enable(id, counter, body.extra, call.Actor())
                         : budgets->Disable(id, counter, body.reason, call.Actor()));
  const std::string what = fmt::format("{{\"counter\":{},\"reason\":{},\"extra_usd\":{}}}",
                                       counter ? QuoteJson(*counter) : "null",
                                       QuoteJson(body.reason), UsdText(body.extra));
  RETURN_IF_ERROR(Audit(call, enable ? "enabled" : "disabled", id, what));
  ASSIGN_OR_RETURN(const BudgetState state, budgets->Show(id, 1, counter));
  return BudgetJson(state, call.caller);
}

}  // namespace

void GetBudgets(ApiCall call) { SendJson(call, ListAll(call)); }
void GetBudget(ApiCall call) { SendJson(call, ShowOne(call, call.args[0])); }
void PutBudgets(ApiCall call) { SendJson(call, Put(call, "")); }
void PutBudget(ApiCall call) { SendJson(call, Put(call, call.args[0])); }
void DeleteBudget(ApiCall call) { SendJson(call, Remove(call)); }
void PostEnableBudget(ApiCall call) { SendJson(call, Switch(call, true)); }
void PostDisableBudget(ApiCall call) { SendJson(call, Switch(call, false)); }

}  // namespace pitot
