// GET and POST /api/v1/keys, GET and DELETE /api/v1/keys/{key_id}, POST /api/v1/keys/{key_id}/rotate
#include <boost/json.hpp>

#include "api/handlers.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "gateway/budget/budgets.h"
#include "gateway/key_budget.h"
#include "gateway/keys/key_text.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr int64_t kGraceNanos = kNanosPerDay;
constexpr int64_t kGraceNanosMax = 90 * kNanosPerDay;

absl::StatusOr<KeyRing*> RingOf(const ApiCall& call) {
  if (call.context.deps.keys == nullptr) return Unavailable("this server keeps no keys");
  return call.context.deps.keys;
}

// {"grace":"24h"}; nothing at all is the default.
absl::StatusOr<int64_t> ReadGrace(std::string_view body) {
  if (TrimText(body).empty()) return kGraceNanos;
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) return InvalidArgument("the body must be a JSON object");
  int64_t grace_ns = kGraceNanos;
  for (const auto& [name, member] : value.get_object()) {
    if (std::string_view(name) != "grace" || !member.is_string()) {
      return InvalidArgument("the body must be {}", R"({"grace":"24h"})");
    }
    ASSIGN_OR_RETURN(grace_ns,
                     ParseDurationNs(std::string_view(member.get_string()), kNanosPerSecond));
  }
  if (grace_ns < 0 || grace_ns > kGraceNanosMax) {
    return InvalidArgument("grace is out of range: 0 to {} days", kGraceNanosMax / kNanosPerDay);
  }
  return grace_ns;
}

// An answer with a secret stays in no cache.
void SendSecret(ApiCall& call, const absl::StatusOr<NewKey>& made) {
  if (!made.ok()) return call.responder.Send(StatusResponse(made.status()));
  HttpResponse response = JsonResponse(
      200,
      fmt::format("{{\"key\":{},\"secret\":{}}}", KeyToJson(made->key), QuoteJson(made->secret)));
  response.headers.Set("Cache-Control", "no-store");
  call.responder.Send(std::move(response));
}

// What a key may spend is a budget of its own. It is made before anybody has the secret; a key that
// could not get it is taken back.
absl::Status GiveBudget(const ApiCall& call, const ApiKey& key) {
  Budgets* budgets = call.context.deps.budgets;
  if (!key.budget || budgets == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(BudgetSpec spec, BudgetOfKey(key));
  return budgets->Set(std::move(spec), call.Actor()).status();
}

void TakeBudget(const ApiCall& call, const ApiKey& key) {
  Budgets* budgets = call.context.deps.budgets;
  if (!key.budget || budgets == nullptr) return;
  const absl::Status removed = budgets->Remove(BudgetIdOfKey(key), call.Actor());
  if (!removed.ok() && !absl::IsNotFound(removed)) {
    LogWarning("keys: the budget of {} stays: {}", key.id, Message(removed));
  }
}

absl::StatusOr<NewKey> Create(const ApiCall& call) {
  ASSIGN_OR_RETURN(KeyRing * keys, RingOf(call));
  ASSIGN_OR_RETURN(KeyRequest request, ParseKeyRequest(call.request.body));
  if (request.expires_in_ns != 0) {
    request.spec.expires_ns = call.context.deps.clock.Now() + request.expires_in_ns;
  }
  ASSIGN_OR_RETURN(NewKey made, keys->Create(std::move(request.spec), call.Actor()));
  if (const absl::Status given = GiveBudget(call, made.key); !given.ok()) {
    RETURN_IF_ERROR(keys->Revoke(made.key.id, call.Actor()));
    return Annotate(given, "budget");
  }
  return made;
}

absl::StatusOr<NewKey> Rotate(const ApiCall& call) {
  ASSIGN_OR_RETURN(KeyRing * keys, RingOf(call));
  ASSIGN_OR_RETURN(const int64_t grace_ns, ReadGrace(call.request.body));
  return keys->Rotate(call.args[0], grace_ns, call.Actor());
}

absl::StatusOr<std::string> List(const ApiCall& call) {
  ASSIGN_OR_RETURN(const KeyRing* keys, RingOf(call));
  std::string list;
  for (const ApiKey& key : keys->List()) {
    list += fmt::format("{}{}", list.empty() ? "\n" : ",\n", KeyToJson(key));
  }
  return fmt::format("{{\"keys\":[{}]}}", list);
}

absl::StatusOr<std::string> Show(const ApiCall& call) {
  ASSIGN_OR_RETURN(const KeyRing* keys, RingOf(call));
  const std::optional<ApiKey> key = keys->Get(call.args[0]);
  if (key) return KeyToJson(*key);
  return Error(absl::StatusCode::kNotFound, "no key has the id \"{}\"", call.args[0]);
}

absl::StatusOr<std::string> Revoke(const ApiCall& call) {
  ASSIGN_OR_RETURN(KeyRing * keys, RingOf(call));
  const std::optional<ApiKey> key = keys->Get(call.args[0]);
  RETURN_IF_ERROR(keys->Revoke(call.args[0], call.Actor()));
  if (key) TakeBudget(call, *key);
  return fmt::format("{{\"revoked\":{}}}", QuoteJson(call.args[0]));
}

}  // namespace

void GetKeys(ApiCall call) { SendJson(call, List(call)); }
void GetKey(ApiCall call) { SendJson(call, Show(call)); }
void PostKey(ApiCall call) { SendSecret(call, Create(call)); }
void DeleteKey(ApiCall call) { SendJson(call, Revoke(call)); }
void PostRotateKey(ApiCall call) { SendSecret(call, Rotate(call)); }

}  // namespace pitot
